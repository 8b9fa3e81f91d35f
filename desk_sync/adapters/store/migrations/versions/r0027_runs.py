"""A pull is one run with a fencing token: whose the turn is, what the run has read, and how large snapshots were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from desk_sync.adapters.store.columns import InstantColumn

revision = "0027"
down_revision = "0024"

_SOURCES = (
    sa.Column("turn", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("held_by", sa.String),
    sa.Column("run", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("begun_at", InstantColumn),
    sa.Column("worked_at", InstantColumn),
    sa.Column("progress", sa.JSON),
    sa.Column("waiting", sa.String),
    sa.Column("flawed", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("problems", sa.JSON),
    sa.Column("remarks", sa.JSON),
    sa.Column("spent", sa.JSON),
)
_PAGES = (
    sa.Column("run", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("before", sa.String, nullable=False, server_default=sa.text("''")),
    sa.Column("rows", sa.JSON),
    sa.Column("problems", sa.JSON),
)
_SNAPSHOTS = (
    sa.Column("ruler", sa.String),
    sa.Column("current_at", InstantColumn),
    sa.Column("run", sa.Integer),
)
_ADDED = (("sources", _SOURCES), ("pages", _PAGES), ("snapshots", _SNAPSHOTS))


def upgrade() -> None:
    for table, columns in _ADDED:
        for column in columns:
            op.add_column(table, column.copy())
    # Pages of an older version belong to no run; units were not kept by kind.
    op.execute("DELETE FROM pages")
    op.execute("UPDATE sources SET units = NULL, units_at = NULL")


def downgrade() -> None:
    op.execute("DELETE FROM pages")
    op.execute("UPDATE sources SET units = NULL, units_at = NULL")
    for table, columns in reversed(_ADDED):
        for column in reversed(columns):
            op.drop_column(table, column.name)
