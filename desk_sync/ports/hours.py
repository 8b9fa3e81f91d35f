"""The business hours that are taken from Desk, and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.commitment.calendar import BusinessCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHours:
    """What Desk said of business hours when we last asked, at `tried_at`.

    `calendar` is the last that was good, confirmed at `read_at` and the same since `since`; None if none ever was.
    `problem` says why the last try brought nothing.
    """

    tried_at: datetime
    calendar: BusinessCalendar | None = None
    since: datetime | None = None
    read_at: datetime | None = None
    problem: str | None = None


class DeskHours(Protocol):
    """One portal's Desk, as far as its calendars are concerned."""

    def business_hours(self, named: str) -> BusinessCalendar:
        """The calendar of the business hours with this id or name. Raises PermanentError for one that cannot be."""
        ...


class KeptHours(Protocol):
    """Where one portal's business hours are kept, for all processes."""

    def recall(self, named: str) -> StoredHours | None:
        """None if we never asked."""
        ...

    def keep(self, named: str, told: StoredHours) -> None:
        """Replace what was known."""
        ...
