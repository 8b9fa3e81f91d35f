"""Where a database stood when it got its id, and the mapping by which each portal was last decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("installation", sa.Column("place", sa.String))
    op.add_column("portals", sa.Column("policy_version", sa.String))


def downgrade() -> None:
    op.drop_column("portals", "policy_version")
    op.drop_column("installation", "place")
