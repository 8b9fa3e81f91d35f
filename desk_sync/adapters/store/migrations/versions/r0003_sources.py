"""Pulls that resume, stored answers of live sources, and the units of plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("units", sa.JSON),
        sa.Column("units_at", _INSTANT),
        sa.Column("asked", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("minute_at", _INSTANT),
    ):
        op.add_column("sources", column)
    op.create_table(
        "pages",
        sa.Column("source", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("accounts", sa.JSON, nullable=False),
        sa.Column("after", sa.String, nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("source", "number", name="pk_pages"),
    )
    op.create_table(
        "answers",
        sa.Column("source", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("accounts", sa.JSON, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("good_until", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "value", name="pk_answers"),
    )
