"""Whose failure parked a ticket, when its last look failed, a refusal of the credentials, and failed tasks.

An event names the thread or comment that it is about; of events that are stored already it is not known.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("failed_at", sa.DateTime(timezone=True)))
    op.add_column("tickets", sa.Column("parked_by", sa.String))
    by_portal = sa.text("parked_by = 'portal'")
    op.create_index(
        "ix_tickets_parked_by_portal",
        "tickets",
        ["portal", "parked_at"],
        sqlite_where=by_portal,
        postgresql_where=by_portal,
    )
    op.add_column("portals", sa.Column("token_refusal", sa.String))
    op.add_column("deliveries", sa.Column("item", sa.String))
    op.add_column("deliveries", sa.Column("item_id", sa.String))
    op.create_table(
        "task_failures",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("portal", "task", name="pk_task_failures"),
    )
