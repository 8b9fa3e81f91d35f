"""Decisions of persons: identifiers bound to accounts, and dismissed tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "dismissals",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("gist", sa.String, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", sa.String),
        sa.Column("why", sa.String),
        sa.PrimaryKeyConstraint("portal", "ticket_id", name="pk_dismissals"),
        sa.ForeignKeyConstraint(
            ["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"], name="fk_dismissals_tickets"
        ),
    )
    op.create_table(
        "bindings",
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", sa.String),
        sa.Column("why", sa.String),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_bindings"),
    )
