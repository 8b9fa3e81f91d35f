"""The cycles of a ticket's milestones: when each starts and when it is met, by the ticket's history alone.

Acknowledgement and resolution have one cycle; determination and update have as many as the conversation requires, one
open at a time. Windows, calendars and pauses are applied later (`read_clocks.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from desk_sync.domain.commitment.calendar import Pause
from desk_sync.domain.commitment.history import History, HistoryEventKind
from desk_sync.domain.commitment.past import FoldedPast, OpenCycle
from desk_sync.domain.commitment.promise import DeterminationRule, FirstRound, Milestone, PromiseTerms, ReopenedRule
from desk_sync.domain.reason import Reason


class CycleEvent(IntEnum):
    """An event that can start or stop a cycle. At one instant the lower comes first: a reply may solve a ticket."""

    MESSAGE = 0
    REPLY = 1
    SOLVED = 2
    REOPENED = 3


@dataclass(frozen=True, slots=True)
class Episode:
    """A part of a ticket's history that is counted separately, with its events in order.

    It ends where a reopening begins the next one; `ended_at` is None for the last. `past` is the part of it that is
    folded, whose events are not here.
    """

    started_at: datetime
    ended_at: datetime | None
    events: tuple[tuple[datetime, CycleEvent], ...]
    past: FoldedPast | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of a milestone. `met_at` is None until it is met; the reasons name what started it and what met it."""

    milestone: Milestone
    started_at: datetime
    met_at: datetime | None
    reasons: tuple[Reason, ...]


def episodes(history: History, reopened: ReopenedRule) -> list[Episode]:
    """Return the parts that are counted separately: one in all, or one from each reopening on, or the last of these.

    A message to a solved ticket that is then reopened is the cause of the reopening, and belongs to neither part.
    """
    written = [(event.at, _WRITTEN[event.kind]) for event in history.events if event.kind in _WRITTEN]
    closures, past = history.solved, history.past
    solved = [(at, CycleEvent.SOLVED) for at, _ in closures if history.is_open_at(at)]
    reopenings = [(at, CycleEvent.REOPENED) for _, at in closures if at and history.is_open_at(at)]
    begun_at = past.episode_at if past else history.created_at
    if reopened is ReopenedRule.RESUME:
        return [Episode(begun_at, None, tuple(sorted((*written, *solved, *reopenings))), past)]
    counted = [(at, event) for at, event in written if event is CycleEvent.REPLY or not _reopens(closures, at)]
    events = sorted((*counted, *solved))
    starts = [begun_at, *(at for at, _ in reopenings)]
    parts = [
        Episode(start, end, tuple(each for each in events if start <= each[0] and (end is None or each[0] < end)))
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]
    parts[0] = replace(parts[0], past=past)
    return parts[-1:] if reopened is ReopenedRule.RESTART else parts


def _reopens(closures: Iterable[Pause], at: datetime) -> bool:
    return any(end and start <= at <= end for start, end in closures)


_WRITTEN = {HistoryEventKind.MESSAGE: CycleEvent.MESSAGE, HistoryEventKind.REPLY: CycleEvent.REPLY}


def by_severity(episode: Episode, terms: PromiseTerms) -> Iterator[Cycle]:
    """Yield the cycles of the milestones that have a window for each severity level."""
    if not (episode.past and episode.past.acknowledged):
        yield acknowledgement(episode)
    yield from determination(episode, terms)


def acknowledgement(episode: Episode) -> Cycle:
    """Return the cycle from the creation to a person's first reply (R29)."""
    start, met_at = episode.started_at, next((at for at, event in episode.events if event is CycleEvent.REPLY), None)
    return _cycle(Milestone.ACKNOWLEDGEMENT, start, met_at, "R29", "the creation", "a person's first reply")


def determination(episode: Episode, terms: PromiseTerms) -> Iterator[Cycle]:
    """Yield a cycle from the creation, then one from each unanswered message; one open at a time (C7, R30)."""
    ended, still_open = _determined(episode, terms)
    yield from ended
    if still_open:
        yield _cycle(Milestone.DETERMINATION, still_open.started_at, None, "R30", still_open.by)


