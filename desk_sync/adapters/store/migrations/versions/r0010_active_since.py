"""The instant from which events in a portal start escalations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("portals", sa.Column("active_since", sa.DateTime(timezone=True)))
