"""How far the host's clock is behind Desk's, by the dates of its answers; an index of open tickets without a look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_OPEN = sa.column("closed", sa.Boolean).is_(False) & sa.column("ended_at").is_(None)
WITHOUT = sa.column("look_at").is_(None) & sa.column("looked_at").is_not(None) & _OPEN


def upgrade() -> None:
    op.add_column("portals", sa.Column("clock_behind", sa.Float))
    op.add_column("portals", sa.Column("clock_read_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_tickets_without_look", "tickets", ["portal", "ticket_id"], sqlite_where=WITHOUT, postgresql_where=WITHOUT
    )


def downgrade() -> None:
    op.drop_index("ix_tickets_without_look", "tickets")
    op.drop_column("portals", "clock_read_at")
    op.drop_column("portals", "clock_behind")
