"""What comes in: since when Desk lacks a ticket, what we modified ourselves, hourly counts of changes and refusals.

And which installation this database is, with the marks of others that were seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("tickets", sa.Column("missing_at", INSTANT))
    op.add_column("tickets", sa.Column("written_at", INSTANT))
    op.create_table(
        "inflow",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("hour", INSTANT, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("portal", "hour", "what", name="pk_inflow"),
    )
    op.create_table(
        "installation",
        sa.Column("one", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("cleared_at", INSTANT),
        sa.Column("cleared_by", sa.String),
        sa.Column("cleared_why", sa.String),
        sa.PrimaryKeyConstraint("one", name="pk_installation"),
    )
    op.create_table(
        "installation_marks",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("installation", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("marked_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("portal", "installation", "ticket_id", name="pk_installation_marks"),
    )


def downgrade() -> None:
    for table in ("installation_marks", "installation", "inflow"):
        op.drop_table(table)
    op.drop_column("tickets", "written_at")
    op.drop_column("tickets", "missing_at")


def losses(connection: sa.Connection) -> Sequence[str]:
    known = connection.scalar(sa.text("SELECT count(*) FROM installation"))
    return ["the id of this installation: what it wrote counts as a person's then"] if known else []
