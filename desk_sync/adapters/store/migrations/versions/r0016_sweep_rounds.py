"""The progress of each kind of sweep: how far it has come, its turn, and how often it failed in a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sweep_rounds",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("which", sa.String, nullable=False),
        sa.Column("turn_until", INSTANT),
        sa.Column("reached", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("error", sa.String),
        sa.PrimaryKeyConstraint("portal", "which", name="pk_sweep_rounds"),
    )
    op.drop_column("sweeps", "recent_turn_until")
    op.drop_column("sweeps", "full_turn_until")
