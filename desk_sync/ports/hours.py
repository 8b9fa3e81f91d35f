"""The business hours that are taken from Desk, and their store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.commitment.calendar import BusinessCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHours:
    """The last reading of business hours from Desk, tried at `tried_at`.

    `calendar` is the last valid one, confirmed at `read_at` and unchanged since `since`; None if there was none yet.
    `problem` is why the last try failed; None if it succeeded.
    """

    tried_at: datetime
    calendar: BusinessCalendar | None = None
    since: datetime | None = None
    read_at: datetime | None = None
    problem: str | None = None


class DeskHours(Protocol):
    """The business hours of one portal's Desk."""

    def business_hours(self, named: str) -> BusinessCalendar:
        """Return the calendar of the business hours with this id or name.

        Raises PermanentError if there are none, or if they cannot be a calendar of ours.
        """
        ...


class KeptHours(Protocol):
    """One portal's stored business hours, shared by all processes."""

    def recall(self, named: str) -> StoredHours | None:
        """Return the last reading, however old; None before the first."""
        ...

    def keep(self, named: str, hours: StoredHours) -> None:
        """Replace the last reading."""
        ...
