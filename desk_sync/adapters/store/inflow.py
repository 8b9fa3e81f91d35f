"""Hourly counts of what comes in. A handful of rows an hour, of which those of the last days are kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection, Engine, delete, exists, or_, select

from desk_sync.adapters.store import inflow_tables
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.tables import BY_DESK, deliveries
from desk_sync.adapters.store.values import insert
from desk_sync.errors import DeliveryFault
from desk_sync.ports.inflow import InflowHour

CHANGES, MISSED = "changes", "missed"
KEPT = timedelta(days=3)

HourlyCounts: TypeAlias = Mapping[tuple[datetime, str], int]
"""Counts by the beginning of their hour, and by what was counted."""

_COUNTS = inflow_tables.inflow


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour."""
    return at.replace(minute=0, second=0, microsecond=0)


def by_hour(what: str, instants: Iterable[datetime]) -> HourlyCounts:
    """Return how many of the instants are in each hour."""
    return Counter((hour_of(each), what) for each in instants)


def add(connection: Connection, portal: str, counts: HourlyCounts, *, now: datetime) -> None:
    """Add to the counts, and delete those of long ago."""
    rows = [
        {"portal": portal, "hour": hour, "what": what, "count": count} for (hour, what), count in sorted(counts.items())
    ]
    if not rows:
        return
    new = insert(connection, _COUNTS)
    more = {"count": _COUNTS.c["count"] + new.excluded["count"]}
    connection.execute(new.on_conflict_do_update(index_elements=["portal", "hour", "what"], set_=more), rows)
    connection.execute(delete(_COUNTS).where(_COUNTS.c.portal == portal, _COUNTS.c.hour < now - KEPT))


@dataclass(frozen=True, slots=True)
class SqlInflow:
    """One portal's inflow."""

    engine: Engine
    portal: str

    def refuse(self, counts: Mapping[DeliveryFault, int], *, now: datetime) -> None:
        with writing(self.engine) as connection:
            add(connection, self.portal, {(hour_of(now), str(fault)): n for fault, n in counts.items()}, now=now)

    def hours(self, since: datetime) -> Sequence[InflowHour]:
        counted = select(_COUNTS).where(_COUNTS.c.portal == self.portal, _COUNTS.c.hour >= since)
        found: dict[datetime, dict[str, int]] = defaultdict(dict)
        with reading(self.engine) as connection:
            for row in connection.execute(counted.order_by(_COUNTS.c.hour)).mappings():
                found[row["hour"]][row["what"]] = row["count"]
        return [_hour(at, counts) for at, counts in found.items()]

    def delivered_since(self, at: datetime) -> bool:
        """Both conditions are found by their indexes: an event is processed after it was received."""
        own, recent = (deliveries.c.portal == self.portal) & BY_DESK, deliveries.c.received_at >= at
        done = exists().where(own, deliveries.c.processed_at >= at, recent)
        waiting = exists().where(own, deliveries.c.processed_at.is_(None), recent)
        with reading(self.engine) as connection:
            return bool(connection.scalar(select(or_(done, waiting))))


def _hour(at: datetime, counts: Mapping[str, int]) -> InflowHour:
    refused = {fault: counts[fault] for fault in DeliveryFault if fault in counts}
    return InflowHour(at=at, changes=counts.get(CHANGES, 0), missed=counts.get(MISSED, 0), refused=refused)
