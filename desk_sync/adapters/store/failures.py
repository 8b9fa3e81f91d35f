"""How often each task of the worker ended with an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.tables import task_failures
from desk_sync.adapters.store.values import insert

_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class SqlFailures:
    """The counts of all tasks, over all portals."""

    engine: Engine

    def count(self, portal: str, task: str, error: str, *, now: datetime) -> None:
        last = {"failed_at": now, "error": error[:_LONGEST_ERROR]}
        with writing(self.engine) as connection:
            statement = insert(connection, task_failures).values(portal=portal, task=task, failures=1, **last)
            more = {"failures": task_failures.c.failures + 1, **last}
            connection.execute(statement.on_conflict_do_update(index_elements=["portal", "task"], set_=more))

    def totals(self) -> Mapping[tuple[str, str], int]:
        counted = select(task_failures.c.portal, task_failures.c.task, task_failures.c.failures)
        with reading(self.engine) as connection:
            return {(row.portal, row.task): row.failures for row in connection.execute(counted)}
