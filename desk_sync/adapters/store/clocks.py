"""What was promised, and where the clocks stand: written with the look that read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, delete, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import mark
from desk_sync.adapters.store.tables import clocks, promises, tickets
from desk_sync.adapters.store.values import PROMISE, chunks, insert
from desk_sync.domain.clock import Clock, State
from desk_sync.domain.promise import Promise
from desk_sync.domain.ticket import Watched
from desk_sync.domain.watch import Watch


def promise(connection: Connection, watched: Watched | None) -> Promise | None:
    """What was promised to a ticket that is watched."""
    if watched is None:
        return None
    stored = select(promises.c.promise).where(promises.c.digest == watched.promise)
    return PROMISE.validate_python(connection.execute(stored).scalar_one())


def save(connection: Connection, portal: str, ticket_id: str, watch: Watch) -> None:
    """Keep the promise, if it is new, and put the clocks in the place of those of the look before."""
    digest = watch.promise.digest
    if connection.scalar(select(promises.c.digest).where(promises.c.digest == digest)) is None:
        kept = {"digest": digest, "promise": PROMISE.dump_python(watch.promise, mode="json")}
        connection.execute(insert(connection, promises).values(kept).on_conflict_do_nothing())
    own = (clocks.c.portal == portal) & (clocks.c.ticket_id == ticket_id)
    connection.execute(delete(clocks).where(own))
    rows = [{"portal": portal, "ticket_id": ticket_id, **_row(clock)} for clock in watch.clocks]
    if rows:
        connection.execute(clocks.insert(), rows)


def cancel(connection: Connection, portal: str, ticket_id: str, *, now: datetime) -> None:
    """End what is still open of a ticket that is gone."""
    own = (clocks.c.portal == portal) & (clocks.c.ticket_id == ticket_id) & clocks.c.ended_at.is_(None)
    connection.execute(update(clocks).where(own).values(state=State.CANCELLED, ended_at=now, next_at=None))


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
