"""The cycles of a ticket's milestones: when each starts and when it is met, by the ticket's history alone.

Acknowledgement and resolution have one cycle; determination and update have as many as the conversation requires, one
open at a time. Windows, calendars and pauses are applied later (`read_clocks.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from desk_sync.domain.commitment.calendar import Pause
from desk_sync.domain.commitment.history import History, HistoryEventKind
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

    It ends where a reopening begins the next one; `ended_at` is None for the last.
    """

    started_at: datetime
    ended_at: datetime | None
    events: tuple[tuple[datetime, CycleEvent], ...]


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
    closures = history.solved
    solved = [(at, CycleEvent.SOLVED) for at, _ in closures]
    reopenings = [(at, CycleEvent.REOPENED) for _, at in closures if at]
    if reopened is ReopenedRule.RESUME:
        return [Episode(history.created_at, None, tuple(sorted((*written, *solved, *reopenings))))]
    counted = [(at, event) for at, event in written if event is CycleEvent.REPLY or not _reopens(closures, at)]
    events = sorted((*counted, *solved))
    starts = [history.created_at, *(at for at, _ in reopenings)]
    parts = [
        Episode(start, end, tuple(each for each in events if start <= each[0] and (end is None or each[0] < end)))
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]
    return parts[-1:] if reopened is ReopenedRule.RESTART else parts


def _reopens(closures: Iterable[Pause], at: datetime) -> bool:
    return any(end and start <= at <= end for start, end in closures)


_WRITTEN = {HistoryEventKind.MESSAGE: CycleEvent.MESSAGE, HistoryEventKind.REPLY: CycleEvent.REPLY}


def by_severity(episode: Episode, terms: PromiseTerms) -> Iterator[Cycle]:
    """Yield the cycles of the milestones that have a window for each severity level."""
    yield acknowledgement(episode)
    yield from determination(episode, terms)


def acknowledgement(episode: Episode) -> Cycle:
    """Return the cycle from the creation to a person's first reply (R29)."""
    start, met_at = episode.started_at, next((at for at, event in episode.events if event is CycleEvent.REPLY), None)
    return _cycle(Milestone.ACKNOWLEDGEMENT, start, met_at, "R29", "the creation", "a person's first reply")


def determination(episode: Episode, terms: PromiseTerms) -> Iterator[Cycle]:
    """Yield a cycle from the creation, then one from each unanswered message; one open at a time (C7, R30)."""
    started_at: datetime | None = episode.started_at
    started_by, replies_needed = "the creation", 1 if terms.first_round is FirstRound.FIRST_REPLY else 2
    for at, event in episode.events:
        if started_at is None and event is CycleEvent.MESSAGE and terms.determination is DeterminationRule.ROUNDS:
            started_at, started_by, replies_needed = at, "a message of the partner", 1
        elif started_at and event is CycleEvent.REPLY and replies_needed > 1:
            replies_needed -= 1
        elif started_at and event in _STOPS:
            yield _cycle(Milestone.DETERMINATION, started_at, at, "R30", started_by, _STOPS[event])
            started_at = None
    if started_at:
        yield _cycle(Milestone.DETERMINATION, started_at, None, "R30", started_by)


def resolution(episode: Episode) -> Cycle:
    """Return the cycle from the creation to the last solving that was not undone by a reopening (C8, R32)."""
    changes = [(at, event) for at, event in episode.events if event in (CycleEvent.SOLVED, CycleEvent.REOPENED)]
    met_at = next((at for at, event in changes[-1:] if event is CycleEvent.SOLVED), None)
    return _cycle(Milestone.RESOLUTION, episode.started_at, met_at, "R32", "the creation", "solving the ticket")


def updates(episode: Episode, start: datetime) -> Iterator[Cycle]:
    """Yield a cycle from `start`, the target of the resolution, and from each reply, until it is solved (R32)."""
    started_at: datetime | None = start
    started_by = "the target of the resolution"
    for at, event in (each for each in episode.events if each[0] >= start):
        if started_at and event in _STOPS:
            yield _cycle(Milestone.UPDATE, started_at, at, "R32", started_by, _STOPS[event])
            started_at = at if event is CycleEvent.REPLY else None
            started_by = "the update before"
        elif event is CycleEvent.REOPENED:
            started_at, started_by = at, "the reopening"
    if started_at:
        yield _cycle(Milestone.UPDATE, started_at, None, "R32", started_by)


_STOPS = {CycleEvent.REPLY: "a person's reply", CycleEvent.SOLVED: "solving the ticket"}


def _cycle(
    milestone: Milestone, started_at: datetime, met_at: datetime | None, rule: str, by: str, met_by: str = ""
) -> Cycle:
    reasons = [Reason(rule, f"starts with {by}")]
    if met_at:
        reasons.append(Reason(rule, f"met by {met_by}"))
    return Cycle(milestone, started_at, met_at, tuple(reasons))
