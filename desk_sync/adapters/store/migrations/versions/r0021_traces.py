"""A portal has the agents whose token was used before, and when a person asked for our traces in Desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("portals", sa.Column("former_agents", sa.JSON))
    op.add_column("portals", sa.Column("traces_wanted_at", sa.DateTime(timezone=True)))
