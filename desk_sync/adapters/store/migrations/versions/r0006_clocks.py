"""The commitment's clocks: promises, the states of clocks, and Desk's types of statuses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INSTANT = sa.DateTime(timezone=True)
_COMING = sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "statuses",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("portal", "name", name="pk_statuses"),
    )
    op.create_table(
        "promises",
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("promise", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_promises"),
    )
    op.create_table(
        "clocks",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("milestone", sa.String, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        *(sa.Column(name, _INSTANT) for name in ("target_at", "due_at", "met_at", "ended_at", "next_at")),
        sa.PrimaryKeyConstraint("portal", "ticket_id", "milestone", "round", name="pk_clocks"),
        sa.ForeignKeyConstraint(
            ["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"], name="fk_clocks_tickets"
        ),
    )
    op.create_index(
        "ix_clocks_portal_next_at",
        "clocks",
        ["portal", "next_at"],
        sqlite_where=_COMING,
        postgresql_where=_COMING,
    )
