"""A pull is one run with a fencing token: whose the turn is, what the run has read, and how large snapshots were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from desk_sync.adapters.store.columns import InstantColumn

revision = "0027"
down_revision = "0026"


def _added() -> Iterator[tuple[str, sa.Column[Any]]]:
    """Yield the new columns, with their tables."""
    for table in ("sources", "pages"):
        yield table, _number("run")
        yield table, sa.Column("problems", sa.JSON)
    for name in ("turn", "flawed"):
        yield "sources", _number(name)
    for name in ("held_by", "waiting"):
        yield "sources", sa.Column(name, sa.String)
    for name in ("begun_at", "worked_at"):
        yield "sources", sa.Column(name, InstantColumn)
    for name in ("progress", "remarks", "spent"):
        yield "sources", sa.Column(name, sa.JSON)
    yield "pages", sa.Column("before", sa.String, nullable=False, server_default=sa.text("''"))
    yield "pages", sa.Column("rows", sa.JSON)
    yield "snapshots", sa.Column("ruler", sa.String)
    yield "snapshots", sa.Column("current_at", InstantColumn)
    yield "snapshots", sa.Column("run", sa.Integer)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))


def upgrade() -> None:
    for table, column in _added():
        op.add_column(table, column)
    _forget()


def downgrade() -> None:
    _forget()
    for table, column in reversed(list(_added())):
        op.drop_column(table, column.name)


def _forget() -> None:
    """Delete what a pull of another version has read, and the units, which were not kept by kind."""
    op.execute("DELETE FROM pages")
    op.execute("UPDATE sources SET units = NULL, units_at = NULL")
