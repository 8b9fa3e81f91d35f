"""A portal: its access token, the facts learned about it, and the limits on calls to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from desk_sync.domain.desk_clock import ClockOffset

PLAIN_NAME = re.compile(r"[a-z0-9_-]+")
"""The whole name of a portal or a source: it stands in addresses and in the names of settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An OAuth access token and the instant from which it must not be used."""

    access_token: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """The one access token that all processes share (Zoho allows 10 refreshes in 10 minutes)."""

    def read(self) -> AccessToken | None:
        """Return the stored token, expired or not; None before the first."""
        ...

    def elect(self, *, now: datetime, until: datetime) -> bool:
        """Return True if the caller alone may refresh the token until `until`."""
        ...

    def save(self, token: AccessToken) -> None:
        """Replace the token, end the election, and forget the last failure."""
        ...

    def refuse(self, code: str) -> None:
        """Record the code of the failure that the elected caller met. The election goes on."""
        ...

    def refusal(self) -> str | None:
        """Return the code of the last failure; None if a token was saved since."""
        ...


class PortalFacts(Protocol):
    """The facts that are learned about a portal while working with it."""

    def own_agent(self) -> str | None:
        """Return the id of the agent whose token we use; None until a write has shown it."""
        ...

    def learn_own_agent(self, agent_id: str) -> None:
        """Record the id of the agent whose token we use; the one before is a former one from now on."""
        ...

    def own_agents(self) -> frozenset[str]:
        """Return the ids of all agents whose token we used, the present one included."""
        ...

    def learn_former_agents(self, agent_ids: Iterable[str]) -> None:
        """Record the ids of agents whose token we used before."""
        ...

    def traces_wanted_at(self) -> datetime | None:
        """Return when a person asked for all our traces in the portal; None if nobody did."""
        ...

    def want_traces(self, at: datetime) -> None:
        """Let the next look at each ticket read our traces on it, unless it did so since `at`."""
        ...

    def is_new(self) -> bool:
        """Return True if no ticket of the portal is known."""
        ...

    def active_since(self, offset: ClockOffset) -> datetime | None:
        """Return the instant from which events start escalations: set by a person, or that of our first ticket.

        It is in Desk's time; `offset` leads there from the host's, in which our first ticket was recorded.
        """
        ...

    def activate(self, since: datetime) -> None:
        """Let events from `since` on start escalations."""
        ...

    def learn_statuses(self, types: Mapping[str, str]) -> Mapping[str, str]:
        """Record Desk's types of statuses, by name; return those of all known ones."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLevel:
    """How many of its day's credits a portal had left at `at`, by Desk's last statement."""

    left: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPause:
    """No calls to a portal from `begun_at` until `until`; `number` counts the pauses since its last good answer.

    A pause that begins in the future was made before the clock was put back, and has no effect.
    """

    begun_at: datetime
    until: datetime
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAllowance:
    """The limits on calls to a portal, shared by all processes. `pause` is None while the portal answers."""

    credits: CreditLevel | None = None
    pause: DeskPause | None = None


class AllowanceStore(Protocol):
    """The stored allowance of one portal, shared by all processes."""

    def read(self) -> CreditAllowance:
        """Return the stored allowance; an empty one before the first."""
        ...

    def exchange_credits(self, seen: CreditLevel | None, new: CreditLevel) -> bool:
        """Replace `seen` by `new`; return False, and change nothing, if `seen` is no longer the stored level."""
        ...

    def elect(self, seen: CreditLevel, *, now: datetime) -> bool:
        """Return True if the caller alone may request the credit level from Desk; `seen` then counts as of `now`."""
        ...

    def exchange(self, seen: DeskPause | None, new: DeskPause | None) -> bool:
        """Replace `seen` by `new`; return False, and change nothing, if `seen` is no longer the stored pause."""
        ...


