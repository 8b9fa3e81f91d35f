"""Tickets that wait for a decision of a person, and the decisions that persons have made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.account.identity import Identifier
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.plan.decision import SuggestedAccount
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReview:
    """An open ticket that a person must decide, with the reasons; or one with a verdict and open `questions`.

    `suggestions` are the accounts that the person may choose from. `number` and `partner` are those of the last look.
    """

    ticket_id: str
    verdict: str
    account_id: str | None
    looked_at: datetime
    reasons: Sequence[Reason]
    questions: Sequence[str] = ()
    suggestions: Sequence[SuggestedAccount] = ()
    number: str | None = None
    partner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledReview:
    """When, by whom and why something was settled; the name and the reason are optional."""

    at: datetime
    by: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierBinding:
    """An identifier bound to an account by a person; the sources' data for the identifier are ignored."""

    identifier: Identifier
    account_id: str
    settled: SettledReview


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketBinding:
    """A ticket that a person bound to an account, whatever its texts suggest."""

    ticket_id: str
    account_id: str
    settled: SettledReview


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPlace:
    """A partner, by its name or a domain of it, whose country a person settled: an ISO 3166-1 alpha-2 code."""

    partner: str
    country: str
    settled: SettledReview


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """A partner's request for an escalation, as a person recorded it: when, and by whom, if they gave a name."""

    ticket_id: str
    at: datetime
    by: str | None = None


class RequestStore(Protocol):
    """The requests for an escalation that persons recorded on one portal's tickets."""

    def record(self, request: RecordedRequest, *, dry_run: bool = False) -> None:
        """Store a request, and mark the ticket, whose next look judges it by R33's rule.

        With `dry_run`, only check. Raises PermanentError if the ticket is not known, or is gone.
        """
        ...


class ReviewStore(Protocol):
    """One portal's tickets that wait for a person."""

    def undecided(self) -> Sequence[OpenReview]:
        """Return the tickets that need a person and whose last decision was not dismissed, oldest look first."""
        ...

    def dismiss(self, ticket_id: str, settled: SettledReview) -> None:
        """Leave the ticket out until its decision changes; has no effect on a ticket that is not undecided."""
        ...


class BindingStore(Protocol):
    """The identifiers that persons bound to accounts. No import changes them."""

    def bind(self, binding: IdentifierBinding, *, dry_run: bool = False) -> int:
        """Store a binding, replacing an earlier one of its identifier; return how many tickets were marked.

        Open tickets are marked if their account is unknown, or if the identifier led to it before or leads to it now.
        With `dry_run`, only count them. Raises PermanentError if no source in use has the account.
        """
        ...

    def unbind(self, identifier: Identifier, *, now: datetime, dry_run: bool = False) -> int | None:
        """Delete a binding, and mark tickets as `bind` does; return None if there is none."""
        ...

    def bindings(self) -> Sequence[IdentifierBinding]:
        """Return all bindings, oldest first."""
        ...


class TicketBindingStore(Protocol):
    """The tickets of one portal that persons bound to accounts. No import changes them."""

    def bind(self, binding: TicketBinding, *, dry_run: bool = False) -> None:
        """Store a binding, replacing an earlier one of the ticket, and mark the ticket.

        With `dry_run`, only check. Raises PermanentError if the ticket is not known, or no source in use has the
        account.
        """
        ...

    def unbind(self, ticket_id: str, *, now: datetime, dry_run: bool = False) -> bool:
        """Delete a binding, and mark the ticket; return False if there is none."""
        ...

    def bindings(self) -> Sequence[TicketBinding]:
        """Return all bindings, oldest first."""
        ...

    def account_of(self, ticket_id: str) -> Account | None:
        """Return the account that the ticket is bound to; None if it is not, or if no source has the account."""
        ...


class PlaceStore(Protocol):
    """The countries of one portal's partners that persons settled. They take precedence over Desk and partner file."""

    def place(self, place: PartnerPlace, *, known: Iterable[str] = (), dry_run: bool = False) -> int:
        """Store a place, replacing an earlier one of the partner; return how many open tickets were marked.

        Marked are the tickets of the partners that may be meant; `known` are names under which tickets may have one.
        With `dry_run`, only count them. Raises PermanentError for a name that no partner has, unless it is a domain.
        """
        ...

    def displace(self, partner: str, *, now: datetime, known: Iterable[str] = (), dry_run: bool = False) -> int | None:
        """Delete a place, and mark tickets as `place` does; return None if there is none."""
        ...

    def places(self) -> Sequence[PartnerPlace]:
        """Return all places, oldest first."""
        ...

    def place_of(self, names: Collection[str]) -> PartnerPlace | None:
        """Return the last place of a partner that has one of these names, case folded."""
        ...
