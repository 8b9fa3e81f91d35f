"""A decision has the accounts that a person may choose from, and is unproven where the evidence proves none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("decisions", sa.Column("suggestions", sa.JSON))
    op.add_column("decisions", sa.Column("unproven", sa.Boolean))


def downgrade() -> None:
    op.drop_column("decisions", "unproven")
    op.drop_column("decisions", "suggestions")
