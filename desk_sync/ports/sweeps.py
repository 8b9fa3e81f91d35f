"""Sweeps: finding the changes that no delivery reported."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from desk_sync.ports.desk import ModifiedTickets


class SweepKind(StrEnum):
    """The periodic sweeps: of recent changes, of the last days in full, and of partners' replies.

    Desk is not known to move a ticket's modification time at a reply.
    """

    RECENT = "recent"
    FULL = "full"
    REPLIES = "replies"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCoverage:
    """How far the sweeps have come: every modification from `since` to `until` is known. Both are in Desk's time."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRound:
    """The progress of one kind of sweep. The last one that ended well did so at `ended_at`, and `reached` an instant.

    That instant is in Desk's time, `ended_at` in the host's.

    Both are None before the first. `failures` counts the sweeps that failed since then, the last one with `error`.
    """

    reached: datetime | None = None
    ended_at: datetime | None = None
    failures: int = 0
    error: str | None = None


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

    def rounds(self) -> Mapping[SweepKind, SweepRound]:
        """Return the progress of each kind of sweep that was ever begun."""
        ...

    def end_round(self, which: SweepKind, *, reached: datetime, now: datetime) -> None:
        """Record that a sweep ended well, and how far it came."""
        ...

    def fail_round(self, which: SweepKind, error: str) -> int:
        """Record that a sweep failed, and give its turn back; return how many failed in a row."""
        ...

    def tally(self, changed: Sequence[datetime], *, missed: int, now: datetime, alarmed: bool) -> None:
        """Add the changes first found by a sweep, of which so many were `missed`; record whether these were too many.

        `changed` are their instants, as far as the sweep knows them to be new.
        """
        ...

    def own(self, modified: Sequence[ModifiedTickets], *, since: datetime) -> Collection[str]:
        """Return the ids of those tickets whose last modification was a write of ours, which followed no change.

        A change by others since `since` was delivered, or the ticket is missed.
        """
        ...

    def mark_missed(
        self, modified: Sequence[ModifiedTickets], *, promised_since: datetime, now: datetime
    ) -> MissedChanges:
        """Mark the tickets whose modification is not known to be looked at, unless a look is due or pending anyway.

        A modification in the last known second is known only if the ticket was read after that second: two can have
        the same time. One without an instant is known if the ticket was looked at in the last minutes.

        Those modified at `promised_since` or later, and after what is known, count as missed, each modification once.
        """
        ...
