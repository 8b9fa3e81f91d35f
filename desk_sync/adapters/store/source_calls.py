"""Between two calls to a source: the units of its plans, which are read once a day, and the calls of its last day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.subscription_tables import sources
from desk_sync.adapters.store.values import insert
from desk_sync.errors import AllowanceSpent
from desk_sync.ports.now import Now

UNITS_FOR = timedelta(days=1)
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SqlUnits:
    """The units of one source's plans and add-ons."""

    engine: Engine
    source: str
    now: Now

    def read(self) -> Mapping[str, str] | None:
        query = select(sources.c.units).where(
            sources.c.name == self.source, sources.c.units_at > self.now() - UNITS_FOR
        )
        with reading(self.engine) as connection:
            units: Mapping[str, str] | None = connection.scalar(query)
        return units

    def save(self, units: Mapping[str, str]) -> None:
        with writing(self.engine) as connection:
            connection.execute(insert(connection, sources).values(name=self.source).on_conflict_do_nothing())
            facts = {"units": dict(units), "units_at": self.now()}
            connection.execute(update(sources).where(sources.c.name == self.source).values(facts))


@dataclass(frozen=True, slots=True)
class SqlCallMeter:
    """The calls of all processes to one source, by the hour: of any 24 hours, whatever day the source counts."""

    engine: Engine
    source: str
    now: Now

    def spend(self, most: int) -> None:
        """Count one call. Raises AllowanceSpent if `most` were made within a day, with when the next one is allowed."""
        now = self.now()
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        with writing(self.engine) as connection:
            connection.execute(insert(connection, sources).values(name=self.source).on_conflict_do_nothing())
            own = sources.c.name == self.source
            stored = connection.scalar(select(sources.c.spent).where(own).with_for_update()) or {}
            by_hour = {datetime.fromisoformat(each): number for each, number in stored.items()}
            lately = {each: number for each, number in by_hour.items() if hour - _DAY <= each <= hour}
            if sum(lately.values()) >= most:
                again_at = min(lately, default=hour) + _DAY + _HOUR
                raise AllowanceSpent(f"{most:,} calls a day are allowed", retry_after=again_at - now)
            lately[hour] = lately.get(hour, 0) + 1
            spent = {each.isoformat(): number for each, number in lately.items()}
            connection.execute(update(sources).where(own).values(spent=spent))
