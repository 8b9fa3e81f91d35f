"""A portal has the agents whose token was used before, and when a person asked for our traces in Desk."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("portals", sa.Column("former_agents", sa.JSON))
    op.add_column("portals", sa.Column("traces_wanted_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("portals", "traces_wanted_at")
    op.drop_column("portals", "former_agents")


def losses(connection: sa.Connection) -> Sequence[str]:
    known = connection.scalar(sa.text("SELECT count(*) FROM portals WHERE former_agents IS NOT NULL"))
    return [f"the former agents of {known} portals: what they wrote counts as a person's then"] if known else []
