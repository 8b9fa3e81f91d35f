"""What is known of a portal: its token, its facts, and how much may be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An OAuth access token and the instant from which it must not be used."""

    access_token: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """The one access token that all processes share (10 refreshes in 10 minutes are all that Zoho allows)."""

    def read(self) -> AccessToken | None:
        """The stored token, expired or not."""
        ...

    def elect(self, *, now: datetime, until: datetime) -> bool:
        """Whether the caller alone may refresh the token until `until`."""
        ...

    def save(self, token: AccessToken) -> None:
        """Replace the token and end the election."""
        ...


class PortalFacts(Protocol):
    """What we learn about a portal on the way."""

    def own_agent(self) -> str | None:
        """The id of the agent whose token we use, once a write has shown it."""
        ...

    def learn_own_agent(self, agent_id: str) -> None: ...

    def active_since(self) -> datetime | None:
        """Since when what happens sets off escalations: when we first heard of a ticket, or what a person has said."""
        ...

    def activate(self, since: datetime) -> None:
        """Let what happened since then set off escalations, too."""
        ...

    def learn_status(self, name: str, kind: str) -> Mapping[str, str]:
        """Remember Desk's type of a status that was seen; returns the types of all that are known, by name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLevel:
    """How many of its day's credits a portal had left when it last said so."""

    left: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPause:
    """A portal is left in peace from `begun_at` until `until`; `number` counts the pauses since it last answered well.

    One that has not begun was made by a clock that has been put back, and holds nobody up.
    """

    begun_at: datetime
    until: datetime
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAllowance:
    """What all processes know about how a portal may be called. No pause: it answers."""

    credits: CreditLevel | None = None
    pause: DeskPause | None = None


class AllowanceStore(Protocol):
    """Where the allowance of one portal is kept, for all processes."""

    def read(self) -> CreditAllowance: ...

    def save_credits(self, heard: CreditLevel) -> None: ...

    def elect(self, seen: CreditLevel, *, now: datetime) -> bool:
        """Whether the caller alone may ask Desk again how the credits stand, which count as heard at `now`."""
        ...

    def exchange(self, seen: DeskPause | None, then: DeskPause | None) -> bool:
        """Put `then` in the place of `seen`. False, and nothing is changed, if something else stands there by now."""
        ...


class CallBudget(Protocol):
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
