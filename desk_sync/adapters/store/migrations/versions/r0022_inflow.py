"""What comes in: since when Desk lacks a ticket, what we modified ourselves, hourly counts of changes and refusals.

And which installation this database is, with the marks of others that were seen.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0017"

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
