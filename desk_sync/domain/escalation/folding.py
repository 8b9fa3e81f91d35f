"""Folding of a long escalation: what only concerns clocks and requests that are over is no longer kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.folding import FoldingLimits
from desk_sync.domain.commitment.past import FoldedPast
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import Ladder, LadderCause, Signals, last_raised, next_rung
from desk_sync.domain.escalation.requests import EscalationRequests

KEPT_REQUESTS = 5
"""The number of requests whose keys are kept, the newest."""
KEPT_LEVELS = 8
"""The number of raised levels that are kept to be shown, the newest."""
KEPT_TAKE_OVERS = 5
"""The number of take-overs that are kept besides those that pause a wait, the newest."""


def waits_since(state: EscalationState, signals: Signals) -> datetime | None:
    """Return since when the ladder waits for its next level; None without such a wait."""
    ladder = state.ladder
    if ladder is None or next_rung(ladder, state.raised, signals) is None:
        return None
    return last_raised(ladder, state.raised)[1]


def folding_limits(state: EscalationState, signals: Signals, calendar: BusinessCalendar) -> FoldingLimits:
    """Return what the ladder still needs of the past: the pauses of its wait, and the clock that started it.

    Pauses are folded by the `calendar` of the clocks; those of a ladder with another calendar are not folded.
    """
    since, ladder = waits_since(state, signals), state.ladder
    if since is None or ladder is None:
        return FoldingLimits(clock=ladder.key if ladder else None)
    before = None if ladder.calendar == calendar else since
    return FoldingLimits(marks=frozenset({since}), clock=ladder.key, before=before)


def fold_requests(requests: EscalationRequests, needed_since: datetime | None) -> EscalationRequests:
    """Return the requests with the newest take-overs, and those that pause a wait since `needed_since`."""
    taken_over = requests.taken_over
    first = max(len(taken_over) - KEPT_TAKE_OVERS, 0)
    needed = (span for span in taken_over[:first] if needed_since and span[1] and span[1] > needed_since)
    return replace(requests, taken_over=(*needed, *taken_over[first:]))


def fold_escalation(
    state: EscalationState, signals: Signals, past: FoldedPast | None, until: datetime | None
) -> EscalationState:
    """Return the state without the triggers and earlier levels of finished clocks and former requests.

    `signals` are those from before the folding, which drops some of those up to `until`.
    """
    ladder, last = state.ladder, state.ladder.key if state.ladder else None
    requests = sorted(key for key in state.known if key.startswith(f"{LadderCause.REQUEST}:"))
    former = frozenset(requests[:-KEPT_REQUESTS])

    def is_over(key: str) -> bool:
        return key != last and (key in former or (past is not None and past.is_finished(key)))

    newest = state.raised[-KEPT_LEVELS:]
    return EscalationState(
        ladder=ladder and _stopped(ladder, signals, until),
        raised=tuple(step for step in state.raised if step in newest or not is_over(step.ladder)),
        known=frozenset(key for key in state.known if not is_over(key)),
    )


def _stopped(ladder: Ladder, signals: Signals, until: datetime | None) -> Ladder:
    stopped_at = ladder.stopped_at(signals)
    return replace(ladder, stopped=stopped_at) if stopped_at and until and stopped_at <= until else ladder
