"""What has to be looked at, when, by whom, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.promise import Promise
from desk_sync.domain.commitment.read_clocks import read_clocks
from desk_sync.domain.escalation.notice import Message
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Value
from desk_sync.ports.notices import SentNotice
from desk_sync.ports.related_tickets import TicketTraits

NO_TRAITS = TicketTraits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on one ticket until `until`; a later claim has a higher `token` (fencing).

    `urgency` is that of the ticket's last look, 1 for the worst and for one that was never looked at.
    """

    ticket_id: str
    token: int
    until: datetime
    urgency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWork:
    """What a look starts from. `wake_due`: the look is owed whatever the events say.

    `attempts` counts this one; `references` are those of our comments on the ticket. `promise` is what was promised
    when the ticket's clocks started.
    """

    memory: Memory
    events: Sequence[Event]
    references: frozenset[str]
    wake_due: bool
    attempts: int
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one pass over a ticket found and did. `closed`: a new snapshot does not concern it.

    `watch` holds its clocks; None for a ticket without. `messages` are what people outside Desk are to be told.
    By its `traits` other tickets' looks know it. `next_step_at`: when the next step of its escalation is due.

    Of what Desk did to the ticket up to `modified_at` nothing is left to look at.
    """

    at: datetime
    decision: Decision
    memory: Memory
    fields_written: Mapping[Field, Value] = field(default_factory=dict)
    effects_done: Sequence[Effect] = ()
    urgency: int
    next_look_at: datetime | None
    next_step_at: datetime | None = None
    watch: ClockReading | None = None
    messages: Sequence[Message] = ()
    traits: TicketTraits = NO_TRAITS
    closed: bool = False
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDelivery:
    """How many events of a delivery were stored, and how many we knew already."""

    stored: int
    known: int


class DeliveryInbox(Protocol):
    """Where deliveries are written down before Desk gets its 200 (L1)."""

    def submit(self, events: Sequence[Event], *, now: datetime) -> Future[RecordedDelivery]:
        """Have each event stored once, and its ticket marked "look now", in one transaction.

        The future is done when that is committed, or ends with an error; then nothing was stored. Cancelling it
        withdraws what has not been begun: the wait is the caller's to bound. Raises TemporaryError where too many wait.
        """
        ...


class TicketStore(Protocol):
    """What has to be looked at, when, and by whom; one portal's."""

    def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Lease]:
        """Lease up to `limit` tickets that are due, worst first, then oldest. Parked tickets are never due."""
        ...

    def begin_look(self, lease: Lease, *, now: datetime, until: datetime) -> PendingWork:
        """Count the attempt, before the work, and extend the lease to `until`. Raises LeaseLost."""
        ...

    def announce(self, lease: Lease, *, memory: Memory, effects: Sequence[Effect]) -> Mapping[Effect, bool]:
        """Write down what is about to happen: the memory, with what is intended, and each effect once.

        Returns the effects that are not done yet; True if an earlier attempt may have got through, so that Desk must
        be asked first. Raises LeaseLost.
        """
        ...

    def renew(self, lease: Lease, *, until: datetime) -> None:
        """Extend the lease to `until`. Raises LeaseLost."""
        ...

    def finish_look(self, lease: Lease, look: Look) -> None:
        """Record a look and everything that was read for it. Raises LeaseLost, and then records nothing.

        A mark that was set since `begin_look` stays: the ticket is due again at once.
        """
        ...

    def skip_look(self, lease: Lease, *, modified_at: datetime | None = None) -> None:
        """Record that the events, which told of everything up to `modified_at`, told nothing new. Raises LeaseLost."""
        ...

    def postpone(self, lease: Lease, *, look_at: datetime, error: str, refund: bool = False) -> None:
        """Give the ticket back, to be looked at again at `look_at`. Raises LeaseLost.

        `refund` takes the attempt back: what went wrong was not the ticket's fault.
        """
        ...

    def park(self, lease: Lease, *, now: datetime, error: str) -> None:
        """Take the ticket out of the queue until a person puts it back. Raises LeaseLost."""
        ...

    def end(self, lease: Lease, *, now: datetime) -> None:
        """Record that the ticket is gone: nothing more is due. A later event brings it back. Raises LeaseLost."""
        ...

    def look_now(self, ticket_ids: Iterable[str], *, now: datetime) -> int:
        """Mark tickets, whatever their events say; unparks them too. Returns how many were marked."""
        ...

    def parked(self) -> Sequence[ParkedTicket]:
        """The tickets that were given up and wait for a person, the longest-standing first."""
        ...

    def drop(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        """End parked tickets for good: their events are done with, and no later one brings them back."""
        ...

    def history(self, ticket_id: str) -> TicketHistory | None:
        """What is stored about one ticket, for a person to read; None for one that we never heard of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedTicket:
    """A ticket that was given up, and why. `events` came in and wait for the look."""

    ticket_id: str
    parked_at: datetime
    attempts: int
    error: str
    events: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDecision:
    """One row of the append-only list of decisions."""

    at: datetime
    decision: Decision
    fields_written: Mapping[Field, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEffect:
    """Something that was to happen once; `done_at` is None where we do not know that it did."""

    key: str
    kind: EffectKind
    reference: str
    planned_at: datetime
    done_at: datetime | None

    @property
    def state(self) -> str:
        return "done" if self.done_at else "planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketHistory:
    """Everything that is known about a ticket, oldest first."""

    ticket_id: str
    memory: Memory
    look_at: datetime | None
    looked_at: datetime | None
    attempts: int
    error: str | None
    parked_at: datetime | None
    dropped_at: datetime | None
    ended_at: datetime | None
    decisions: Sequence[PastDecision]
    events: Sequence[Event]
    effects: Sequence[PastEffect]
    told: Sequence[SentNotice] = ()
    promise: Promise | None = None

    def clocks(self, now: datetime) -> Sequence[Clock]:
        """Where the ticket's clocks stand, by what was promised; none for a ticket that has none."""
        watched = self.memory.watched
        if watched is None or self.promise is None:
            return ()
        return read_clocks(watched.history, self.promise, watched.circumstances, now)
