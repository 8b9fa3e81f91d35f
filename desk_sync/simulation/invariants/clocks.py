"""Invariants of clocks and levels: pure functions over what was read at one instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from desk_sync.domain.commitment.calendar import Pause
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.history import History, HistoryEventKind
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import LadderCause, RaisedLevel
from desk_sync.domain.escalation.ladder_position import LadderPosition
from desk_sync.domain.plan.escalation import signals

_NOTHING = timedelta(0)
_NEVER = datetime.max.replace(tzinfo=UTC)
_MILESTONES = {LadderCause(each.value): each for each in Milestone if each is not Milestone.UPDATE}


def wrong_sums(clocks: Iterable[Clock]) -> Iterator[str]:
    """Yield each clock whose used and paused time are not its calendar's outside and inside its pauses."""
    for clock in clocks:
        if clock.state is ClockState.EXEMPT:
            continue
        shifts = clock.calendar.shifts(clock.started_at, clock.ended_at or clock.read_at)
        elapsed = sum((end - start for start, end in shifts), _NOTHING)
        paused = sum((_shared(start, end, clock.pauses) for start, end in shifts), _NOTHING)
        if (clock.used, clock.paused) != (elapsed - paused, paused):
            yield f"{clock.key} used {clock.used} and paused {clock.paused} of {elapsed}, of which {paused} are pauses"


def _shared(start: datetime, end: datetime, pauses: Iterable[Pause]) -> timedelta:
    """Return how much of the span is paused; pauses do not overlap."""
    spans = ((max(start, begins), min(end, ends or _NEVER)) for begins, ends in pauses)
    return sum((stops - begins for begins, stops in spans if begins < stops), _NOTHING)


def groundless(level: RaisedLevel, clocks: Iterable[Clock]) -> str | None:
    """Return what is wrong with a level that was just raised: no clock of its milestone is breached."""
    if level.because not in _MILESTONES:
        return None
    named = [clock for clock in clocks if clock.milestone is _MILESTONES[level.because]]
    if any(clock.state is ClockState.BREACHED and not clock.is_doubtful for clock in named):
        return None
    shown = ", ".join(f"{clock.key} is {clock.state}" for clock in named) or "there is no such clock"
    return f"level {level.level} because of {level.because}, and {shown}"


def unraised(clocks: Sequence[Clock], history: History, raised: Sequence[RaisedLevel], now: datetime) -> Iterator[str]:
    """Yield each breach without an answer and without a level since, of a ticket that is open and was all the time."""
    replies = [event.at for event in history.events if event.kind is HistoryEventKind.REPLY]
    for clock in clocks:
        due_at = clock.due_at
        if clock.state is not ClockState.BREACHED or clock.is_doubtful or due_at is None:
            continue
        if clock.milestone is Milestone.UPDATE or clock.met_at or any(at >= due_at for at in replies):
            continue
        if not any(level.at >= due_at for level in raised):
            yield f"{clock.key} was due at {due_at:%F %T}Z, and it is {now:%F %T}Z"


def is_climbing(state: EscalationState, history: History, now: datetime) -> bool:
    """Return True if the ladder has a level to come, later than now: it tells of what breaks meanwhile."""
    ladder = state.ladder
    if ladder is None or ladder.key in state.lapsed:
        return False
    coming = LadderPosition(ladder, state.raised, signals(history), now).next_rung
    return coming is not None and not coming.is_due(now)


def exhausted_clock(state: EscalationState) -> str:
    """Return the clock of which a standing ladder has raised all levels: another window of it starts no other."""
    ladder = state.ladder
    if ladder is None or ladder.key in state.lapsed or ladder.reached(state.raised) < ladder.top:
        return ""
    return ladder.about


def became_late(met: Iterable[Clock], clocks: Iterable[Clock]) -> Iterator[str]:
    """Yield each of the clocks that were `met` in time and are late now."""
    late = {(clock.milestone, clock.met_at) for clock in clocks if clock.state is ClockState.BREACHED}
    for clock in met:
        if (clock.milestone, clock.met_at) in late:
            yield f"{clock.key} was met in time at {clock.met_at:%F %T}Z"
