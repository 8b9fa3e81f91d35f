"""The last looks that went well: the evidence whether a failure is the portal's or the ticket's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock


@dataclass(slots=True)
class RecentLooks:
    """The last looks of this process that went well, at two tickets: so there is another one for every ticket.

    Safe to share between threads. What it does not know after a restart counts as no evidence against a ticket.
    """

    _ended: Mapping[str, datetime] = field(default_factory=dict)
    _shown_at: datetime | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, ticket_id: str, at: datetime) -> None:
        """Record that a look at the ticket went well."""
        with self._lock:
            others = [(each, ended) for each, ended in self._ended.items() if each != ticket_id]
            self._ended = {**dict(others[-1:]), ticket_id: at}

    def show(self, at: datetime) -> None:
        """Record that Desk showed a ticket, without a look at it."""
        self._shown_at = at

    def showed_since(self, since: datetime) -> bool:
        """Return True if Desk showed a ticket after `since`."""
        return any(at > since for at in (self._shown_at, self.last_at()) if at)

    def last_at(self) -> datetime | None:
        """Return when the last look ended well; None before the first."""
        return max(self._ended.values(), default=None)

    def another_since(self, ticket_id: str, since: datetime) -> bool:
        """Return True if a look at another ticket went well after `since`."""
        return any(each != ticket_id and ended > since for each, ended in self._ended.items())
