"""Where a database stood when it got its id: a copy of it is another installation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("installation", sa.Column("place", sa.String))


def downgrade() -> None:
    op.drop_column("installation", "place")
