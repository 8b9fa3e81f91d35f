"""The tickets' queue and memory. A worker that lost its lease records nothing (L3); effects happen once (L6).

An event is taken by a look when the look begins, and is processed when that look ends well; what comes in between
waits for the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    Table,
    bindparam,
    case,
    false,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from desk_sync.adapters.store import clocks, decisions, effects, notices
from desk_sync.adapters.store.effects import references, tick_off, write_down
from desk_sync.adapters.store.engine import reading, redoable, writing
from desk_sync.adapters.store.queue import (
    NOW,
    by_now,
    fenced,
    fencing,
    is_free,
    mark,
    newest,
    unless_marked,
    unless_woken,
)
from desk_sync.adapters.store.tables import InstantColumn, deliveries, tickets
from desk_sync.adapters.store.values import AHEAD, EVENT, MEMORY, chunks, columns_of, memory_of
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.event import Event
from desk_sync.ports.tickets import Lease, Look, ParkedTicket, PendingWork, TicketHistory

# The severity levels, written out: as parameters they would be put in anew each time.
_URGENCIES: list[ColumnElement[int]] = [literal_column(level) for level in "123"]
# Built once: that takes longer than to run them.
_ITS_EVENTS = (deliveries.c.portal == bindparam("its_portal")) & (deliveries.c.ticket_id == bindparam("its_id"))
_UNPROCESSED = _ITS_EVENTS & deliveries.c.processed_at.is_(None)
_TAKEN = (
    update(deliveries)
    .where(_UNPROCESSED)
    .values(look_token=bindparam("its_token"))
    .returning(*columns_of(deliveries, Event))
)
_PROCESSED = (
    update(deliveries)
    .where(_UNPROCESSED, deliveries.c.look_token == bindparam("its_token"))
    .values(processed_at=bindparam("at"))
)
_OWN = tickets.c.portal == bindparam("its_portal")
# `look_at IS NOT NULL` is what lets the partial index be used, and the urgencies one by one what lets it find what is
# due of each, in its order, among a million that wait.
_DUE = (
    select(tickets.c.ticket_id)
    .where(_OWN, tickets.c.look_at.is_not(None), tickets.c.parked_at.is_(None), tickets.c.urgency.in_(_URGENCIES))
    .where(tickets.c.look_at <= NOW, is_free(tickets.c.lease_until))
    .order_by(tickets.c.urgency, tickets.c.look_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    update(tickets)
    .where(_OWN, tickets.c.ticket_id.in_(select(_DUE.c.ticket_id)))
    .values(lease_token=tickets.c.lease_token + 1, lease_until=bindparam("until"))
    .returning(tickets.c.urgency, tickets.c.look_at, tickets.c.ticket_id, tickets.c.lease_token)
)
_AHEAD = bindparam("ahead", type_=InstantColumn)
_EARLY = (
    (deliveries.c.portal == bindparam("its_portal"))
    & deliveries.c.processed_at.is_(None)
    & (deliveries.c.received_at > _AHEAD)
)
_EARLY_EVENTS = select(deliveries.c.ticket_id).where(_EARLY)
_NOT_EARLY = update(deliveries).where(_EARLY).values(received_at=NOW)
# Put off by a look that has not begun: the clock has been put back since, and the wait would be longer by that.
_LONG_WAITS = select(tickets.c.ticket_id).where(
    _OWN, tickets.c.owed_at.is_not(None), tickets.c.begun_at > _AHEAD, tickets.c.look_at > NOW
)
_AT = bindparam("at", type_=InstantColumn)
_TOLD = newest(bindparam("told_of", type_=InstantColumn))
_BEGUN = fencing(
    *(tickets.c.memory, tickets.c.wake_at, tickets.c.attempts),
    attempts=tickets.c.attempts + 1,
    marked=false(),
    woken=false(),
)
_LOOKED = fencing(look_at=unless_marked(_AT), wake_at=unless_woken(_AT), modified_at=_TOLD)
_SKIPPED = fencing(look_at=unless_marked(tickets.c.wake_at), modified_at=_TOLD)
_PUT_OFF = fencing(
    owed_at=func.coalesce(tickets.c.owed_at, tickets.c.look_at), attempts=tickets.c.attempts - bindparam("refund")
)
_GONE = fencing(
    look_at=unless_marked(null()),
    wake_at=unless_woken(null()),
    ended_at=case((tickets.c.marked, null()), else_=_AT),
)
_PARKED = tickets.c.parked_at.is_not(None) & tickets.c.dropped_at.is_(None)


@dataclass(frozen=True, slots=True)
class SqlTickets:
    """One portal's tickets."""

    engine: Engine
    portal: str
    _promises: clocks.PromiseCache = field(default_factory=clocks.PromiseCache, init=False, repr=False)

    def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Lease]:
        """Lease up to `limit` tickets that are due, worst first, then oldest. Parked tickets are never due."""
        self._forget_the_future(now)
        given = {"its_portal": self.portal, "until": until, "most": limit, **by_now(now)}
        with redoable(self.engine) as connection:
            rows = sorted(connection.execute(_CLAIM, given).all())
        return [
            Lease(ticket_id=ticket_id, token=token, until=until, urgency=urgency)
            for urgency, _, ticket_id, token in rows
        ]

    def begin_look(self, lease: Lease, *, now: datetime, until: datetime) -> PendingWork:
        """Count the attempt, before the work, and extend the lease to `until`. Raises LeaseLost."""
        with redoable(self.engine) as connection:
            row = fenced(connection, self.portal, lease, _BEGUN, lease_until=until, begun_at=now)
            taken = connection.execute(_TAKEN, self._taken_by(lease)).mappings().all()
        events, memory = _in_order(taken), memory_of(row["memory"])
        with reading(self.engine) as connection:
            return PendingWork(
                memory=memory,
                promise=self._promises.of(connection, memory.watched),
                events=events,
                references=references(connection, self.portal, lease.ticket_id),
                wake_due=not events or (row["wake_at"] is not None and row["wake_at"] <= now),
                attempts=row["attempts"],
            )

    def announce(self, lease: Lease, *, memory: Memory, effects: Sequence[Effect]) -> Mapping[Effect, bool]:
        """Write down what is about to happen: the memory, with what is intended, and each effect once.

        Returns the effects that are not done yet; True if an earlier attempt may have got through, so that Desk must
        be asked first. Raises LeaseLost.
        """
        known = MEMORY.dump_python(memory, mode="json")
        with writing(self.engine) as connection:
            row = fenced(connection, self.portal, lease, memory=known)
            return write_down(connection, self.portal, lease.ticket_id, effects, now=row["begun_at"])

    def renew(self, lease: Lease, *, until: datetime) -> None:
        """Extend the lease to `until`. Raises LeaseLost."""
        with redoable(self.engine) as connection:
            fenced(connection, self.portal, lease, lease_until=until)

    def finish_look(self, lease: Lease, look: Look) -> None:
        """Record a look and everything that was read for it. Raises LeaseLost, and then records nothing.

        A mark that was set since `begin_look` stays: the ticket is due again at once.
        """
        found = {
            "memory": MEMORY.dump_python(look.memory, mode="json"),
            "urgency": look.urgency,
            "closed": look.closed,
            "verdict": look.decision.verdict,
            "account_id": look.decision.account_id,
            "questions": look.decision.questions or None,
            "looked_at": look.at,
            "step_at": look.next_step_at,
            **asdict(look.traits),
        }
        with reading(self.engine) as connection:  # before it is our turn to write: others wait for that
            new = decisions.is_new(connection, self.portal, lease.ticket_id, look.decision, look.fields_written)
            promise = self._promises.unkept(connection, look.watch)
        with redoable(self.engine) as connection:
            self._release(connection, lease, _LOOKED, at=look.next_look_at, told_of=look.modified_at, **found)
            tick_off(connection, self.portal, lease.ticket_id, look.effects_done, at=look.at)
            if promise:
                clocks.keep(connection, promise)
            if look.watch:
                clocks.save(connection, self.portal, lease.ticket_id, look.watch)
            notices.save(connection, self.portal, look.messages)
            if new:
                decisions.add(connection, self.portal, lease.ticket_id, look.decision, look.fields_written, at=look.at)

    def skip_look(self, lease: Lease, *, modified_at: datetime | None = None) -> None:
        """Record that the events, which told of everything up to `modified_at`, told nothing new. Raises LeaseLost."""
        with redoable(self.engine) as connection:
            self._release(connection, lease, _SKIPPED, told_of=modified_at)

    def postpone(self, lease: Lease, *, look_at: datetime, error: str, refund: bool = False) -> None:
        """Give the ticket back, to be looked at again at `look_at`, whatever its events say. Raises LeaseLost.

        `refund` takes the attempt back: what went wrong was not the ticket's fault.
        """
        later = {"look_at": look_at, "wake_at": look_at, "refund": int(refund), "error": error}
        with redoable(self.engine) as connection:
            fenced(connection, self.portal, lease, _PUT_OFF, lease_until=None, **later)

    def park(self, lease: Lease, *, now: datetime, error: str) -> None:
        """Take the ticket out of the queue until a person puts it back. Raises LeaseLost."""
        with writing(self.engine) as connection:
            fenced(connection, self.portal, lease, lease_until=None, parked_at=now, owed_at=None, error=error)

    def end(self, lease: Lease, *, now: datetime) -> None:
        """Record that the ticket is gone: nothing more is due. A later event brings it back. Raises LeaseLost."""
        with writing(self.engine) as connection:
            self._release(connection, lease, _GONE, at=now, step_at=None)
            clocks.cancel(connection, self.portal, lease.ticket_id, now=now)

    def look_now(self, ticket_ids: Iterable[str], *, now: datetime) -> int:
        """Mark tickets, whatever their events say; unparks them too. Returns how many were marked."""
        asked = {"wake_at": now, "woken": True, "attempts": 0, "parked_at": None, "dropped_at": None}
        marked = 0
        for chunk in chunks(sorted(set(ticket_ids))):
            with writing(self.engine) as connection:
                marked += mark(connection, self.portal, chunk, now=now, **asked)
        return marked

    def history(self, ticket_id: str) -> TicketHistory | None:
        """What is stored about one ticket, for a person to read; None for one that we never heard of."""
        with reading(self.engine) as connection:
            row = connection.execute(select(tickets).where(self._of(tickets, ticket_id))).mappings().one_or_none()
            if row is None:
                return None
            kept = ("ticket_id", "look_at", "looked_at", "attempts", "error", "parked_at", "dropped_at", "ended_at")
            memory = memory_of(row["memory"])
            return TicketHistory(
                **{name: row[name] for name in kept},
                memory=memory,
                promise=self._promises.of(connection, memory.watched),
                decisions=decisions.past(connection, self.portal, ticket_id),
                events=self._past_events(connection, ticket_id),
                effects=effects.past(connection, self.portal, ticket_id),
                told=notices.told(connection, self.portal, ticket_id),
            )

    def parked(self) -> Sequence[ParkedTicket]:
        """The tickets that were given up and wait for a person, the longest-standing first."""
        waiting = (
            select(func.count())
            .where(
                self._own(deliveries),
                deliveries.c.ticket_id == tickets.c.ticket_id,
                deliveries.c.processed_at.is_(None),
            )
            .scalar_subquery()
        )
        columns = [tickets.c[name] for name in ("ticket_id", "parked_at", "attempts", "error")]
        statement = select(*columns, waiting.label("events")).where(self._own(tickets), _PARKED)
        with reading(self.engine) as connection:
            rows = connection.execute(statement.order_by(tickets.c.parked_at, tickets.c.ticket_id)).mappings().all()
        return [ParkedTicket(**row) for row in rows]

    def drop(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        """End parked tickets for good: their events are done with, and no later one brings them back."""
        for chunk in chunks(sorted(set(ticket_ids))):
            chosen = self._own(tickets) & tickets.c.ticket_id.in_(chunk) & _PARKED
            theirs = self._own(deliveries) & deliveries.c.processed_at.is_(None)
            with writing(self.engine) as connection:
                dropped = update(tickets).where(chosen).values(dropped_at=now).returning(tickets.c.ticket_id)
                gone = connection.execute(dropped).scalars().all()
                done = update(deliveries).where(theirs, deliveries.c.ticket_id.in_(gone)).values(processed_at=now)
                connection.execute(done)

    def _own(self, table: Table) -> ColumnElement[bool]:
        return table.c.portal == self.portal

    def _of(self, table: Table, ticket_id: str) -> ColumnElement[bool]:
        return self._own(table) & (table.c.ticket_id == ticket_id)

    def _forget_the_future(self, now: datetime) -> None:
        """Owe a look at once to the tickets whose events, or whose waits, came by a clock that was ahead."""
        given = {"its_portal": self.portal, "ahead": now + AHEAD, "now": now}
        with reading(self.engine) as connection:
            concerned = connection.scalars(_EARLY_EVENTS, given).all()
            waits = connection.scalars(_LONG_WAITS, given).all()
        if concerned or waits:
            with writing(self.engine) as connection:
                mark(connection, self.portal, concerned, now=now)
                mark(connection, self.portal, waits, now=now, wake_at=now, woken=True)
                connection.execute(_NOT_EARLY, given)

    def _release(self, connection: Connection, lease: Lease, change: ReturningUpdate[Any], **given: object) -> None:
        """End a look well: its events are processed, its attempts forgotten, its lease given back."""
        ended = {"lease_until": None, "attempts": 0, "error": None, "owed_at": None}
        row = fenced(connection, self.portal, lease, change, **ended, **given)
        connection.execute(_PROCESSED, self._taken_by(lease) | {"at": row["begun_at"]})

    def _taken_by(self, lease: Lease) -> dict[str, object]:
        return {"its_portal": self.portal, "its_id": lease.ticket_id, "its_token": lease.token}

    def _past_events(self, connection: Connection, ticket_id: str) -> Sequence[Event]:
        stored = select(*columns_of(deliveries, Event)).where(self._of(deliveries, ticket_id))
        return _in_order(connection.execute(stored).mappings())


def _in_order(rows: Iterable[RowMapping]) -> Sequence[Event]:
    events = [EVENT.validate_python(dict(row)) for row in rows]
    return sorted(events, key=lambda event: (event.occurred_at, event.key))
