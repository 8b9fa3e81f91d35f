"""Many rows in one statement, sent to the database as one JSON text, which costs much less than parameters.

The parameter `rows` takes a sequence of mappings from column names to values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson
from sqlalchemy import JSON, Column, Dialect, Select, Text, TypeDecorator, bindparam, cast, column, func, select, true

Columns: TypeAlias = Sequence[Column[Any]]

_WITHOUT_ZONE = len("2026-07-17 14:02:41.000000")


def given_rows(dialect: str, columns: Columns) -> Select[Any]:
    """Return a SELECT of these columns of the parameter `rows`, in its order."""
    return _ROWS[dialect](columns)


def _rows_on_sqlite(columns: Columns) -> Select[Any]:
    """Return the SELECT; without the WHERE, SQLite would parse ON CONFLICT as the ON of a join."""
    row = func.json_each(bindparam("rows", type_=_JsonRows)).table_valued("value")
    shown = (func.json_extract(row.c.value, f"$.{each.name}", type_=each.type).label(each.name) for each in columns)
    return select(*shown).where(true())


def _rows_on_postgresql(columns: Columns) -> Select[Any]:
    described: Any = [column(each.name, each.type) for each in columns]
    record = func.json_to_recordset(cast(bindparam("rows", type_=_JsonRows), JSON)).table_valued(*described)
    row = record.render_derived(name="given", with_types=True)
    return select(*(row.c[each.name] for each in columns))


_ROWS: Mapping[str, Callable[[Columns], Select[Any]]] = {
    "sqlite": _rows_on_sqlite,
    "postgresql": _rows_on_postgresql,
}


class _JsonRows(TypeDecorator[Sequence[Mapping[str, object]]]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Mapping[str, object]] | None, dialect: Dialect) -> str:
        default = _FORMATS[dialect.name]
        try:
            return orjson.dumps(value, default=default, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
        except TypeError as error:
            raise error.__cause__ or error from None


def _format_instant(value: object) -> str:
    """Return an instant in SQLite's stored format (`columns.InstantColumn`)."""
    if not isinstance(value, datetime):
        raise TypeError(f"a row cannot hold a value of type {type(value).__name__}")
    if value.tzinfo is None:
        raise ValueError("a naive datetime is not an instant")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:_WITHOUT_ZONE]


_FORMATS: Mapping[str, Callable[[object], str]] = {
    "sqlite": _format_instant,
    "postgresql": lambda value: f"{_format_instant(value)}+00",
}
