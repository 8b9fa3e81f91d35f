"""Deliveries, written down before Desk gets its 200 (L1). An event is known by its key, once per portal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, select

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import mark
from desk_sync.adapters.store.tables import deliveries
from desk_sync.adapters.store.values import CHUNK, EVENT, insert
from desk_sync.domain.ticket import Event
from desk_sync.ports import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """How many events are stored, and how many of them have had their look."""

    stored: int
    processed: int


@dataclass(frozen=True, slots=True)
class SqlInbox:
    """One portal's deliveries."""

    engine: Engine
    portal: str

    def record(self, events: Sequence[Event], *, now: datetime) -> Recorded:
        """Store each event once, and mark its ticket "look now", in one transaction."""
        if not events:
            return Recorded(stored=0, known=0)
        with writing(self.engine) as connection:
            marked = self._store(connection, events, now)
            mark(connection, self.portal, marked, now=now)
        return Recorded(stored=len(marked), known=len(events) - len(marked))

    def purge(self, before: datetime) -> int:
        """Delete the events that were processed before that instant; returns how many there were."""
        purged = 0
        while count := self._purge_chunk(before):
            purged += count
        return purged

    def counts(self) -> EventCounts:
        stored = select(func.count(), func.count(deliveries.c.processed_at)).where(deliveries.c.portal == self.portal)
        with reading(self.engine) as connection:
            total, processed = connection.execute(stored).one()
        return EventCounts(stored=total, processed=processed)

    def _store(self, connection: Connection, events: Sequence[Event], now: datetime) -> Sequence[str]:
        """The ticket of each event that we did not know.

        In the order of their keys, or two writers could wait for each other.
        """
        received = {"portal": self.portal, "received_at": now}
        rows = [{**_row(event), **received} for event in sorted(events, key=lambda event: event.key)]
        statement = insert(connection, deliveries).on_conflict_do_nothing().returning(deliveries.c.ticket_id)
        return connection.execute(statement, rows).scalars().all()

    def _purge_chunk(self, before: datetime) -> int:
        old = (
            select(deliveries.c.key)
            .where(deliveries.c.portal == self.portal, deliveries.c.processed_at < before)
            .limit(CHUNK)
        )
        statement = delete(deliveries).where(deliveries.c.portal == self.portal, deliveries.c.key.in_(old))
        with writing(self.engine) as connection:
            return connection.execute(statement).rowcount


def _row(event: Event) -> dict[str, object]:
    return {**EVENT.dump_python(event), "changed": sorted(event.changed)}
