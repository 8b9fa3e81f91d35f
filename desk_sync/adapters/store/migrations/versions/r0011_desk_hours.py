"""Business hours as read from Desk, for mappings that take a calendar from there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "desk_hours",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("named", sa.String, nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calendar", sa.JSON),
        sa.Column("since", sa.DateTime(timezone=True)),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.String),
        sa.PrimaryKeyConstraint("portal", "named", name="pk_desk_hours"),
    )
