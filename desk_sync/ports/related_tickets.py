"""The tickets around a ticket: those that may make a cluster with it, and its partner's questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.escalation.basic_questions import BasicQuestion
from desk_sync.domain.escalation.triggers import SevereTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTraits:
    """By what its neighbours know a ticket: since when it is of severity 1, since when a how-to question; or never."""

    number: str | None = None
    product: str | None = None
    partner: str | None = None
    severe_at: datetime | None = None
    howto_at: datetime | None = None


class RelatedTickets(Protocol):
    """The tickets of one portal, as their last looks found them; those that are gone left out."""

    def severe(self, *, account_id: str | None, product: str | None, since: datetime) -> Sequence[SevereTicket]:
        """Those of severity 1 since then, of the account or about the product."""
        ...

    def questions(self, partner: str, *, since: datetime) -> Sequence[BasicQuestion]:
        """The partner's how-to tickets since then."""
        ...

    def wake(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        """Owe each a look."""
        ...
