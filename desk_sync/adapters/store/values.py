"""Values of the domain as JSON and as rows. In stored JSON unknown keys are ignored, absent ones take the default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from desk_sync.domain.account.subscription import Account
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.promise import Promise
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.event import Event

Insert: TypeAlias = sqlite.Insert | postgresql.Insert
Item = TypeVar("Item")

# Writing this many rows blocks other writers on SQLite for a few milliseconds only.
CHUNK = 500

# The clocks of two hosts differ by less. An instant that is further ahead than this was recorded before a clock was put
# back, and is not waited for.
MAX_CLOCK_SKEW = timedelta(minutes=1)

DIALECTS = ("sqlite", "postgresql")

ACCOUNT = TypeAdapter(Account)
EVENT = TypeAdapter(Event)
HISTORY = TypeAdapter(History)
MEMORY = TypeAdapter(Memory)
PROMISE = TypeAdapter(Promise)


def columns_of(table: Table, value: type) -> Sequence[Column[Any]]:
    """Return the columns that hold the fields of a dataclass, under the same names."""
    return [table.c[each.name] for each in fields(value)]


def insert(connection: Connection, table: Table) -> Insert:
    """Return an INSERT that supports ON CONFLICT, in the database's dialect."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: Table) -> Insert:
    """Return the same for a named dialect, for statements that are built once."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def stored_memory(memory: Memory) -> dict[str, Any]:
    """Return the memory as it is stored; in its longest part, the history, values are left out that are the default."""
    document: dict[str, Any] = MEMORY.dump_python(memory, mode="json")
    if memory.clocks.inputs:
        history = HISTORY.dump_python(memory.clocks.inputs.history, mode="json", exclude_defaults=True)
        document["clocks"]["inputs"]["history"] = history
    return document


def memory_of(stored: dict[str, Any] | None) -> Memory:
    """Return the stored memory; an empty one for a ticket without a look."""
    return MEMORY.validate_python(stored or {})


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """Yield the items in order, `size` at a time; the last chunk may be shorter."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
