"""Promises, and the clocks' states, recorded with the look that computed them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Select, bindparam, case, delete, select, update

from desk_sync.adapters.store.columns import LaterInstant
from desk_sync.adapters.store.desk_clock import SqlDeskClock
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.indexes import WITHOUT_LOOK
from desk_sync.adapters.store.queue import mark, wake_all
from desk_sync.adapters.store.tables import clocks, portals, promises, tickets
from desk_sync.adapters.store.values import DIALECTS, PROMISE, chunks, insert_for
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import ClockInputs, ClockReading
from desk_sync.domain.commitment.promise import Milestone, Promise
from desk_sync.domain.desk_clock import SAME_CLOCK

SLACK = timedelta(seconds=2)
"""How much later than its change a look may be planned: the offset of the clocks was measured again meanwhile."""

AHEAD = timedelta(hours=4)
"""How long before a change the auditor looks for its missing look: long before it is late, and not at all changes."""

# Built once, like the statements in `queue`.
_STORED = select(promises.c.promise).where(promises.c.digest == bindparam("its_digest"))
_IS_STORED = select(promises.c.digest).where(promises.c.digest == bindparam("its_digest"))
_ADD_PROMISE = {name: insert_for(name, promises).on_conflict_do_nothing() for name in DIALECTS}
_ITS_CLOCKS = (clocks.c.portal == bindparam("its_portal")) & (clocks.c.ticket_id == bindparam("its_id"))
_FOLDED = case({each: bindparam(each) for each in map(str, Milestone)}, value=clocks.c.milestone)
_DELETE = delete(clocks).where(_ITS_CLOCKS, clocks.c.round > _FOLDED)
_ADD = clocks.insert()
_CANCEL = (
    update(clocks)
    .where(_ITS_CLOCKS, clocks.c.ended_at.is_(None))
    .values(state=ClockState.CANCELLED, ended_at=bindparam("at"), next_at=None)
)


@dataclass(frozen=True, slots=True)
class PromiseCache:
    """Stored promises, each read once: a promise never changes."""

    _read: dict[str, Promise] = field(default_factory=dict, init=False)

    def of(self, connection: Connection, inputs: ClockInputs | None) -> Promise | None:
        """Return the promise of a ticket with clocks; None for a ticket without."""
        if inputs is None:
            return None
        if inputs.promise not in self._read:
            stored = connection.execute(_STORED, {"its_digest": inputs.promise}).scalar_one()
            self._read[inputs.promise] = PROMISE.validate_python(stored)
        return self._read[inputs.promise]

    def new_promise(self, connection: Connection, watch: ClockReading | None) -> Promise | None:
        """Return the promise of these clocks if it is not stored yet."""
        if watch is None or watch.promise.digest in self._read:
            return None
        stored = connection.scalar(_IS_STORED, {"its_digest": watch.promise.digest})
        return watch.promise if stored is None else None


def keep(connection: Connection, promise: Promise) -> None:
    """Store a promise; another look may have stored it meanwhile."""
    row = {"digest": promise.digest, "promise": PROMISE.dump_python(promise, mode="json")}
    connection.execute(_ADD_PROMISE[connection.dialect.name], row)


def save(connection: Connection, portal: str, ticket_id: str, watch: ClockReading) -> None:
    """Replace the clocks of the previous look; those that are folded stay as they ended."""
    folded = {str(each): watch.folded_rounds.get(each, 0) for each in Milestone}
    connection.execute(_DELETE, {"its_portal": portal, "its_id": ticket_id, **folded})
    rows = [{"portal": portal, "ticket_id": ticket_id, **_row(clock)} for clock in watch.clocks if not clock.folded]
    if rows:
        connection.execute(_ADD, rows)


def cancel(connection: Connection, portal: str, ticket_id: str, *, now: datetime) -> None:
    """Cancel the open clocks of a ticket that is gone."""
    connection.execute(_CANCEL, {"its_portal": portal, "its_id": ticket_id, "at": now})


@dataclass(frozen=True, slots=True)
class SqlOpenClocks:
    """One portal's clocks and ladders that will still change by themselves, found by their indexes."""

    engine: Engine
    portal: str

    def requeue_unplanned(self, *, now: datetime) -> int:
        measured = SqlDeskClock(self.engine, self.portal).read()
        offset = measured.offset if measured else SAME_CLOCK
        latest, until = SLACK - offset.behind, offset.in_desk_time(now) + AHEAD
        same = (tickets.c.portal == clocks.c.portal) & (tickets.c.ticket_id == clocks.c.ticket_id)
        changing = select(clocks.c.ticket_id).join(tickets, same).where(clocks.c.portal == self.portal)
        changing = changing.where(clocks.c.next_at <= until, _is_unplanned(LaterInstant(clocks.c.next_at, latest), now))
        advancing = select(tickets.c.ticket_id).where(tickets.c.portal == self.portal)
        advancing = advancing.where(
            tickets.c.step_at <= until, _is_unplanned(LaterInstant(tickets.c.step_at, latest), now)
        )
        with reading(self.engine) as connection:
            found = connection.scalars(changing.union(advancing, self._without_look(now))).all()
        for chunk in chunks(sorted(found)):
            with writing(self.engine) as connection:
                mark(connection, self.portal, chunk, now=now, wake_at=now, woken=True)
        return len(found)

    def requeue_by_policy(self, version: str, *, now: datetime) -> int:
        own = portals.c.name == self.portal
        with reading(self.engine) as connection:
            known = connection.scalar(select(portals.c.policy_version).where(own))
        if known == version:
            return 0
        marked = wake_all(self.engine, tickets.c.portal == self.portal, now=now) if known else 0
        with writing(self.engine) as connection:
            connection.execute(update(portals).where(own).values(policy_version=version))
        return marked

    def _without_look(self, now: datetime) -> Select[str]:
        """Return the query for the open tickets that were looked at and have no look to come."""
        return select(tickets.c.ticket_id).where(tickets.c.portal == self.portal, WITHOUT_LOOK, _is_waiting(now))


def _is_unplanned(at: ColumnElement[datetime], now: datetime) -> ColumnElement[bool]:
    """Return a condition: no look is planned by the instant, in the host's time."""
    return _is_waiting(now) & (tickets.c.look_at.is_(None) | (tickets.c.look_at > at))


def _is_waiting(now: datetime) -> ColumnElement[bool]:
    """Return a condition: the ticket is neither leased, parked, ended nor postponed, which plans a look too."""
    free = tickets.c.lease_until.is_(None) | (tickets.c.lease_until <= now)
    alive = tickets.c.parked_at.is_(None) & tickets.c.ended_at.is_(None) & tickets.c.owed_at.is_(None)
    return free & alive & tickets.c.missing_at.is_(None)


def _row(clock: Clock) -> dict[str, object]:
    same = ("milestone", "round", "state", "started_at", "target_at", "due_at", "met_at", "ended_at", "next_at")
    return {name: getattr(clock, name) for name in same} | {"severity": clock.level}
