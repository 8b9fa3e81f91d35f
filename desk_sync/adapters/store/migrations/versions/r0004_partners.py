"""Partners as read from Desk, and the open questions about a ticket that has a verdict."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "partners",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("partner", sa.JSON),
        sa.Column("refused", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("portal", "key", name="pk_partners"),
    )
    op.add_column("tickets", sa.Column("questions", sa.JSON))
    op.add_column("decisions", sa.Column("questions", sa.JSON))
