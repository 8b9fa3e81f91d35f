"""A clock: where one round of a milestone stands, measured against its window by a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.commitment.calendar import BusinessCalendar, Pause, Span
from desk_sync.domain.commitment.promise import CommitmentWindow, Milestone
from desk_sync.domain.reason import Reason


class ClockState(StrEnum):
    """Where a clock stands. BREACHED stays when it is met late; CANCELLED ended without having been met."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    EXEMPT = "exempt"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Where one round of a milestone stands at `read_at`.

    It counts from `started_at`. `target_at` and `due_at` are when the figures of its window are used up: None while it
    stands still, unless they have passed. `ended_at` is when it stopped, met or not; `met_at` when it was met.
    `used` and `paused` are business time; `pauses` are the spans in which it stood still, the last without an end if it
    still does. Not `certain`: something may have happened of which nothing is known, and that time was counted as if
    nothing had. An exempt clock has no window.
    """

    milestone: Milestone
    round: int = 1
    level: int
    started_at: datetime
    read_at: datetime
    state: ClockState
    calendar: BusinessCalendar
    window: CommitmentWindow | None = None
    target_at: datetime | None = None
    due_at: datetime | None = None
    ended_at: datetime | None = None
    met_at: datetime | None = None
    used: timedelta = timedelta(0)
    paused: timedelta = timedelta(0)
    pauses: tuple[Pause, ...] = ()
    certain: bool = True
    reasons: tuple[Reason, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from the other clocks of its ticket."""
        return f"{self.milestone}:{self.round}"

    @property
    def open(self) -> bool:
        """Whether something is still owed."""
        return self.ended_at is None and self.state is not ClockState.EXEMPT

    @property
    def at_risk(self) -> bool:
        """Whether it runs, and its target has passed."""
        return self.state is ClockState.RUNNING and self.target_at is not None and self.target_at <= self.read_at

    @property
    def next_at(self) -> datetime | None:
        """When it changes by itself: its target passes, or its commitment. None if only an act can change it."""
        coming = [at for at in (self.target_at, self.due_at) if at and at > self.read_at]
        return min(coming, default=None) if self.state is ClockState.RUNNING else None

    @property
    def left(self) -> timedelta:
        """The business time until the commitment; none after it."""
        return max(self.window.commitment - self.used, timedelta(0)) if self.window else timedelta(0)

    @property
    def counted(self) -> list[Span]:
        """The spans that it counted, outside its pauses: `used` in all."""
        end = self.started_at if self.state is ClockState.EXEMPT else self.ended_at or self.read_at
        return self.calendar.shifts(self.started_at, end, self.pauses)
