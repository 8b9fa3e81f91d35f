"""The rounds of a ticket's milestones: when each starts and what stops it, by what happened alone.

Acknowledgement and resolution have one round; determination and update have as many as the conversation asks for, one
open at a time. Windows, calendars and pauses come later (`commitment.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from desk_sync.domain.commitment.history import History, HistoryEventKind
from desk_sync.domain.commitment.promise import DeterminationRule, FirstRound, Milestone, PromiseTerms, ReopenedRule
from desk_sync.domain.reason import Reason


class CycleEvent(IntEnum):
    """What may start or stop a round. Of two at one instant the lower comes first: a reply may solve a ticket."""

    MESSAGE = 0
    REPLY = 1
    SOLVED = 2
    REOPENED = 3


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of a ticket's history that is counted by itself, and what happened in it, in order.

    It ends where reopening begins another; None for the last one.
    """

    started_at: datetime
    ended_at: datetime | None
    beats: tuple[tuple[datetime, CycleEvent], ...]


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of a milestone. `met_at` is None until something meets it; the reasons say what began it, and met it."""

    milestone: Milestone
    started_at: datetime
    met_at: datetime | None
    reasons: tuple[Reason, ...]


def lives(history: History, reopened: ReopenedRule) -> list[Episode]:
    """The stretches that are counted by themselves: all in one, or one from each reopening on, or the last of these.

    A message to a solved ticket that is then reopened is what reopened it, and belongs to neither stretch.
    """
    said = [(act.at, _SAID[act.kind]) for act in history.acts if act.kind in _SAID]
    solved = [(at, CycleEvent.SOLVED) for at, _ in history.solved]
    reopenings = [(at, CycleEvent.REOPENED) for _, at in history.solved if at]
    if reopened is ReopenedRule.RESUME:
        return [Episode(history.created_at, None, tuple(sorted((*said, *solved, *reopenings))))]
    heard = [(at, beat) for at, beat in said if beat is CycleEvent.REPLY or not _knocks(history, at)]
    beats = sorted((*heard, *solved))
    starts = [history.created_at, *(at for at, _ in reopenings)]
    parts = [
        Episode(start, end, tuple(each for each in beats if start <= each[0] and (end is None or each[0] < end)))
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]
    return parts[-1:] if reopened is ReopenedRule.RESTART else parts


def _knocks(history: History, at: datetime) -> bool:
    return any(end and start <= at <= end for start, end in history.solved)


_SAID = {HistoryEventKind.MESSAGE: CycleEvent.MESSAGE, HistoryEventKind.REPLY: CycleEvent.REPLY}


def acknowledgement(life: Episode) -> Cycle:
    """From the creation to the first reply of a person (R29)."""
    met_at = next((at for at, beat in life.beats if beat is CycleEvent.REPLY), None)
    return _round(Milestone.ACKNOWLEDGEMENT, life.started_at, met_at, "R29", "the creation", "a person's first reply")


def determination(life: Episode, terms: PromiseTerms) -> Iterator[Cycle]:
    """Round 1 from the creation, then one from each message that waits; one open at a time (C7, R30)."""
    started_at: datetime | None = life.started_at
    started_by, wanted = "the creation", 1 if terms.first_round is FirstRound.FIRST_REPLY else 2
    for at, beat in life.beats:
        if started_at is None and beat is CycleEvent.MESSAGE and terms.determination is DeterminationRule.ROUNDS:
            started_at, started_by, wanted = at, "a message of the partner", 1
        elif started_at and beat is CycleEvent.REPLY and wanted > 1:
            wanted -= 1
        elif started_at and beat in _STOPS:
            yield _round(Milestone.DETERMINATION, started_at, at, "R30", started_by, _STOPS[beat])
            started_at = None
    if started_at:
        yield _round(Milestone.DETERMINATION, started_at, None, "R30", started_by)


def resolution(life: Episode) -> Cycle:
    """From the creation until the ticket is solved, for good (C8, R32)."""
    turns = [(at, beat) for at, beat in life.beats if beat in (CycleEvent.SOLVED, CycleEvent.REOPENED)]
    met_at = next((at for at, beat in turns[-1:] if beat is CycleEvent.SOLVED), None)
    return _round(Milestone.RESOLUTION, life.started_at, met_at, "R32", "the creation", "solving the ticket")


def updates(life: Episode, start: datetime) -> Iterator[Cycle]:
    """From `start`, when the target of the resolution is used up: a round to each reply, until solved (R32)."""
    started_at: datetime | None = start
    started_by = "the target of the resolution"
    for at, beat in (each for each in life.beats if each[0] >= start):
        if started_at and beat in _STOPS:
            yield _round(Milestone.UPDATE, started_at, at, "R32", started_by, _STOPS[beat])
            started_at = at if beat is CycleEvent.REPLY else None
            started_by = "the update before"
        elif beat is CycleEvent.REOPENED:
            started_at, started_by = at, "the reopening"
    if started_at:
        yield _round(Milestone.UPDATE, started_at, None, "R32", started_by)


_STOPS = {CycleEvent.REPLY: "a person's reply", CycleEvent.SOLVED: "solving the ticket"}


def _round(
    milestone: Milestone, started_at: datetime, met_at: datetime | None, rule: str, by: str, met_by: str = ""
) -> Cycle:
    reasons = [Reason(rule, f"starts with {by}")]
    if met_at:
        reasons.append(Reason(rule, f"met by {met_by}"))
    return Cycle(milestone, started_at, met_at, tuple(reasons))
