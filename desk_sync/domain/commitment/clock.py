"""A clock: the state of one cycle of a milestone, measured against its window by a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.commitment.calendar import BusinessCalendar, Pause, Span
from desk_sync.domain.commitment.past import stamp
from desk_sync.domain.commitment.promise import CommitmentWindow, Milestone
from desk_sync.domain.reason import Reason


class ClockState(StrEnum):
    """The state of a clock. One that is met late stays BREACHED; CANCELLED is one that ended without being met."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    EXEMPT = "exempt"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The state of one cycle of a milestone at `read_at`.

    `round` is the number of the cycle, from 1; the cycle began at `cycle_at`, the clock counts from `started_at`, which
    is later where it counts from a change. `target_at` and `due_at` are the
    instants at which the figures of its window are used up: None while it is paused, unless they have passed.
    `ended_at` is when it stopped, met or not; `met_at` when it was met. `used` and `paused` are business time; `pauses`
    are the spans in which it was paused, the last without an end if it still is. It is not `certain` if events may be
    missing: unknown time is counted as if nothing had happened. Its breach is proven from `proven_at` on: whatever may
    have happened in unknown time. None if no time proves it. An exempt clock has no window. A `folded` one ended in the
    part of the history that is folded; its pauses are not known any more.
    """

    milestone: Milestone
    round: int = 1
    level: int
    started_at: datetime
    cycle_at: datetime | None = None
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
    proven_at: datetime | None = None
    folded: bool = False
    reasons: tuple[Reason, ...] = ()

    @property
    def key(self) -> str:
        """The key of the clock, unique within its ticket at one instant."""
        return f"{self.milestone}:{self.round}"

    @property
    def name(self) -> str:
        """The name of the clock by its milestone and the start of its cycle: a cycle that is counted afresh is another.

        The number of a cycle would change if an earlier message is found later.
        """
        return f"{self.milestone}:{stamp(self.cycle_at or self.started_at)}"

    @property
    def breach_key(self) -> str:
        """The key of the breach: the clock with its due instant. With another window the same clock breaks anew."""
        return self.passing_key(self.due_at)

    def passing_key(self, passes_at: datetime | None) -> str:
        """Return the key of the instant at which a figure of the clock's window is used up."""
        return f"{self.name}:{stamp(passes_at)}" if passes_at else self.name

    @property
    def open(self) -> bool:
        """True if the clock has not ended: its promise is still to be met."""
        return self.ended_at is None and self.state is not ClockState.EXEMPT

    @property
    def at_risk(self) -> bool:
        """True if the clock is running and its target has passed."""
        return self.state is ClockState.RUNNING and self.target_at is not None and self.target_at <= self.read_at

    @property
    def is_doubtful(self) -> bool:
        """True for a breach that rests on unknown time (L8)."""
        proven = self.proven_at is not None and self.proven_at <= (self.ended_at or self.read_at)
        return self.state is ClockState.BREACHED and not proven

    @property
    def next_at(self) -> datetime | None:
        """When its target or its commitment passes next, or its breach is proven; None if only an event changes it."""
        coming = {ClockState.RUNNING: (self.target_at, self.due_at), ClockState.BREACHED: (self.proven_at,)}
        ahead = [at for at in coming.get(self.state, ()) if at and at > self.read_at]
        return min(ahead, default=None) if self.open else None

    @property
    def left(self) -> timedelta:
        """The business time until the commitment; zero after it."""
        return max(self.window.commitment - self.used, timedelta(0)) if self.window else timedelta(0)

    @property
    def counted(self) -> list[Span]:
        """The business spans that were counted, outside the pauses: `used` in total; none of a folded clock."""
        if self.folded:
            return []
        end = self.started_at if self.state is ClockState.EXEMPT else self.ended_at or self.read_at
        return self.calendar.shifts(self.started_at, end, self.pauses)