def open_determination(episode: Episode, terms: PromiseTerms) -> OpenCycle | None:
    """Return the cycle of determination that is open after the episode's events."""
    return _determined(episode, terms)[1]


def _determined(episode: Episode, terms: PromiseTerms) -> tuple[list[Cycle], OpenCycle | None]:
    ended: list[Cycle] = []
    waiting = _first_wait(episode, terms)
    for at, event in episode.events:
        if waiting is None:
            if event is CycleEvent.MESSAGE and terms.determination is DeterminationRule.ROUNDS:
                waiting = OpenCycle(started_at=at, by="a message of the partner")
        elif event is CycleEvent.REPLY and waiting.replies > 1:
            waiting = replace(waiting, replies=waiting.replies - 1)
        elif event in _STOPS:
            ended.append(_cycle(Milestone.DETERMINATION, waiting.started_at, at, "R30", waiting.by, _STOPS[event]))
            waiting = None
    return ended, waiting


def _first_wait(episode: Episode, terms: PromiseTerms) -> OpenCycle | None:
    if episode.past:
        return episode.past.determination
    replies = 1 if terms.first_round is FirstRound.FIRST_REPLY else 2
    return OpenCycle(started_at=episode.started_at, by="the creation", replies=replies)


def resolution(episode: Episode) -> Cycle:
    """Return the cycle from the creation to the last solving that was not undone by a reopening (C8, R32)."""
    changes = [(at, event) for at, event in episode.events if event in (CycleEvent.SOLVED, CycleEvent.REOPENED)]
    met_at = next((at for at, event in changes[-1:] if event is CycleEvent.SOLVED), None)
    return _cycle(Milestone.RESOLUTION, episode.started_at, met_at, "R32", "the creation", "solving the ticket")


def updates(episode: Episode, start: datetime) -> Iterator[Cycle]:
    """Yield a cycle from `start`, the target of the resolution, and from each reply, until it is solved (R32)."""
    ended, still_open = _updated(episode, start)
    yield from ended
    if still_open:
        yield _cycle(Milestone.UPDATE, still_open.started_at, None, "R32", still_open.by)


def open_update(episode: Episode, start: datetime) -> OpenCycle | None:
    """Return the cycle of updates that is open after the episode's events."""
    return _updated(episode, start)[1]


def _updated(episode: Episode, start: datetime) -> tuple[list[Cycle], OpenCycle | None]:
    ended: list[Cycle] = []
    waiting = _first_update(episode, start)
    for at, event in (each for each in episode.events if each[0] >= start):
        if waiting and event in _STOPS:
            ended.append(_cycle(Milestone.UPDATE, waiting.started_at, at, "R32", waiting.by, _STOPS[event]))
            replied = event is CycleEvent.REPLY
            waiting = OpenCycle(started_at=at, by="the update before") if replied else None
        elif event is CycleEvent.REOPENED:
            waiting = OpenCycle(started_at=at, by="the reopening")
    return ended, waiting


def _first_update(episode: Episode, start: datetime) -> OpenCycle | None:
    """Return the cycle that is open first: where the target passed in the folded part, that which went on after it."""
    past = episode.past
    if past and start <= past.until:
        return past.update or OpenCycle(started_at=past.until, by="the target of the resolution")
    return OpenCycle(started_at=start, by="the target of the resolution")


_STOPS = {CycleEvent.REPLY: "a person's reply", CycleEvent.SOLVED: "solving the ticket"}


def _cycle(
    milestone: Milestone, started_at: datetime, met_at: datetime | None, rule: str, by: str, met_by: str = ""
) -> Cycle:
    reasons = [Reason(rule, f"starts with {by}")]
    if met_at:
        reasons.append(Reason(rule, f"met by {met_by}"))
    return Cycle(milestone, started_at, met_at, tuple(reasons))
