"""What was promised, and where the clocks stand: written with the look that read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, delete, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import mark
from desk_sync.adapters.store.tables import clocks, promises, tickets
from desk_sync.adapters.store.values import DIALECTS, PROMISE, chunks, insert_for
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import ClockInputs, ClockReading
from desk_sync.domain.commitment.promise import Promise

# Built once, as the statements of `queue`.
_KEPT = select(promises.c.promise).where(promises.c.digest == bindparam("its_digest"))
_IS_KEPT = select(promises.c.digest).where(promises.c.digest == bindparam("its_digest"))
_KEEP = {name: insert_for(name, promises).on_conflict_do_nothing() for name in DIALECTS}
_ITS_CLOCKS = (clocks.c.portal == bindparam("its_portal")) & (clocks.c.ticket_id == bindparam("its_id"))
_FORGET = delete(clocks).where(_ITS_CLOCKS)
_ADD = clocks.insert()
_CANCEL = (
    update(clocks)
    .where(_ITS_CLOCKS, clocks.c.ended_at.is_(None))
    .values(state=ClockState.CANCELLED, ended_at=bindparam("at"), next_at=None)
)


@dataclass(frozen=True, slots=True)
class PromiseCache:
    """What was promised, each promise read once: it never changes."""

    _read: dict[str, Promise] = field(default_factory=dict, init=False)

    def of(self, connection: Connection, watched: ClockInputs | None) -> Promise | None:
        """What was promised to a ticket that is watched."""
        if watched is None:
            return None
        if watched.promise not in self._read:
            kept = connection.execute(_KEPT, {"its_digest": watched.promise}).scalar_one()
            self._read[watched.promise] = PROMISE.validate_python(kept)
        return self._read[watched.promise]

    def unkept(self, connection: Connection, watch: ClockReading | None) -> Promise | None:
        """The promise by which a ticket is watched, if it is new."""
        if watch is None or watch.promise.digest in self._read:
            return None
        kept = connection.scalar(_IS_KEPT, {"its_digest": watch.promise.digest})
        return watch.promise if kept is None else None


def keep(connection: Connection, promise: Promise) -> None:
    """Write a promise down; another look may have done it meanwhile."""
    kept = {"digest": promise.digest, "promise": PROMISE.dump_python(promise, mode="json")}
    connection.execute(_KEEP[connection.dialect.name], kept)


def save(connection: Connection, portal: str, ticket_id: str, watch: ClockReading) -> None:
    """Put the clocks in the place of those of the look before."""
    connection.execute(_FORGET, {"its_portal": portal, "its_id": ticket_id})
    rows = [{"portal": portal, "ticket_id": ticket_id, **_row(clock)} for clock in watch.clocks]
    if rows:
        connection.execute(_ADD, rows)


def cancel(connection: Connection, portal: str, ticket_id: str, *, now: datetime) -> None:
    """End what is still open of a ticket that is gone."""
    connection.execute(_CANCEL, {"its_portal": portal, "its_id": ticket_id, "at": now})


@dataclass(frozen=True, slots=True)
class SqlOpenClocks:
    """One portal's clocks that still change by themselves, and its ladders that still climb, by their indexes."""

    engine: Engine
    portal: str

    def remake(self, *, now: datetime) -> int:
        """Mark the tickets that no look is planned for though a clock of theirs changes, or a step of their escalation
        is due; returns how many.
        """
        same = (tickets.c.portal == clocks.c.portal) & (tickets.c.ticket_id == clocks.c.ticket_id)
        changing = select(clocks.c.ticket_id).join(tickets, same).where(clocks.c.portal == self.portal)
        changing = changing.where(clocks.c.next_at.is_not(None), _forgotten(clocks.c.next_at, now))
        climbing = select(tickets.c.ticket_id).where(tickets.c.portal == self.portal)
        climbing = climbing.where(tickets.c.step_at.is_not(None), _forgotten(tickets.c.step_at, now))
        with reading(self.engine) as connection:
            found = connection.scalars(changing.union(climbing)).all()
        for chunk in chunks(sorted(found)):
            with writing(self.engine) as connection:
                mark(connection, self.portal, chunk, now=now, wake_at=now, woken=True)
        return len(found)


def _forgotten(at: ColumnElement[datetime], now: datetime) -> ColumnElement[bool]:
    """Whether no look is planned for the instant; one that failed is put off, and not forgotten."""
    free = tickets.c.lease_until.is_(None) | (tickets.c.lease_until <= now)
    alive = tickets.c.parked_at.is_(None) & tickets.c.ended_at.is_(None) & tickets.c.owed_at.is_(None)
    return free & alive & (tickets.c.look_at.is_(None) | (tickets.c.look_at > at))


def _row(clock: Clock) -> dict[str, object]:
    same = ("milestone", "round", "state", "started_at", "target_at", "due_at", "met_at", "ended_at", "next_at")
    return {name: getattr(clock, name) for name in same} | {"severity": clock.level}
