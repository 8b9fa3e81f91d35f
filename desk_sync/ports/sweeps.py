"""Sweeps: finding the changes that no delivery reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from desk_sync.ports.desk import ModifiedTickets


class SweepKind(StrEnum):
    """The periodic sweeps: of recent changes, and of the last days in full."""

    RECENT = "recent"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCoverage:
    """How far the sweeps have come: every modification from `since` to `until` is known."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedChanges:
    """How many tickets had an unknown change and were marked; `missed` of them should have been delivered."""

    marked: int
    missed: int


class SweepStore(Protocol):
    """The state of one portal's sweeps. It is not fenced: a sweep that is repeated has no further effect."""

    def acquire(self, which: SweepKind, *, now: datetime, length: timedelta) -> bool:
        """Return True if the caller alone may make this sweep until `length` has passed."""
        ...

    def coverage(self) -> SweepCoverage | None:
        """Return how far the sweeps have come; None for a portal that was never swept."""
        ...

    def cover(self, coverage: SweepCoverage) -> None:
        """Record how far the sweeps have come, after all of it has been marked."""
        ...

    def tally(self, *, changes: int, alarmed_at: datetime | None) -> None:
        """Add the number of changes first found by a sweep; set `alarmed_at` if too many of them were missed."""
        ...

    def mark_missed(
        self, modified: Sequence[ModifiedTickets], *, promised_since: datetime, now: datetime
    ) -> MissedChanges:
        """Mark the tickets that were modified later than is known and for which no look is due or pending.

        Those modified at `promised_since` or later count as missed, each modification once.
        """
        ...
