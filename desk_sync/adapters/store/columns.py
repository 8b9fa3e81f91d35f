"""The kinds of columns that the tables share, and the names of their constraints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    TypeDecorator,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class InstantColumn(TypeDecorator[datetime]):
    """An aware datetime, to the microsecond, always UTC when read. SQLite keeps it as text that sorts by time (L10)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class LaterInstant(FunctionElement[datetime]):
    """An instant of a column, later by a span, for comparisons: in SQLite it is only exact to the millisecond."""

    type = InstantColumn()
    inherit_cache = False

    def __init__(self, instant: ColumnElement[Any], by: timedelta) -> None:
        super().__init__(instant)
        self.seconds = by.total_seconds()


@compiles(LaterInstant, "sqlite")
def _later_in_sqlite(element: LaterInstant, compiler: Any, **given: Any) -> str:
    instant = compiler.process(element.clauses, **given)
    return f"strftime('%Y-%m-%d %H:%M:%f', {instant}, '{element.seconds:+.3f} seconds')"


@compiles(LaterInstant, "postgresql")
def _later_in_postgresql(element: LaterInstant, compiler: Any, **given: Any) -> str:
    return f"({compiler.process(element.clauses, **given)} + interval '{element.seconds:.3f} seconds')"


def number_column() -> Column[int]:
    """Return an id column that the database counts up, in the order of insertion."""
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
