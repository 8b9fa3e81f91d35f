"""Tickets that persons bound to accounts."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "ticket_bindings",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String),
        sa.Column("why", sa.String),
        sa.PrimaryKeyConstraint("portal", "ticket_id", name="pk_ticket_bindings"),
        sa.ForeignKeyConstraint(
            ["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"], name="fk_ticket_bindings_tickets"
        ),
    )


def downgrade() -> None:
    op.drop_table("ticket_bindings")


def losses(connection: sa.Connection) -> Sequence[str]:
    bound = connection.scalar(sa.text("SELECT count(*) FROM ticket_bindings"))
    return [f"{bound} tickets that persons bound to accounts: their texts decide again"] if bound else []
