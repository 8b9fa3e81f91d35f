"""Many rows in one statement: they go to the database as one JSON text, which costs much less than parameters do.

The parameter `rows` takes a sequence of mappings from the names of columns to their values.
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
    """Those columns of the parameter `rows`, in its order."""
    return _GIVEN[dialect](columns)


def _given_to_sqlite(columns: Columns) -> Select[Any]:
    """Without its WHERE, SQLite takes ON CONFLICT for a join's ON."""
    row = func.json_each(bindparam("rows", type_=_Packed)).table_valued("value")
    shown = (func.json_extract(row.c.value, f"$.{each.name}", type_=each.type).label(each.name) for each in columns)
    return select(*shown).where(true())


def _given_to_postgresql(columns: Columns) -> Select[Any]:
    described: Any = [column(each.name, each.type) for each in columns]
    record = func.json_to_recordset(cast(bindparam("rows", type_=_Packed), JSON)).table_valued(*described)
    row = record.render_derived(name="given", with_types=True)
    return select(*(row.c[each.name] for each in columns))


_GIVEN: Mapping[str, Callable[[Columns], Select[Any]]] = {
    "sqlite": _given_to_sqlite,
    "postgresql": _given_to_postgresql,
}


class _Packed(TypeDecorator[Sequence[Mapping[str, object]]]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Mapping[str, object]] | None, dialect: Dialect) -> str:
        spell = _SPELLINGS[dialect.name]
        try:
            return orjson.dumps(value, default=spell, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
        except TypeError as error:
            raise error.__cause__ or error from None


def _spell(value: object) -> str:
    """An instant as SQLite keeps it (`tables.Instant`)."""
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no place in a row")
    if value.tzinfo is None:
        raise ValueError("a naive datetime is no instant")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:_WITHOUT_ZONE]


_SPELLINGS: Mapping[str, Callable[[object], str]] = {
    "sqlite": _spell,
    "postgresql": lambda value: f"{_spell(value)}+00",
}
