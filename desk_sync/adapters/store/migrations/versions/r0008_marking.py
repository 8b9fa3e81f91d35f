"""The snapshots whose tickets are not all marked yet, and an index that finds these tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("snapshots", sa.Column("marking_until", sa.DateTime(timezone=True)))
    op.add_column("snapshots", sa.Column("replaces", sa.Integer))
    op.drop_index("ix_tickets_portal_account_id", "tickets")
    op.create_index("ix_tickets_account_id_portal_ticket_id", "tickets", ["account_id", "portal", "ticket_id"])
