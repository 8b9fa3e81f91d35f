"""What Desk said of who writes, kept so that a look costs no call for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.partner import Partner


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What Desk said at `at`. No partner: it knows none, or it did not let us ask (`refused`)."""

    partner: Partner | None
    at: datetime
    refused: bool = False


class PartnerBook(Protocol):
    """Where it is written down, for all processes. `key` names whom we asked about: a Desk account, or a contact."""

    def recall(self, key: str) -> Learnt | None:
        """What Desk said last, however long ago; None if it was never asked."""
        ...

    def learn(self, key: str, learnt: Learnt) -> None:
        """Replace what was known."""
        ...
