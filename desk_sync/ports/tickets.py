"""The queue of tickets: deliveries that make them due, leases, the results of looks, and their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.promise import Promise
from desk_sync.domain.commitment.read_clocks import read_clocks
from desk_sync.domain.escalation.notice import Message
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.education import EducationClaim
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.domain.ticket.ticket import Field, Value
from desk_sync.ports.held_back import HeldBackOnTicket
from desk_sync.ports.notices import SentNotice
from desk_sync.ports.related_tickets import TicketTraits

NO_TRAITS = TicketTraits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """The facts of a ticket that reports need, and that are kept when it ended long ago.

    `region` is the one of its promise, `tier` the partner's, `severity` the level that counts. `large`: it is a large
    user account's. `solved_at` is when it was solved, if it was and was not reopened.
    """

    department_id: str | None = None
    region: str | None = None
    tier: str | None = None
    severity: int | None = None
    large: bool | None = None
    solved_at: datetime | None = None


NO_FACTS = ReportFacts()


class ParkCause(StrEnum):
    """Whose failure parked a ticket. One that the portal's failure parked comes back when the portal is well."""

    PORTAL = "portal"
    TICKET = "ticket"


UNSEEN = 0
"""The urgency of a ticket without a look: it may be one of the most urgent, or may not exist at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on one ticket until `until`; a later claim has a higher `token` (fencing).

    `urgency` is that of the ticket's last look, 1 is the highest; or UNSEEN.
    """

    ticket_id: str
    token: int
    until: datetime
    urgency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWork:
    """The input of a look. `wake_due`: the look is due whatever the events contain.

    `attempts` includes this one; `references` are those of our comments on the ticket. `promise` is the one that was
    frozen when the ticket's clocks started. If the last look failed, with `error`, it began at `failed_at`, and a look
    has been due since `owed_at`.

    `exists`: Desk has shown the ticket before, to a look or in a search; of any other the id may be invented.
    `missing_at` is since when Desk has others and not this one; None if it was there at the last look.
    """

    memory: Memory
    events: Sequence[Event]
    references: frozenset[str]
    wake_due: bool
    attempts: int
    promise: Promise | None = None
    owed_at: datetime | None = None
    failed_at: datetime | None = None
    error: str | None = None
    exists: bool = True
    missing_at: datetime | None = None

    @property
    def says_deleted(self) -> bool:
        """Whether an event says that the ticket was deleted."""
        return any(event.hint is EventHint.GONE for event in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The result of one pass over a ticket. `closed`: a new snapshot does not concern the ticket.

    `clocks` is None for a ticket without clocks. `messages` are for people outside Desk. Looks at other tickets
    find it by its `traits`; reports need its `facts`. `next_step_at` is when the next step of its escalation is due, in
    Desk's time, like the instants of the clocks; `next_look_at` and those of the messages are in the host's.
    `held_back` is None if no field is held back, before and after the look.

    All modifications of the ticket up to `modified_at`, by Desk's clock, have been looked at. The one at `written_at`
    was our own; None if the look wrote no field.
    """

    at: datetime
    decision: Decision
    memory: Memory
    fields_written: Mapping[Field, Value] = field(default_factory=dict)
    effects_done: Sequence[Effect] = ()
    urgency: int
    next_look_at: datetime | None
    next_step_at: datetime | None = None
    clocks: ClockReading | None = None
    messages: Sequence[Message] = ()
    traits: TicketTraits = NO_TRAITS
    facts: ReportFacts = NO_FACTS
    closed: bool = False
    held_back: HeldBackOnTicket | None = None
    modified_at: datetime | None = None
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDelivery:
    """How many events of a delivery were stored, and how many were already known."""

    stored: int
    known: int


class DeliveryInbox(Protocol):
    """The store of deliveries; Desk gets its 200 after the commit (L1)."""

    def submit(self, events: Sequence[Event], *, now: datetime) -> Future[RecordedDelivery]:
        """Queue the events: each is stored once and its ticket marked "look now", in one transaction.

        The future is done after the commit, or ends with an error if nothing was stored. It has no timeout: a caller
        that stops waiting cancels it, which withdraws a delivery that is not yet in a transaction. Raises
        TemporaryError if too many deliveries are waiting.
        """
        ...


class TicketStore(Protocol):
    """One portal's queue of tickets, with the results of their looks."""

    def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Lease]:
        """Lease up to `limit` tickets that are due at `now` (included), most urgent first, then oldest.

        A lease runs out at `until`. Parked tickets are never due.
        """
        ...

    def begin_look(self, lease: Lease, *, now: datetime, until: datetime) -> PendingWork:
        """Count the attempt, extend the lease to `until`, and return the input of the look. Raises LeaseLost."""
        ...

    def announce(
        self, lease: Lease, *, memory: Memory, effects: Sequence[Effect], education: EducationClaim | None = None
    ) -> Mapping[Effect, bool]:
        """Record what is about to be written: the memory, with the intended values, and each effect once.

        Return the effects that are not done yet; True if an earlier attempt may have reached Desk, which must then be
        checked first. The reply of `education` is neither recorded nor returned if another ticket of the partner got
        one meanwhile. Raises LeaseLost.
        """
        ...

    def renew(self, lease: Lease, *, until: datetime) -> None:
        """Extend the lease to `until`. Raises LeaseLost."""
        ...

    def finish_look(self, lease: Lease, look: Look) -> None:
        """Record a look, and that its events are processed. Raises LeaseLost, and then records nothing.

        A mark that was set since `begin_look` stays: the ticket is due again at once.
        """
        ...

    def skip_look(self, lease: Lease, *, modified_at: datetime | None = None) -> None:
        """Record that the events, which cover changes up to `modified_at`, contain nothing new. Raises LeaseLost."""
        ...

    def postpone(self, lease: Lease, *, look_at: datetime, error: str, refund: bool = False) -> None:
        """Release the ticket, and make it due at `look_at` whatever its events contain. Raises LeaseLost.

        With `refund` the attempt does not count: the failure was not the ticket's.
        """
        ...

    def park(self, lease: Lease, *, now: datetime, error: str, cause: ParkCause = ParkCause.TICKET) -> None:
        """Take the ticket out of the queue until a person, or `bring_back`, puts it back. Raises LeaseLost."""
        ...

    def end(self, lease: Lease, *, now: datetime) -> None:
        """Record that the ticket is gone, and nothing more is due. A later event brings it back. Raises LeaseLost."""
        ...

    def miss(self, lease: Lease, *, now: datetime, look_at: datetime, error: str) -> None:
        """Record that Desk does not have the ticket, from the first such look on, until a look ends well or `end`.

        Its events are processed, and the next look is due at `look_at`; its clocks and steps are not overdue meanwhile.
        Raises LeaseLost.
        """
        ...

    def witnesses(self, ticket_id: str, *, limit: int) -> Sequence[str]:
        """Return up to `limit` other tickets that Desk had when they were last looked at, the newest first."""
        ...

    def look_now(self, ticket_ids: Iterable[str], *, now: datetime) -> int:
        """Make the tickets due at `now`, whatever their events contain, and unpark them; return how many."""
        ...

    def bring_back(self, *, parked_before: datetime, now: datetime, limit: int) -> int:
        """Put up to `limit` tickets back that the portal's failure parked before an instant; return how many.

        They are due at `now`, as tickets whose last look failed when they were parked.
        """
        ...

    def parked(self) -> Sequence[ParkedTicket]:
        """Return the tickets that are parked and not dropped, longest parked first."""
        ...

    def drop(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        """Give up parked tickets: their events count as processed, and later events do not bring them back.

        Tickets that are not parked are left as they are.
        """
        ...

    def history(self, ticket_id: str) -> TicketHistory | None:
        """Return everything stored about one ticket, for a person to read; None if the ticket is unknown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedTicket:
    """A parked ticket with its last error. `events` is the number of its unprocessed events."""

    ticket_id: str
    parked_at: datetime
    attempts: int
    error: str
    events: int = 0
    cause: ParkCause = ParkCause.TICKET


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDecision:
    """One row of the append-only list of decisions."""

    at: datetime
    decision: Decision
    fields_written: Mapping[Field, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEffect:
    """An effect, which must happen once; `done_at` is None if it is not known to have happened."""

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
    """Everything stored about a ticket; lists are oldest first. `sent_notices` has waiting and refused ones too."""

    ticket_id: str
    memory: Memory
    look_at: datetime | None
    looked_at: datetime | None
    attempts: int
    error: str | None
    parked_at: datetime | None
    dropped_at: datetime | None
    ended_at: datetime | None
    missing_at: datetime | None = None
    decisions: Sequence[PastDecision]
    events: Sequence[Event]
    effects: Sequence[PastEffect]
    sent_notices: Sequence[SentNotice] = ()
    promise: Promise | None = None

    def clocks(self, now: datetime) -> Sequence[Clock]:
        """Return the ticket's clocks at `now`, by its frozen promise; empty for a ticket without clocks."""
        inputs = self.memory.clocks.inputs
        if inputs is None or self.promise is None:
            return ()
        return read_clocks(inputs.history, self.promise, inputs.basis, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTicket:
    """A ticket of a portal by its names. `number` and `partner` are those of its last look."""

    portal: str
    ticket_id: str
    number: str | None = None
    partner: str | None = None


class OpenClocks(Protocol):
    """All clocks that will still change by themselves, and all ladders that still advance."""

    def requeue_unplanned(self, *, now: datetime) -> int:
        """Mark the tickets for which no look is planned by the time of their next clock change or escalation step.

        Changes and steps of the coming hours are checked, in time to make a missing look without delay. Their instants
        are in Desk's time, looks in the host's. An open ticket for which no look is planned at all is marked too,
        whatever is expected of it; one that was never looked at is not. Leased, postponed, parked and ended tickets
        are left out. Returns how many were marked.
        """
        ...

    def requeue_by_policy(self, version: str, *, now: datetime) -> int:
        """Mark all open tickets if the version of the mapping is another than at the last call; return how many."""
        ...
