"""Messages and notices to people outside Desk; the traits by which related tickets are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "messages",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("about", sa.String, nullable=False),
        sa.Column("line", sa.String, nullable=False),
        sa.Column("otherwise", sa.JSON, nullable=False),
        sa.Column("notice", sa.String),
        sa.PrimaryKeyConstraint("portal", "ticket_id", "topic", "channel", "address", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"], name="fk_messages_tickets"
        ),
    )
    op.create_index("ix_messages_portal_notice", "messages", ["portal", "notice"])
    op.create_table(
        "notices",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("leased_until", instant),
        sa.Column("sent_at", instant),
        sa.Column("refused_at", instant),
        sa.Column("error", sa.String),
        sa.Column("unheard", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("portal", "key", name="pk_notices"),
    )
    for name in ("number", "product", "partner"):
        op.add_column("tickets", sa.Column(name, sa.String))
    for name in ("severe_at", "howto_at", "step_at"):
        op.add_column("tickets", sa.Column(name, instant))
        set_ = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_tickets_{name}", "tickets", ["portal", name], sqlite_where=set_, postgresql_where=set_)
    owed = sa.text("sent_at IS NULL AND refused_at IS NULL")
    op.create_index("ix_notices_owed", "notices", ["portal", "due_at"], sqlite_where=owed, postgresql_where=owed)
