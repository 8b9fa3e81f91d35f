"""What only a person can settle, and what persons have settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.account.identity import Identifier
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReview:
    """An open ticket that a person has to decide about, and why we cannot; or its `questions`, beside a verdict."""

    ticket_id: str
    verdict: str
    account_id: str | None
    looked_at: datetime
    reasons: Sequence[Reason]
    questions: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledReview:
    """Who settled something, when, and why; a person may leave out who they are and why they did."""

    at: datetime
    by: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierBinding:
    """An identifier that leads to the account that a person named, whatever the sources say of it."""

    identifier: Identifier
    account_id: str
    settled: SettledReview


class ReviewStore(Protocol):
    """One portal's tickets that wait for a person."""

    def undecided(self) -> Sequence[OpenReview]:
        """Those whose decision stands and was not dismissed, the longest-standing first."""
        ...

    def dismiss(self, ticket_id: str, settled: SettledReview) -> None:
        """Leave a ticket out until its decision changes; one that is not among the undecided is left as it is."""
        ...


class BindingStore(Protocol):
    """The identifiers that persons bound to accounts. No import changes them."""

    def bind(self, binding: IdentifierBinding, *, dry_run: bool = False) -> int:
        """Keep a binding, in the place of an earlier one of its identifier; returns how many tickets were marked.

        To `rehearse` is to find out, and to change nothing. Open tickets whose account is unknown, or one that the
        identifier led to before or leads to now, are looked at again. Raises PermanentError if no source that is used
        has the account.
        """
        ...

    def unbind(self, identifier: Identifier, *, now: datetime, dry_run: bool = False) -> int | None:
        """Forget a binding, and mark tickets as `bind` does; None if there is none."""
        ...

    def bindings(self) -> Sequence[IdentifierBinding]:
        """All of them, the oldest first."""
        ...
