"""What a service needs from the world. Adapters keep these promises; tests hold fakes and adapters to the same ones.

Instants are aware UTC datetimes. A method that talks to another machine raises TemporaryError or PermanentError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from desk_sync.domain.identity import Evidence, Identifier
from desk_sync.domain.plan import Decision, Effect
from desk_sync.domain.subscription import Account, Snapshot
from desk_sync.domain.ticket import Event, Field, Memory, Ticket, Value, Written


class Now(Protocol):
    """The one clock."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified:
    """A ticket, and when it was last modified, by Desk's clock."""

    ticket_id: str
    at: datetime


class Desk(Protocol):
    """One portal's REST API, in our words. Every call has a deadline."""

    def read_ticket(self, ticket_id: str) -> Ticket:
        """The ticket as it is now. Raises Gone for one that is deleted or hidden from us."""
        ...

    def read_threads(self, ticket: Ticket, *, known: int) -> Sequence[Evidence]:
        """What the partner's mails after the first `known` threads say of whose ticket it is.

        The newest is read as new text, those before it as quoted.
        """
        ...

    def write_ticket(self, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
        """Set the fields in one call; returns the ticket as Desk answered it.

        Raises FieldsDropped if the answer shows that a field was not taken.
        """
        ...

    def add_private_comment(self, ticket_id: str, text: str, reference: str) -> None:
        """Add a comment that only agents see; the reference stands at its end."""
        ...

    def has_comment(self, ticket_id: str, reference: str) -> bool:
        """Whether a comment of the ticket carries the reference (L6)."""
        ...

    def modified_between(self, start: datetime, end: datetime) -> Iterator[Sequence[Modified]]:
        """The tickets whose last change lies from `start` to `end`, both included: page by page, oldest first.

        Each page is asked for when the one before has been used. What Desk's search index does not know yet is absent.
        """
        ...


class Subscriptions(Protocol):
    """The local copy of the subscription data."""

    def current(self) -> Sequence[Snapshot]:
        """The last snapshot of each source that was imported in full, in the order in which look-ups use them."""
        ...

    def find(self, identifiers: Sequence[Identifier]) -> Mapping[Identifier, Sequence[Account]]:
        """The accounts of the current snapshots that each identifier leads to; identifiers without one are absent.

        Of accounts with one super admin, the first source's is given, and says which other sources have it.
        """
        ...

    def replace(
        self,
        accounts: Iterable[Account],
        *,
        source: str,
        as_of: date | None,
        now: datetime,
        max_age: timedelta,
        guard: Guard | None = None,
        rehearse: bool = False,
    ) -> Replaced:
        """Make `accounts` the current snapshot of the source, all at once or not at all.

        `guard` has the last word, before anything changes. To `rehearse` is to find out, and to change nothing.

        In the same transaction every open ticket that it concerns is marked: those of accounts that are new, changed or
        gone, and with any change, or after data older than `max_age`, those whose account is unknown.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much a snapshot holds: accounts, and licences as the guard counts them."""

    accounts: int
    licences: int


class Guard(Protocol):
    """What decides whether a snapshot may take the place of the one before."""

    def licences(self, account: Account) -> int: ...

    def check(self, before: Size, after: Size) -> None:
        """Raises Shrunk."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What a new snapshot changed: how many accounts, and how many open tickets have to be looked at again."""

    snapshot: Snapshot
    added: int
    differing: int
    removed: int
    tickets: int

    @property
    def changed(self) -> int:
        return self.added + self.differing + self.removed


class Source(Protocol):
    """Where subscription data come from."""

    def pull(self) -> Pulled:
        """Everything that the source has. Raises TemporaryError, PermanentError or InputError, now or while the
        accounts are used: they end without an error only if they are complete.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a source said. `as_of` is the date that the data themselves state."""

    accounts: Iterable[Account]
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullState:
    """How the pulls of one source went. `failing_since` is when the first pull after the last good one failed."""

    due_at: datetime | None = None
    pulled_at: datetime | None = None
    failing_since: datetime | None = None
    error: str | None = None


class Pulls(Protocol):
    """Whose turn it is to pull a source, and how it went."""

    def take_turn(self, source: str, *, now: datetime, until: datetime) -> bool:
        """Whether the source is due, and the caller alone may pull it until `until`."""
        ...

    def hold(self, source: str, *, until: datetime) -> None:
        """Keep the turn until then."""
        ...

    def succeeded(self, source: str, *, now: datetime, due_at: datetime) -> None:
        """End the turn of a pull whose snapshot is current; the next one is due at `due_at`."""
        ...

    def failed(self, source: str, error: str, *, now: datetime, due_at: datetime) -> PullState:
        """End the turn of a pull that changed nothing."""
        ...

    def states(self) -> Mapping[str, PullState]:
        """By the names of the sources that were ever pulled."""
        ...


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
class Pending:
    """What a look starts from. `wake_due`: the look is owed whatever the events say.

    `attempts` counts this one; `references` are those of our comments on the ticket.
    """

    memory: Memory
    events: Sequence[Event]
    references: frozenset[str]
    wake_due: bool
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one pass over a ticket found and did. `closed`: a new snapshot does not concern it.

    Of what Desk did to the ticket up to `modified_at` nothing is left to look at.
    """

    at: datetime
    decision: Decision
    memory: Memory
    fields_written: Mapping[Field, Value] = field(default_factory=dict)
    effects_done: Sequence[Effect] = ()
    urgency: int
    next_look_at: datetime | None
    closed: bool = False
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How many events of a delivery were stored, and how many we knew already."""

    stored: int
    known: int


class Inbox(Protocol):
    """Where deliveries are written down before Desk gets its 200 (L1)."""

    def submit(self, events: Sequence[Event], *, now: datetime) -> Future[Recorded]:
        """Have each event stored once, and its ticket marked "look now", in one transaction.

        The future is done when that is committed, or ends with an error; then nothing was stored. Cancelling it
        withdraws what has not been begun: the wait is the caller's to bound. Raises TemporaryError where too many wait.
        """
        ...


class Tickets(Protocol):
    """What has to be looked at, when, and by whom; one portal's."""

    def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Lease]:
        """Lease up to `limit` tickets that are due, worst first, then oldest. Parked tickets are never due."""
        ...

    def begin_look(self, lease: Lease, *, now: datetime, until: datetime) -> Pending:
        """Count the attempt, before the work, and extend the lease to `until`. Raises LeaseLost."""
        ...

    def announce(
        self, lease: Lease, *, intended: Mapping[Field, Written], effects: Sequence[Effect]
    ) -> Mapping[Effect, bool]:
        """Write down what is about to happen: `intended` merged into what was intended before, each effect once.

        Returns the effects that are not done yet; True if an earlier attempt may have got through, so that Desk must
        be asked first. Raises LeaseLost.
        """
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

    def parked(self) -> Sequence[Parked]:
        """The tickets that were given up and wait for a person, the longest-standing first."""
        ...

    def drop(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        """End parked tickets for good: their events are done with, and no later one brings them back."""
        ...

    def history(self, ticket_id: str) -> TicketHistory | None:
        """What is stored about one ticket, for a person to read; None for one that we never heard of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
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
    effects: Mapping[str, str]


class Round(StrEnum):
    """The sweeps that come round by themselves: of what is new, and of the last days in full."""

    RECENT = "recent"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How far the sweeps have come: of what was modified from `since` to `until`, nothing is unknown to us."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """How many tickets were unknown to us as they are now, and how many of those deliveries should have told of."""

    marked: int
    missed: int


class Sweeps(Protocol):
    """What the sweeps know; one portal's. None of this is fenced: a sweep that is done twice changes nothing more."""

    def take_turn(self, which: Round, *, now: datetime, length: timedelta) -> bool:
        """Whether the caller alone may make this sweep; nobody else may until `length` has passed."""
        ...

    def coverage(self) -> Coverage | None:
        """None for a portal that was never swept."""
        ...

    def cover(self, coverage: Coverage) -> None:
        """Record how far the sweeps have come, when all of it has been marked."""
        ...

    def mark_untold(self, modified: Sequence[Modified], *, promised_since: datetime, now: datetime) -> Untold:
        """Mark the tickets that were modified later than we know and that nobody is about to look at.

        Those that were modified at or after `promised_since` count as missed, each modification once.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An OAuth access token and the instant from which it must not be used."""

    access_token: str = field(repr=False)
    expires_at: datetime


class Tokens(Protocol):
    """The one access token that all processes share (10 refreshes in 10 minutes are all that Zoho allows)."""

    def read(self) -> Token | None:
        """The stored token, expired or not."""
        ...

    def elect(self, *, now: datetime, until: datetime) -> bool:
        """Whether the caller alone may refresh the token until `until`."""
        ...

    def save(self, token: Token) -> None:
        """Replace the token and end the election."""
        ...


class PortalFacts(Protocol):
    """What we learn about a portal on the way."""

    def own_agent(self) -> str | None:
        """The id of the agent whose token we use, once a write has shown it."""
        ...

    def learn_own_agent(self, agent_id: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """How many of its day's credits a portal had left when it last said so."""

    left: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A portal is left in peace until `until`; `number` counts the pauses since it last answered well."""

    until: datetime
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What all processes know about how a portal may be called. No pause: it answers."""

    credits: Credits | None = None
    pause: Pause | None = None


class Allowances(Protocol):
    """Where the allowance of one portal is kept, for all processes."""

    def read(self) -> Allowance: ...

    def save_credits(self, heard: Credits) -> None: ...

    def elect(self, seen: Credits, *, now: datetime) -> bool:
        """Whether the caller alone may ask Desk again how the credits stand, which count as heard at `now`."""
        ...

    def exchange(self, seen: Pause | None, then: Pause | None) -> bool:
        """Put `then` in the place of `seen`. False, and nothing is changed, if something else stands there by now."""
        ...


class Budget(Protocol):
    """How much may be asked of one portal's Desk, by all processes on all hosts together (L13)."""

    def admit(self, limit: int) -> int:
        """How many tickets may be claimed now: `limit`; one, when a pause has ended; none, while it lasts.

        None either without Redis.
        """
        ...

    def check(self, urgency: int) -> None:
        """Asked before a look. Raises TemporaryError while a ticket of this urgency must not cost a call."""
        ...

    def slot(self, within: timedelta) -> AbstractContextManager[None]:
        """Around every request: the right to have it in flight, waited for no longer than `within`.

        Raises TemporaryError if there is none in time, while the portal is paused, and as long as Redis is away.
        """
        ...

    def spent(self, left: int | None) -> None:
        """Desk answered, with so many credits left for the day; None if it did not say."""
        ...

    def exhausted(self, wait: timedelta) -> None:
        """Desk said that the day's credits are gone, and how long to wait."""
        ...

    def failed(self, cause: str) -> None:
        """There was no answer, or one that blames the whole portal. `cause` is for the log."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits in one portal. Parked tickets and their events stand apart: they wait for a person.

    Tickets: `due` now, `put_off` after a failure, `leased` to a worker. `events` are stored and not processed;
    `stranded` are those of them whose look is due at no time, which only a fault of ours can bring about.
    `oldest_at` is since when the oldest of all this is owed; putting a look off does not change it.
    """

    due: int
    put_off: int
    leased: int
    parked: int
    events: int
    stranded: int
    oldest_at: datetime | None


class Figures(Protocol):
    """One portal in figures."""

    def backlog(self, now: datetime) -> Backlog: ...

    def verdicts(self) -> Mapping[str, int]:
        """How many open tickets have each verdict."""
        ...

    def missed(self) -> int:
        """How many changes no delivery told of, since the first sweep."""
        ...


class Heartbeats(Protocol):
    """The sign of life that a task leaves, so that a worker that is alive and deaf is noticed."""

    def beat(self, *, now: datetime) -> None: ...

    def last(self) -> datetime | None: ...
