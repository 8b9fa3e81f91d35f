"""Deliveries, committed before Desk gets its 200 (L1). An event is identified by portal and key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from operator import attrgetter

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.sql.dml import ReturningInsert

from desk_sync.adapters.store.bulk import given_rows
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import mark
from desk_sync.adapters.store.tables import deliveries, tickets
from desk_sync.adapters.store.values import columns_of, insert_for
from desk_sync.domain.ticket.event import Event
from desk_sync.ports.tickets import RecordedDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """How many events are stored, and how many of them are processed."""

    stored: int
    processed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """The events of one POST to a portal's webhook address, and the instant of its arrival."""

    portal: str
    events: Sequence[Event]
    at: datetime


def record_all(engine: Engine, taken: Sequence[DeliveryRow]) -> Sequence[RecordedDelivery]:
    """Store each event once and mark its ticket "look now", all in one transaction, or nothing.

    Returns the counts of each delivery, in order; an event in two of them is new in the first and known in the second.
    """
    rows: dict[tuple[str, str], tuple[int, dict[str, object]]] = {}
    for place, delivery in enumerate(taken):
        for event in delivery.events:
            rows.setdefault((delivery.portal, event.key), (place, _row(event, delivery)))
    stored: Counter[int] = Counter()
    if rows:
        # Sorted by key: otherwise two writers could deadlock.
        with writing(engine) as connection:
            new = _store(connection, [row for _, (_, row) in sorted(rows.items())])
            for portal in sorted({row.portal for row in new}):
                since = min(delivery.at for delivery in taken if delivery.portal == portal)
                mark(connection, portal, (row.ticket_id for row in new if row.portal == portal), now=since)
        stored.update(rows[row.portal, row.key][0] for row in new)
    return [
        RecordedDelivery(stored=stored[place], known=len(delivery.events) - stored[place])
        for place, delivery in enumerate(taken)
    ]


def _store(connection: Connection, rows: Sequence[Mapping[str, object]]) -> Sequence[Row[str, str, str]]:
    """Store the events; return portal, key and ticket of the new ones."""
    return connection.execute(_storing(connection.dialect.name), {"rows": rows}).all()


@cache
def _storing(dialect: str) -> ReturningInsert[str, str, str]:
    """Return the statement, cached: to build it takes longer than to run it.

    An event of a dropped ticket is processed as soon as it is stored.
    """
    new = (deliveries.c.portal, deliveries.c.key, deliveries.c.ticket_id)
    given = given_rows(dialect, _GIVEN)
    columns = given.selected_columns
    its_ticket = (tickets.c.portal == columns.portal) & (tickets.c.ticket_id == columns.ticket_id)
    done_at = select(columns.received_at).where(its_ticket, tickets.c.dropped_at.is_not(None))
    rows = given.add_columns(done_at.scalar_subquery())
    statement = insert_for(dialect, deliveries).from_select([*columns.keys(), "processed_at"], rows)
    return statement.on_conflict_do_nothing().returning(*new)


_GIVEN = (*columns_of(deliveries, Event), deliveries.c.portal, deliveries.c.received_at)


@dataclass(frozen=True, slots=True)
class SqlInbox:
    """One portal's deliveries."""

    engine: Engine
    portal: str

    def record(self, events: Sequence[Event], *, now: datetime) -> RecordedDelivery:
        """Record one delivery at once, in its own transaction."""
        (recorded,) = record_all(self.engine, [DeliveryRow(portal=self.portal, events=events, at=now)])
        return recorded

    def counts(self) -> EventCounts:
        """Return how many of the portal's events are stored and processed."""
        stored = select(func.count(), func.count(deliveries.c.processed_at)).where(deliveries.c.portal == self.portal)
        with reading(self.engine) as connection:
            total, processed = connection.execute(stored).one()
        return EventCounts(stored=total, processed=processed)


def _row(event: Event, delivery: DeliveryRow) -> dict[str, object]:
    values = dict(zip(_NAMES, _VALUES(event), strict=True))
    return {**values, "changes": _changes(event), "portal": delivery.portal, "received_at": delivery.at}


def _changes(event: Event) -> Mapping[str, object]:
    return {str(name): {"before": change.before, "after": change.after} for name, change in event.changes.items()}


_NAMES = [each.name for each in fields(Event)]
_VALUES = attrgetter(*_NAMES)
