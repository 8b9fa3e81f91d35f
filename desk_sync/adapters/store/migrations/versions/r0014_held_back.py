"""Fields that Desk does not accept: held back for single tickets, and for a whole department of a portal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "held_back",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("department_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("try_again_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("portal", "ticket_id", "field", name="pk_held_back"),
    )
    op.create_table(
        "held_back_everywhere",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("department_id", sa.String, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.Column("mapping", sa.String, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("try_again_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("portal", "department_id", "field", name="pk_held_back_everywhere"),
    )