class CallBudget(Protocol):
    """The limits on calls to one portal's Desk, over all processes on all hosts (L13)."""

    def admit(self, limit: int) -> int:
        """Return how many tickets may be claimed now: `limit`; 1 after a pause has ended; 0 during it.

        0 also while Redis is unavailable.
        """
        ...

    def check(self, urgency: int) -> None:
        """Raise TemporaryError while a ticket of this urgency must not cost a call. To be called before each look."""
        ...

    def slot(self, within: timedelta) -> AbstractContextManager[None]:
        """Return the right to one request in flight, as a context around it; entering waits no longer than `within`.

        Entering raises TemporaryError if no slot is free in time, while the portal is paused, and without Redis.
        """
        ...

    def spent(self, left: int | None, *, sent_at: datetime) -> None:
        """Record that Desk answered a call sent at `sent_at`, with `left` credits for the day; None if not stated."""
        ...

    def counted(self, left: int | None, *, sent_at: datetime) -> None:
        """Record the credits `left` by an answer that does not show whether the portal is well."""
        ...

    def exhausted(self, wait: timedelta) -> None:
        """Record that the day's credits are used up, and that Desk requires a wait."""
        ...

    def failed(self, cause: str, about: str | None = None) -> None:
        """Record that Desk gave no answer, or an error of the whole portal. `cause` is for the log.

        `about` is the record that the failure may concern alone: then it counts once for that record.
        """
        ...

    @property
    def is_ill(self) -> bool:
        """True while calls are paused, and after a failure until Desk's next answer: no ticket is to blame then."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationMark:
    """The installation that wrote or edited a private comment last; the times of its making and last edit in Desk."""

    installation: str
    made_at: datetime
    edited_at: datetime


class InstallationMarks(Protocol):
    """The marks of installations in a portal's private comments.

    An id begins with the time of its installation, so that of two the older one has the smaller id.
    """

    def own(self) -> str | None:
        """Return the id of this installation; None to leave no mark."""
        ...

    def wrote(self, ticket_id: str, at: datetime) -> None:
        """Record an instant, by Desk's clock, at which this installation wrote a comment."""
        ...

    def see(self, ticket_id: str, marks: Sequence[InstallationMark]) -> None:
        """Record what the comments of a ticket say about other installations that write."""
        ...


class NoInstallationMarks:
    """The port `InstallationMarks` for a client that marks nothing."""

    def own(self) -> str | None:
        return None

    def wrote(self, ticket_id: str, at: datetime) -> None:
        """Do nothing."""

    def see(self, ticket_id: str, marks: Sequence[InstallationMark]) -> None:
        """Do nothing."""


UNMARKED = NoInstallationMarks()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInstallation:
    """Another installation that wrote on tickets after this one had begun to write; last noticed at `seen_at`."""

    installation: str
    tickets: int
    seen_at: datetime


class InstallationStore(InstallationMarks, Protocol):
    """This installation, and the others on one portal that were noticed."""

    @property
    def portal(self) -> str:
        """The portal's name."""
        ...

    def own(self) -> str:
        """Return the id of this installation. It is made once, and stored with all that the installation remembers."""
        ...

    def others(self, speaks_in: Callable[[str], bool]) -> Sequence[OtherInstallation]:
        """Return the other installations that were noticed since the last `clear`, the oldest first.

        Only tickets count for whose department `speaks_in` is true: elsewhere another one may write.
        """
        ...

    def clear(self, *, now: datetime, by: str | None, why: str) -> None:
        """Record that a person has settled the matter: only what is noticed from now on counts, in every portal."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalOrigin:
    """The Desk organisation that a portal is, and its data centre."""

    org_id: str
    data_center: str

    def __str__(self) -> str:
        return f"organisation {self.org_id} ({self.data_center})"


class BelongingStore(Protocol):
    """The portals that the database has data of."""

    def origins(self) -> Mapping[str, PortalOrigin]:
        """Return the organisation of each portal that has one, by name."""
        ...

    def claim(self, portal: str, origin: PortalOrigin) -> None:
        """Store the organisation of a portal, unless one is stored."""
        ...

    def open_tickets(self, without: Collection[str]) -> Mapping[str, int]:
        """Return the number of open tickets of each portal with a name that is not in `without`; none with 0."""
        ...

    def end(self, portal: str, *, now: datetime, dry_run: bool) -> int:
        """End the open tickets of a portal: they wait for no look any more. Return how many they are."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RenamedPortal:
    """A portal's new name, and how many rows of each table have it."""

    old: str
    new: str
    rows: Mapping[str, int]


class PortalRenaming(Protocol):
    """The change of a portal's name in every table."""

    def rename(self, old: str, new: str, *, now: datetime, dry_run: bool) -> RenamedPortal:
        """Give the data of a portal another name, in one transaction; with `dry_run`, only count them.

        Raises ConfigurationError if there are none of `old`, some of `new`, or if a process is at work.
        """
        ...
