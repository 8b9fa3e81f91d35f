"""Folding of a long escalation: what only concerns clocks and requests that are over is no longer kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.folding import FoldingLimits
from desk_sync.domain.commitment.past import FoldedPast, stamp
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import Ladder, LadderCause, Signals
from desk_sync.domain.escalation.ladder_position import LadderPosition
from desk_sync.domain.escalation.requests import EscalationRequests
from desk_sync.domain.escalation.triggers import OVERRUN

KEPT_REQUESTS = 5
"""The number of requests whose keys are kept, the newest."""
KEPT_LEVELS = 8
"""The number of raised levels that are kept to be shown, the newest."""
KEPT_TAKE_OVERS = 5
"""The number of take-overs that are kept besides those that pause a wait, the newest."""


def waits_since(state: EscalationState, signals: Signals, now: datetime) -> datetime | None:
    """Return since when the ladder waits for its next level; None without such a wait."""
    position = LadderPosition(state.ladder, state.raised, signals, now) if state.ladder else None
    return position.waits_since if position and position.is_running else None


def folding_limits(
    state: EscalationState, clocks: Iterable[str], since: datetime | None, calendar: BusinessCalendar
) -> FoldingLimits:
    """Return what the ladder still needs of the past: the pauses of its wait `since`, and the clock that it is about.

    Also needed are the pauses up to what may hold again under the key by which it is known: a breach of the `clocks`,
    an overrun, a level of a lapsed ladder. They are folded by the `calendar` of the clocks; those of a ladder with
    another calendar are not folded.
    """
    ladder, names = state.ladder, {*clocks, OVERRUN}
    known = (key.rpartition(":") for key in state.known | state.lapsed)
    again = (_end_of(at) for about, _, at in known if about in names)
    levels = (each.at for each in state.raised if each.ladder in state.lapsed)
    before = since if ladder and ladder.calendar != calendar else None
    marks = frozenset(at for at in (since, *again, *levels) if at)
    return FoldingLimits(marks=marks, clock=ladder.about if ladder else None, before=before)


def _end_of(second: str) -> datetime:
    """Return the end of the second that a key names: what is left out of it is before that."""
    return datetime.fromisoformat(second) + timedelta(seconds=1)


def fold_requests(requests: EscalationRequests, needed_since: datetime | None) -> EscalationRequests:
    """Return the requests with the newest take-overs, and those that pause a wait since `needed_since`."""
    taken_over = requests.taken_over
    first = max(len(taken_over) - KEPT_TAKE_OVERS, 0)
    needed = (span for span in taken_over[:first] if needed_since and span[1] and span[1] > needed_since)
    return replace(requests, taken_over=(*needed, *taken_over[first:]))


def fold_escalation(
    state: EscalationState, signals: Signals, past: FoldedPast | None, until: datetime | None, now: datetime
) -> EscalationState:
    """Return the state without the triggers and earlier levels of finished clocks and former requests.

    `signals` are those from before the folding, which drops some of those up to `until`.
    """
    ladder, last = state.ladder, state.ladder.key if state.ladder else None
    requests = sorted(key for key in state.known if key.startswith(f"{LadderCause.REQUEST}:"))
    former = frozenset(requests[:-KEPT_REQUESTS])

    def is_over(key: str) -> bool:
        return key != last and (key in former or (past is not None and _is_finished(key, past)))

    newest = state.raised[-KEPT_LEVELS:]
    return replace(
        state,
        ladder=ladder and _folded(LadderPosition(ladder, state.raised, signals, now), past, until),
        raised=tuple(step for step in state.raised if step in newest or not is_over(step.ladder)),
        known=frozenset(key for key in state.known if not is_over(key)),
        lapsed=frozenset(key for key in state.lapsed if not is_over(key)),
        warned=state.warned and frozenset(key for key in state.warned if not is_over(key.rpartition(":")[0])),
    )


def _is_finished(key: str, past: FoldedPast) -> bool:
    """Return True for the key of a clock that is over, or of an overrun of a part that was counted separately."""
    cause, _, at = key.partition(":")
    return past.is_finished(key) or (cause == OVERRUN and "" < at < stamp(past.episode_at))


def _folded(position: LadderPosition, past: FoldedPast | None, until: datetime | None) -> Ladder:
    """Return the ladder with what the signals did that are folded."""
    ladder, stopped_at, answered_at = position.ladder, position.stopped_at, position.answered_at
    if stopped_at and until and stopped_at <= until:
        return replace(ladder, stopped=stopped_at)
    if past is None:
        return ladder
    answered = answered_at if answered_at and answered_at <= past.until else None
    return replace(ladder, answered=answered, folded_until=past.until)
