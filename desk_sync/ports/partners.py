"""Partners as read from Desk, stored so that a look needs no call for them; and replies that educate them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.account.partner import Partner
from desk_sync.domain.plan.education import LastEducation


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPartner:
    """A partner as read from Desk at `at`; None if Desk has none, or did not permit the request (`refused`)."""

    partner: Partner | None
    at: datetime
    refused: bool = False


class EducationLog(Protocol):
    """The last public education reply to each partner, for all processes; it is recorded by `TicketStore.announce`."""

    def last(self, partner_key: str) -> LastEducation | None:
        """Return the last reply to the partner; None before the first."""
        ...

    def learn(self, partner_key: str, found: LastEducation) -> None:
        """Record a reply that was found in Desk, unless a later one is known."""
        ...


class PartnerBook(Protocol):
    """The partners read from Desk, for all processes. `key` names a Desk account or a contact."""

    def recall(self, key: str) -> StoredPartner | None:
        """Return the last reading, however old; None before the first."""
        ...

    def learn(self, key: str, stored: StoredPartner) -> None:
        """Replace the last reading."""
        ...
