"""The tickets related to a ticket: those that may form a cluster with it, and its partner's how-to questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.escalation.basic_questions import BasicQuestion
from desk_sync.domain.escalation.triggers import SevereTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTraits:
    """The facts by which looks at other tickets find a ticket.

    `severe_at` is since when it has severity 1, `howto_at` since when it is a how-to question; None if it does not or
    is not.
    """

    number: str | None = None
    product: str | None = None
    partner: str | None = None
    severe_at: datetime | None = None
    howto_at: datetime | None = None


class RelatedTickets(Protocol):
    """The tickets of one portal, as found by their last looks, without ended ones."""

    def severe(self, *, account_id: str | None, product: str | None, since: datetime) -> Sequence[SevereTicket]:
        """Return the tickets of the account or about the product with severity 1 since `since` (included) or later."""
        ...

    def questions(self, partner: str, *, since: datetime) -> Sequence[BasicQuestion]:
        """Return the partner's how-to questions from `since` (included) on."""
        ...

    def wake(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        """Make the tickets due at `now`, whatever their events contain."""
        ...
