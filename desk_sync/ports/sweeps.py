"""What no delivery told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from desk_sync.ports.desk import ModifiedTickets


class SweepKind(StrEnum):
    """The sweeps that come round by themselves: of what is new, and of the last days in full."""

    RECENT = "recent"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCoverage:
    """How far the sweeps have come: of what was modified from `since` to `until`, nothing is unknown to us."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedChanges:
    """How many tickets were unknown to us as they are now, and how many of those deliveries should have told of."""

    marked: int
    missed: int


class SweepStore(Protocol):
    """What the sweeps know; one portal's. None of this is fenced: a sweep that is done twice changes nothing more."""

    def acquire(self, which: SweepKind, *, now: datetime, length: timedelta) -> bool:
        """Whether the caller alone may make this sweep; nobody else may until `length` has passed."""
        ...

    def coverage(self) -> SweepCoverage | None:
        """None for a portal that was never swept."""
        ...

    def cover(self, coverage: SweepCoverage) -> None:
        """Record how far the sweeps have come, when all of it has been marked."""
        ...

    def tally(self, *, changes: int, alarmed_at: datetime | None) -> None:
        """Count the changes that a sweep was the first to meet; `alarmed_at` if too many of them were missed."""
        ...

    def mark_missed(
        self, modified: Sequence[ModifiedTickets], *, promised_since: datetime, now: datetime
    ) -> MissedChanges:
        """Mark the tickets that were modified later than we know and that nobody is about to look at.

        Those that were modified at or after `promised_since` count as missed, each modification once.
        """
        ...
