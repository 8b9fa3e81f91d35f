"""The queue and the memory of tickets. A worker that lost its lease records nothing (L3); effects happen once (L6).

A look takes the unprocessed events when it begins; they are processed when it ends well. Events that arrive in between
wait for the next look.
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

from desk_sync.adapters.store import clocks, decisions, effects, held_back, notices
from desk_sync.adapters.store.columns import InstantColumn
from desk_sync.adapters.store.effects import references, tick_off, write_down
from desk_sync.adapters.store.engine import reading, redoable, writing
from desk_sync.adapters.store.indexes import PARKED, QUEUED
from desk_sync.adapters.store.partners import claim_education
from desk_sync.adapters.store.queue import (
    NOW,
    fenced,
    fencing,
    is_free,
    mark,
    newest,
    now_parameters,
    unless_marked,
    unless_woken,
)
from desk_sync.adapters.store.schema import is_ours
from desk_sync.adapters.store.tables import deliveries, tickets
from desk_sync.adapters.store.unknown_keys import keep_unknown
from desk_sync.adapters.store.values import EVENT, MAX_CLOCK_SKEW, chunks, columns_of, memory_of, stored_memory
from desk_sync.domain.plan.education import EducationClaim
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.event import Event
from desk_sync.ports.retention import KeptPart
from desk_sync.ports.tickets import UNSEEN, Lease, Look, ParkCause, ParkedTicket, PendingWork, TicketHistory

# Built once: to build a statement takes longer than to run it.
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
_DUE = (
    select(tickets.c.ticket_id)
    .where(_OWN, QUEUED, tickets.c.look_at <= NOW, is_free(tickets.c.lease_until))
    .order_by(tickets.c.urgency, tickets.c.look_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    update(tickets)
    .where(_OWN, tickets.c.ticket_id.in_(select(_DUE.c.ticket_id)), is_ours())
    .values(lease_token=tickets.c.lease_token + 1, lease_until=bindparam("until"))
    .returning(
        case((tickets.c.looked_at.is_(None), literal_column(str(UNSEEN))), else_=tickets.c.urgency).label("urgency"),
        *(tickets.c.look_at, tickets.c.ticket_id, tickets.c.lease_token),
    )
)
_MEMORY = select(tickets.c.memory).where(_OWN, tickets.c.ticket_id == bindparam("its_id"))
_AHEAD = bindparam("ahead", type_=InstantColumn)
_EARLY = (
    (deliveries.c.portal == bindparam("its_portal"))
    & deliveries.c.processed_at.is_(None)
    & (deliveries.c.received_at > _AHEAD)
)
_EARLY_EVENTS = select(deliveries.c.ticket_id).where(_EARLY)
_NOT_EARLY = update(deliveries).where(_EARLY).values(received_at=NOW)
# Postponed by a look that began in the future: the clock was put back since, and the wait would be longer by that.
_LONG_WAITS = select(tickets.c.ticket_id).where(
    _OWN, tickets.c.owed_at.is_not(None), tickets.c.begun_at > _AHEAD, tickets.c.look_at > NOW
)
_AT = bindparam("at", type_=InstantColumn)
_KNOWN = newest(bindparam("known_until", type_=InstantColumn))
_BEGUN = fencing(
    *(tickets.c.memory, tickets.c.wake_at, tickets.c.attempts, tickets.c.owed_at, tickets.c.failed_at, tickets.c.error),
    *(tickets.c.looked_at, tickets.c.modified_at, tickets.c.missing_at),
    attempts=tickets.c.attempts + 1,
    marked=false(),
    woken=false(),
)
_ANNOUNCED = fencing(tickets.c.begun_at, tickets.c.keys_deleted)
_LOOKED = fencing(
    look_at=unless_marked(_AT),
    wake_at=unless_woken(_AT),
    modified_at=_KNOWN,
    written_at=func.coalesce(bindparam("wrote_at", type_=InstantColumn), tickets.c.written_at),
    missing_at=null(),
)
_SKIPPED = fencing(look_at=unless_marked(tickets.c.wake_at), modified_at=_KNOWN)
_PUT_OFF = fencing(
    owed_at=func.coalesce(tickets.c.owed_at, tickets.c.look_at),
    failed_at=tickets.c.begun_at,
    attempts=tickets.c.attempts - bindparam("refund"),
)
_GONE = fencing(
    look_at=unless_marked(null()),
    wake_at=unless_woken(null()),
    ended_at=case((tickets.c.marked, null()), else_=_AT),
    missing_at=func.coalesce(tickets.c.missing_at, _AT),
)
_MISSING = fencing(
    look_at=unless_marked(_AT),
    wake_at=unless_woken(_AT),
    missing_at=func.coalesce(tickets.c.missing_at, bindparam("since", type_=InstantColumn)),
)
# By the primary key, from its end: Desk's ids grow, so the newest tickets come first.
_WITNESSES = (
    select(tickets.c.ticket_id)
    .where(_OWN, tickets.c.ticket_id != bindparam("its_id"), tickets.c.looked_at.is_not(None))
    .where(tickets.c.ended_at.is_(None), tickets.c.missing_at.is_(None), tickets.c.parked_at.is_(None))
    .order_by(tickets.c.ticket_id.desc())
    .limit(bindparam("most"))
)
_PARKED_BY_PORTAL = (
    select(tickets.c.ticket_id)
    .where(_OWN, tickets.c.parked_by == literal_column("'portal'"), tickets.c.dropped_at.is_(None))
    .where(tickets.c.parked_at <= bindparam("before", type_=InstantColumn))
    .order_by(tickets.c.parked_at)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class SqlTickets:
    """One portal's tickets."""

    engine: Engine
    portal: str
    _promises: clocks.PromiseCache = field(default_factory=clocks.PromiseCache, init=False, repr=False)

    def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Lease]:
        self._requeue_future(now)
        given = {"its_portal": self.portal, "until": until, "most": limit, **now_parameters(now)}
        with redoable(self.engine) as connection:
            rows = sorted(connection.execute(_CLAIM, given).all())
        return [
            Lease(ticket_id=ticket_id, token=token, until=until, urgency=urgency)
            for urgency, _, ticket_id, token in rows
        ]

    def begin_look(self, lease: Lease, *, now: datetime, until: datetime) -> PendingWork:
        with redoable(self.engine) as connection:
            row = fenced(connection, self.portal, lease, _BEGUN, lease_until=until, begun_at=now)
            taken = connection.execute(_TAKEN, self._taken_by(lease)).mappings().all()
        events, memory = _in_order(taken), memory_of(row["memory"])
        with reading(self.engine) as connection:
            return PendingWork(
                memory=memory,
                promise=self._promises.of(connection, memory.clocks.inputs),
                events=events,
                references=references(connection, self.portal, lease.ticket_id),
                wake_due=not events or (row["wake_at"] is not None and row["wake_at"] <= now),
                attempts=row["attempts"],
                owed_at=row["owed_at"],
                failed_at=row["failed_at"],
                error=row["error"],
                exists=row["looked_at"] is not None or row["modified_at"] is not None,
                missing_at=row["missing_at"],
            )

    def announce(
        self, lease: Lease, *, memory: Memory, effects: Sequence[Effect], education: EducationClaim | None = None
    ) -> Mapping[Effect, bool]:
        known = self._to_store(lease, memory)
        with writing(self.engine) as connection:
            row = fenced(connection, self.portal, lease, _ANNOUNCED, memory=known)
            now, keys_deleted = row["begun_at"], row["keys_deleted"]
            if education and not claim_education(connection, self.portal, lease.ticket_id, education, now=now):
                effects = [effect for effect in effects if effect != education.reply]
            return write_down(connection, self.portal, lease.ticket_id, effects, keys_deleted=keys_deleted, now=now)

    def renew(self, lease: Lease, *, until: datetime) -> None:
        with redoable(self.engine) as connection:
            fenced(connection, self.portal, lease, lease_until=until)

    def finish_look(self, lease: Lease, look: Look) -> None:
        found = {
            "memory": self._to_store(lease, look.memory),
            "urgency": look.urgency,
            "closed": look.closed,
            "verdict": look.decision.verdict,
            "account_id": look.decision.account_id,
            "questions": look.decision.questions or None,
            "looked_at": look.at,
            "step_at": look.next_step_at,
            "kept": KeptPart.WHOLE,
            **asdict(look.traits),
            **asdict(look.facts),
        }
        with reading(self.engine) as connection:  # not in the writing transaction, which blocks others
            new = decisions.is_new(connection, self.portal, lease.ticket_id, look.decision, look.fields_written)
            promise = self._promises.new_promise(connection, look.clocks)
        with redoable(self.engine) as connection:
            known = {"known_until": look.modified_at, "wrote_at": look.written_at}
            self._release(connection, lease, _LOOKED, at=look.next_look_at, **known, **found)
            tick_off(connection, self.portal, lease.ticket_id, look.effects_done, at=look.at)
            if promise:
                clocks.keep(connection, promise)
            if look.clocks:
                clocks.save(connection, self.portal, lease.ticket_id, look.clocks)
            if look.held_back is not None:
                held_back.save(connection, self.portal, lease.ticket_id, look.held_back)
            notices.save(connection, self.portal, look.messages)
            if new:
                decisions.add(connection, self.portal, lease.ticket_id, look.decision, look.fields_written, at=look.at)

    def skip_look(self, lease: Lease, *, modified_at: datetime | None = None) -> None:
        with redoable(self.engine) as connection:
            self._release(connection, lease, _SKIPPED, known_until=modified_at)

    def postpone(self, lease: Lease, *, look_at: datetime, error: str, refund: bool = False) -> None:
        later = {"look_at": look_at, "wake_at": look_at, "refund": int(refund), "error": error}
        with redoable(self.engine) as connection:
            fenced(connection, self.portal, lease, _PUT_OFF, lease_until=None, **later)

    def park(self, lease: Lease, *, now: datetime, error: str, cause: ParkCause = ParkCause.TICKET) -> None:
        facts: dict[str, Any] = {"parked_at": now, "parked_by": cause, "owed_at": None, "error": error}
        with writing(self.engine) as connection:
            fenced(connection, self.portal, lease, lease_until=None, **facts)

    def end(self, lease: Lease, *, now: datetime) -> None:
        with writing(self.engine) as connection:
            self._release(connection, lease, _GONE, at=now, step_at=None)
            clocks.cancel(connection, self.portal, lease.ticket_id, now=now)
            held_back.drop(connection, self.portal, lease.ticket_id)

    def miss(self, lease: Lease, *, now: datetime, look_at: datetime, error: str) -> None:
        with writing(self.engine) as connection:
            self._release(connection, lease, _MISSING, at=look_at, since=now, error=error)

    def witnesses(self, ticket_id: str, *, limit: int) -> Sequence[str]:
        given = {"its_portal": self.portal, "its_id": ticket_id, "most": limit}
        with reading(self.engine) as connection:
            return connection.scalars(_WITNESSES, given).all()

    def look_now(self, ticket_ids: Iterable[str], *, now: datetime) -> int:
        requested = {"wake_at": now, "woken": True, "attempts": 0, "failed_at": None}
        requested |= {"parked_at": None, "parked_by": None, "dropped_at": None}
        marked = 0
        for chunk in chunks(sorted(set(ticket_ids))):
            with writing(self.engine) as connection:
                marked += mark(connection, self.portal, chunk, now=now, **requested)
        return marked

    def history(self, ticket_id: str) -> TicketHistory | None:
        with reading(self.engine) as connection:
            row = connection.execute(select(tickets).where(self._of(tickets, ticket_id))).mappings().one_or_none()
            if row is None:
                return None
            same = ("ticket_id", "look_at", "looked_at", "attempts", "error", "parked_at", "dropped_at", "ended_at")
            memory = memory_of(row["memory"])
            return TicketHistory(
                **{name: row[name] for name in same},
                missing_at=row["missing_at"],
                memory=memory,
                promise=self._promises.of(connection, memory.clocks.inputs),
                decisions=decisions.past(connection, self.portal, ticket_id),
                events=self._past_events(connection, ticket_id),
                effects=effects.past(connection, self.portal, ticket_id),
                sent_notices=notices.past(connection, self.portal, ticket_id),
            )

    def bring_back(self, *, parked_before: datetime, now: datetime, limit: int) -> int:
        given = {"its_portal": self.portal, "before": parked_before, "most": limit}
        with reading(self.engine) as connection:
            chosen = connection.scalars(_PARKED_BY_PORTAL, given).all()
        if not chosen:
            return 0
        since = tickets.c.parked_at
        due = {"look_at": now, "wake_at": now, "marked": True, "woken": True, "attempts": 0}
        due |= {"owed_at": since, "failed_at": since, "parked_at": None, "parked_by": None}
        still = self._own(tickets) & tickets.c.ticket_id.in_(chosen) & PARKED
        with writing(self.engine) as connection:
            return connection.execute(update(tickets).where(still).values(due)).rowcount

    def parked(self) -> Sequence[ParkedTicket]:
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
        cause = func.coalesce(tickets.c.parked_by, ParkCause.TICKET).label("cause")
        statement = select(*columns, cause, waiting.label("events")).where(self._own(tickets), PARKED)
        with reading(self.engine) as connection:
            rows = connection.execute(statement.order_by(tickets.c.parked_at, tickets.c.ticket_id)).mappings().all()
        return [ParkedTicket(**{**row, "cause": ParkCause(row["cause"])}) for row in rows]

    def drop(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        for chunk in chunks(sorted(set(ticket_ids))):
            chosen = self._own(tickets) & tickets.c.ticket_id.in_(chunk) & PARKED
            pending = self._own(deliveries) & deliveries.c.processed_at.is_(None)
            with writing(self.engine) as connection:
                dropped = update(tickets).where(chosen).values(dropped_at=now).returning(tickets.c.ticket_id)
                gone = connection.execute(dropped).scalars().all()
                done = update(deliveries).where(pending, deliveries.c.ticket_id.in_(gone)).values(processed_at=now)
                connection.execute(done)

    def _own(self, table: Table) -> ColumnElement[bool]:
        return table.c.portal == self.portal

    def _of(self, table: Table, ticket_id: str) -> ColumnElement[bool]:
        return self._own(table) & (table.c.ticket_id == ticket_id)

    def _requeue_future(self, now: datetime) -> None:
        """Make the tickets due whose events or postponements were recorded before the clock was put back."""
        given = {"its_portal": self.portal, "ahead": now + MAX_CLOCK_SKEW, "now": now}
        with reading(self.engine) as connection:
            concerned = connection.scalars(_EARLY_EVENTS, given).all()
            waits = connection.scalars(_LONG_WAITS, given).all()
        if concerned or waits:
            with writing(self.engine) as connection:
                mark(connection, self.portal, concerned, now=now)
                mark(connection, self.portal, waits, now=now, wake_at=now, woken=True)
                connection.execute(_NOT_EARLY, given)

    def _release(self, connection: Connection, lease: Lease, change: ReturningUpdate[Any], **given: object) -> None:
        """End a look well: mark its events as processed, reset the attempts, and release the lease."""
        ended = {"lease_until": None, "attempts": 0, "error": None, "owed_at": None, "failed_at": None}
        row = fenced(connection, self.portal, lease, change, **ended | given)
        connection.execute(_PROCESSED, self._taken_by(lease) | {"at": row["begun_at"]})

    def _to_store(self, lease: Lease, memory: Memory) -> Mapping[str, Any]:
        """Return the memory as it is stored, with what a newer version has added to it.

        Read outside of the transaction that records it: only the holder of the lease changes it.
        """
        with reading(self.engine) as connection:
            stored = connection.scalar(_MEMORY, {"its_portal": self.portal, "its_id": lease.ticket_id})
        return keep_unknown(stored_memory(memory), stored or {}, Memory)

    def _taken_by(self, lease: Lease) -> dict[str, object]:
        return {"its_portal": self.portal, "its_id": lease.ticket_id, "its_token": lease.token}

    def _past_events(self, connection: Connection, ticket_id: str) -> Sequence[Event]:
        stored = select(*columns_of(deliveries, Event)).where(self._of(deliveries, ticket_id))
        return _in_order(connection.execute(stored).mappings())


def _in_order(rows: Iterable[RowMapping]) -> Sequence[Event]:
    events = [EVENT.validate_python({**row, "changes": row["changes"] or {}}) for row in rows]
    return sorted(events, key=lambda event: (event.occurred_at, event.key))
