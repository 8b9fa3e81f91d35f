"""The turns to pull the sources of subscription data, and the state of the pulls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, or_, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.subscription_tables import sources
from desk_sync.adapters.store.values import MAX_CLOCK_SKEW, columns_of, insert
from desk_sync.ports.subscriptions import PullState


@dataclass(frozen=True, slots=True)
class SqlPulls:
    """The pulls of the whole installation: all portals share the sources."""

    engine: Engine

    def acquire(self, source: str, *, now: datetime, until: datetime, every: timedelta) -> bool:
        """Take the turn. A turn or a due time too far ahead was recorded before the clock was put back, and is void."""
        turn, due_at = sources.c.turn_until, sources.c.due_at
        free = or_(turn.is_(None), turn <= now, turn > until + MAX_CLOCK_SKEW)
        due = or_(due_at.is_(None), due_at <= now, due_at > now + every + MAX_CLOCK_SKEW)
        taken = update(sources).where(sources.c.name == source, free, due).values(turn_until=until)
        with writing(self.engine) as connection:
            connection.execute(insert(connection, sources).values(name=source).on_conflict_do_nothing())
            return connection.execute(taken).rowcount == 1

    def hold(self, source: str, *, until: datetime) -> None:
        self._record(source, turn_until=until)

    def succeeded(self, source: str, *, now: datetime, due_at: datetime) -> None:
        self._record(source, turn_until=None, due_at=due_at, pulled_at=now, failing_since=None, error=None)

    def failed(self, source: str, error: str, *, now: datetime, due_at: datetime) -> PullState:
        since = func.coalesce(sources.c.failing_since, now)
        self._record(source, turn_until=None, due_at=due_at, failing_since=since, error=error)
        return self.states()[source]

    def states(self) -> Mapping[str, PullState]:
        with reading(self.engine) as connection:
            rows = connection.execute(select(sources.c.name, *columns_of(sources, PullState))).mappings().all()
        return {row["name"]: PullState(**{key: row[key] for key in row if key != "name"}) for row in rows}

    def _record(self, source: str, **facts: object) -> None:
        with writing(self.engine) as connection:
            connection.execute(insert(connection, sources).values(name=source).on_conflict_do_nothing())
            connection.execute(update(sources).where(sources.c.name == source).values(facts))
