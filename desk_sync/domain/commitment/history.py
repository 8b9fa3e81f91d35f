"""What happened on a ticket, as far as its clocks care: acts in the order of their instants, and what nobody knows.

A history is the same whatever the order in which its acts are told, and however often. An act is judged when it is
read: a status that is renamed, or that pauses no more, changes nothing about the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise, zip_longest

from desk_sync.domain.commitment.calendar import Pause, Span, union


class WorkState(StrEnum):
    """Where the work on a ticket stands, by its status as it was judged when it was read.

    PAUSED waits for the partner or is on hold; ENDED is trashed, spam, merged, or gone from Desk.
    """

    OPEN = "open"
    PAUSED = "paused"
    SOLVED = "solved"
    ENDED = "ended"


class HistoryEventKind(StrEnum):
    """What somebody did. Of two acts at one instant the one that stands here first comes first.

    MESSAGE is the partner's, REPLY a person's of ours and public (`conversation.py`); a MOVE is one to another
    department.
    """

    MESSAGE = "message"
    REPLY = "reply"
    SEVERITY = "severity"
    STAGE = "stage"
    MOVE = "move"


_ORDER = {kind: number for number, kind in enumerate(HistoryEventKind)}
_STAGES = {stage: number for number, stage in enumerate(WorkState)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvent:
    """One thing that happened.

    `stage` belongs to a change of stage. `level` belongs to a change of severity: None is a ticket without one, as is a
    pick-list value that the mapping does not name. `ref` is the id of the thread or comment, where there is one: by it
    the same act is known again although another report of it gives another instant.
    """

    kind: HistoryEventKind
    at: datetime
    stage: WorkState | None = None
    level: int | None = None
    ref: str = ""

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError(f"{self.kind} at {self.at.isoformat()}: has no time zone")
        if (self.kind is HistoryEventKind.STAGE) != (self.stage is not None):
            raise ValueError(f"{self.kind}: a change of stage, and nothing else, has a stage")
        if self.level is not None and self.kind is not HistoryEventKind.SEVERITY:
            raise ValueError(f"{self.kind}: has no severity level")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened on a ticket since it was created.

    `unknown` are spans in which acts may be missing: nobody guesses what they were. Acts before the creation, by clocks
    that disagree, count as at the creation. A ticket that was created on hold or closed has a change of stage at that
    instant, one that was created with a severity a change of severity; without them it was open, without severity.
    """

    created_at: datetime
    acts: tuple[HistoryEvent, ...] = ()
    unknown: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        since = (replace(act, at=max(act.at, self.created_at)) for act in self.acts)
        once: dict[object, HistoryEvent] = {}
        for act in sorted(since, key=_position):
            once.setdefault(_identity(act), act)
        object.__setattr__(self, "acts", tuple(once.values()))
        object.__setattr__(self, "unknown", tuple(union(self.unknown)))

    def learn(self, acts: Iterable[HistoryEvent], unknown: Iterable[Span] = ()) -> History:
        """The history with what is new. An act that is known already stays as it was judged then."""
        known = {_identity(act) for act in self.acts}
        news = (replace(act, at=max(act.at, self.created_at)) for act in acts)
        return replace(
            self,
            acts=(*self.acts, *(act for act in news if _identity(act) not in known)),
            unknown=(*self.unknown, *unknown),
        )

    def until(self, instant: datetime) -> History:
        """What had happened at the instant, itself included."""
        return replace(self, acts=tuple(act for act in self.acts if act.at <= instant))

    def level(self, at: datetime) -> int | None:
        """The severity level at the instant; None for none."""
        return next((act.level for act in reversed(self._of(HistoryEventKind.SEVERITY)) if act.at <= at), None)

    @property
    def severe_at(self) -> datetime | None:
        """Since when the severity level is 1; None if it is another."""
        changes = self._of(HistoryEventKind.SEVERITY)
        return changes[-1].at if changes and changes[-1].level == 1 else None

    @property
    def stage(self) -> WorkState:
        """Where the work stands after the last act."""
        return self._stages[-1][1]

    @property
    def solved(self) -> tuple[Pause, ...]:
        """From each solving to the reopening after it, None where there was none.

        A ticket that was created closed was not solved. Being in the bin in between makes no difference.
        """
        closed = [(at, stage is WorkState.SOLVED) for at, stage in self._stages if stage is not WorkState.ENDED]
        turns = [change for before, change in pairwise(closed) if before[1] != change[1]]
        starts = [at for at, into in turns if into]
        ends = [at for at, into in turns if not into and at > min(starts, default=at)]
        return tuple(zip_longest(starts, ends))

    def spans(self, stages: Set[WorkState]) -> Iterator[Pause]:
        """The spans spent in any of the stages, as long as they go; the last may have no end."""
        among = [(at, stage in stages) for at, stage in self._stages]
        turns = among[:1] + [change for before, change in pairwise(among) if before[1] != change[1]]
        for (start, inside), (end, _) in zip_longest(turns, turns[1:], fillvalue=(None, False)):
            if inside and start:
                yield start, end

    @property
    def _stages(self) -> list[tuple[datetime, WorkState]]:
        """Each change of stage, the first at the creation; of several at one instant the last."""
        changes = {self.created_at: WorkState.OPEN}
        changes.update((act.at, act.stage) for act in self._of(HistoryEventKind.STAGE) if act.stage)
        return list(changes.items())

    def _of(self, kind: HistoryEventKind) -> list[HistoryEvent]:
        return [act for act in self.acts if act.kind is kind]


def _position(act: HistoryEvent) -> tuple[object, ...]:
    return act.at, _ORDER[act.kind], _STAGES.get(act.stage, -1) if act.stage else -1, act.level or 0, act.ref


def _identity(act: HistoryEvent) -> object:
    return (act.kind, act.ref or act.at)
