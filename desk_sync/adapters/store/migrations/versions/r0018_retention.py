"""What is kept of ended tickets, the facts that reports need of them, and indices in place of scans.

A ticket that ended before has these facts only after its next look.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

COLUMNS = (
    sa.Column("department_id", sa.String),
    sa.Column("region", sa.String),
    sa.Column("tier", sa.String),
    sa.Column("severity", sa.Integer),
    sa.Column("large", sa.Boolean),
    sa.Column("solved_at", sa.DateTime(timezone=True)),
    sa.Column("kept", sa.String, nullable=False, server_default="whole"),
    sa.Column("keys_deleted", sa.Boolean, nullable=False, server_default=sa.false()),
)
UNDECIDED = "(verdict = 'REVIEW' OR verdict = 'UNKNOWN' OR questions IS NOT NULL)"
ENDED_AT, SETTLED_AT = "coalesce(ended_at, looked_at)", "coalesce(sent_at, refused_at)"
AT_REST = "look_at IS NULL AND parked_at IS NULL AND step_at IS NULL"


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("tickets", column)
    op.create_table(
        "deletions",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("portal", "kind", name="pk_deletions"),
    )
    no, yes = ("0", "1") if op.get_bind().dialect.name == "sqlite" else ("false", "true")
    still_open = f"closed IS {no} AND ended_at IS NULL"
    op.drop_index("ix_tickets_account_id_portal_ticket_id", "tickets")
    unclosed = f"closed IS {no} AND (ended_at IS NULL OR looked_at IS NOT NULL)"
    _index("ix_tickets_unclosed", "tickets", ["account_id", "portal", "ticket_id"], unclosed)
    _index("ix_tickets_leased", "tickets", ["portal", "ticket_id"], "lease_until IS NOT NULL")
    _index("ix_tickets_verdict", "tickets", ["portal", "verdict"], still_open)
    _index("ix_tickets_undecided", "tickets", ["portal", "looked_at"], f"{still_open} AND {UNDECIDED}")
    _index("ix_tickets_parked", "tickets", ["portal", "parked_at"], "parked_at IS NOT NULL AND dropped_at IS NULL")
    ended = f"(closed IS {yes} OR ended_at IS NOT NULL) AND {AT_REST}"
    _index("ix_tickets_at_rest", "tickets", ["portal", "kept", sa.text(ENDED_AT)], ended)
    _index("ix_notices_undelivered", "notices", ["portal", "refused_at"], "unheard > 0")
    _index("ix_notices_settled", "notices", ["portal", sa.text(SETTLED_AT)], f"{SETTLED_AT} IS NOT NULL")


def _index(name: str, table: str, columns: list[str | sa.TextClause], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
