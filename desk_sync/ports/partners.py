"""What Desk said of who writes, kept so that a look costs no call for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from desk_sync.domain.account.partner import Partner


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPartner:
    """What Desk said at `at`. No partner: it knows none, or it did not let us ask (`refused`)."""

    partner: Partner | None
    at: datetime
    refused: bool = False


class EducationLog(Protocol):
    """Which partners were taught lately, for all processes."""

    def claim(self, partner_key: str, ticket_id: str, *, now: datetime, every: timedelta) -> bool:
        """Whether the partner may be taught on this ticket: nobody else's ticket taught it within `every`.

        Asked again for the same ticket it says the same, so that a look can be repeated.
        """
        ...


class PartnerBook(Protocol):
    """Where it is written down, for all processes. `key` names whom we asked about: a Desk account, or a contact."""

    def recall(self, key: str) -> StoredPartner | None:
        """What Desk said last, however long ago; None if it was never asked."""
        ...

    def learn(self, key: str, learnt: StoredPartner) -> None:
        """Replace what was known."""
        ...
