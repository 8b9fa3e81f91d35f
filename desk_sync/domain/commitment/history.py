"""The history of a ticket: the events that matter to its clocks, in order, and the spans that are not known.

A history does not depend on the order in which its events are added, nor on how often. An event is classified when it
is read: if a status is renamed later, or no longer pauses the clocks, the past stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise, zip_longest

from desk_sync.domain.commitment.calendar import Pause, Span, union
from desk_sync.domain.commitment.past import FoldedPast


class WorkState(StrEnum):
    """The state of the work on a ticket, by its status as it was classified when it was read.

    PAUSED waits for the partner or is on hold; ENDED is trashed, spam, merged, or deleted in Desk.
    """

    OPEN = "open"
    PAUSED = "paused"
    SOLVED = "solved"
    ENDED = "ended"


class HistoryEventKind(StrEnum):
    """The kind of an event. Events at one instant are ordered as the kinds are here.

    MESSAGE is the partner's; REPLY is an agent's, written by a person and public (`conversation.py`); STAGE is a change
    of the work's state; MOVE is one to another department.
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
    """One event.

    `stage` belongs to STAGE, `level` to SEVERITY: None for no severity, and for a pick-list value that is not in the
    mapping; `by_us` if we set it ourselves, which no person asked for. A STAGE event is `assumed` if it is only as old
    as the ticket's last change: Desk's history of the status takes its place when it is read. `ref` is the id of the
    thread or comment, if there is one: it identifies an event that is reported again with another instant.
    """

    kind: HistoryEventKind
    at: datetime
    stage: WorkState | None = None
    level: int | None = None
    by_us: bool = False
    assumed: bool = False
    ref: str = ""

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError(f"{self.kind} at {self.at.isoformat()}: has no time zone")
        is_stage = self.kind is HistoryEventKind.STAGE
        if is_stage != (self.stage is not None) or (self.assumed and not is_stage):
            raise ValueError(f"{self.kind}: a change of stage, and nothing else, has a stage")
        if (self.level is not None or self.by_us) and self.kind is not HistoryEventKind.SEVERITY:
            raise ValueError(f"{self.kind}: has no severity level")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The events of a ticket since its creation.

    `unknown` are spans in which events may be missing; they are not guessed. An event with an instant before the
    creation (two machines' clocks differ) is moved to the creation. A ticket that was created on hold or closed has a
    STAGE event at that instant, one that was created with a severity a SEVERITY event; otherwise it was open, without
    severity.

    Of a long history the older part is folded (`folding.py`): of its events only those are left that clocks still need,
    and no event of that time is added any more.
    """

    created_at: datetime
    events: tuple[HistoryEvent, ...] = ()
    unknown: tuple[Span, ...] = ()
    past: FoldedPast | None = None

    def __post_init__(self) -> None:
        moved = (replace(event, at=max(event.at, self.created_at)) for event in self.events)
        once: dict[object, HistoryEvent] = {}
        for event in sorted(moved, key=_position):
            once.setdefault(_identity(event), event)
        object.__setattr__(self, "events", tuple(once.values()))
        object.__setattr__(self, "unknown", tuple(union(self.unknown)))

    def learn(self, events: Iterable[HistoryEvent], unknown: Iterable[Span] = ()) -> History:
        """Return the history with the new events. An event that is known already stays as it was classified then."""
        known = {_identity(event) for event in self.events}
        moved = (replace(event, at=max(event.at, self.created_at)) for event in events if self.is_open_at(event.at))
        spans = ((max(start, self.past.until) if self.past else start, end) for start, end in unknown)
        return replace(
            self,
            events=(*self.events, *(event for event in moved if _identity(event) not in known)),
            unknown=(*self.unknown, *(span for span in spans if span[0] < span[1])),
        )

    def is_open_at(self, instant: datetime) -> bool:
        """Return True for an instant whose events are not folded."""
        return self.past is None or instant > self.past.until

    def with_severity(self, level: int | None, at: datetime, *, by_us: bool) -> History:
        """Return the history with the level that counts since an instant; no earlier one has the last word.

        It is moved to the last change that is known, and takes its place there: which of two changes in one second came
        first is not in their times, but which of them stands is seen.
        """
        return self._ending_with(HistoryEvent(kind=HistoryEventKind.SEVERITY, at=at, level=level, by_us=by_us))

    def with_stage(self, stage: WorkState, at: datetime, *, assumed: bool) -> History:
        """Return the history that ends in this state of the work, as `with_severity` does."""
        return self._ending_with(HistoryEvent(kind=HistoryEventKind.STAGE, at=at, stage=stage, assumed=assumed))

    def _ending_with(self, event: HistoryEvent) -> History:
        changes = self._of(event.kind)
        earliest = self.past.until if self.past else self.created_at
        event = replace(event, at=max((earliest, event.at, *(each.at for each in changes))))
        others = (each for each in self.events if each.kind is not event.kind or each.at != event.at)
        return replace(self, events=(*others, event))

    def relearning(self, since: datetime, tied: Collection[datetime]) -> History:
        """Return the history without what a reading of the status from `since` on takes the place of.

        Those are unknown spans, assumed changes, and changes in the seconds that are `tied`: what of them was read
        first need not have been the last.
        """
        stages = (each for each in self._of(HistoryEventKind.STAGE) if each.at >= since and self.is_open_at(each.at))
        left_out = {each for each in stages if each.assumed or each.at in tied}
        kept = (event for event in self.events if event not in left_out)
        unknown = [(begins, min(ends, since)) for begins, ends in self.unknown if begins < since]
        return replace(self, events=tuple(kept), unknown=tuple(unknown))

    def has_stage_at(self, instant: datetime) -> bool:
        """Return True if a change of the work's state at the instant is known."""
        return any(event.at == instant for event in self._of(HistoryEventKind.STAGE))

    def without(self, refs: Collection[str]) -> History:
        """Return the history without the events of these threads and comments."""
        return replace(self, events=tuple(event for event in self.events if not event.ref or event.ref not in refs))

    def until(self, instant: datetime) -> History:
        """Return the history with the events up to the instant, that instant included."""
        return replace(self, events=tuple(event for event in self.events if event.at <= instant))

    def next_after(self, instant: datetime) -> datetime | None:
        """Return when the first thing happens that lies ahead at the instant, the creation included; None if all has.

        An instant of Desk's may lie ahead: its clock is measured, and to a second at best.
        """
        ahead = (at for at in (self.created_at, *(event.at for event in self.events)) if at > instant)
        return min(ahead, default=None)

    def level(self, at: datetime) -> int | None:
        """Return the severity level at the instant; None if there is no severity."""
        return next((event.level for event in reversed(self._of(HistoryEventKind.SEVERITY)) if event.at <= at), None)

    @property
    def severe_at(self) -> datetime | None:
        """The instant since which the severity level is 1; None if the current level is another."""
        changes = self._of(HistoryEventKind.SEVERITY)
        return changes[-1].at if changes and changes[-1].level == 1 else None

    @property
    def stage(self) -> WorkState:
        """The state of the work after the last event."""
        return self._stages[-1][1]

    @property
    def solved(self) -> tuple[Pause, ...]:
        """The spans from each solving to the reopening after it; without an end if there was none.

        A ticket that was created closed was not solved. A stay in the bin in between makes no difference.
        """
        closed = [(at, stage is WorkState.SOLVED) for at, stage in self._stages if stage is not WorkState.ENDED]
        turns = [change for before, change in pairwise(closed) if before[1] != change[1]]
        starts = [at for at, into in turns if into]
        ends = [at for at, into in turns if not into and at > min(starts, default=at)]
        return tuple(zip_longest(starts, ends))

    def spans(self, stages: Set[WorkState]) -> Iterator[Pause]:
        """Yield the longest spans in which the work was in any of these states; the last may have no end."""
        among = [(at, stage in stages) for at, stage in self._stages]
        turns = among[:1] + [change for before, change in pairwise(among) if before[1] != change[1]]
        for (start, inside), (end, _) in zip_longest(turns, turns[1:], fillvalue=(None, False)):
            if inside and start:
                yield start, end

    @property
    def _stages(self) -> list[tuple[datetime, WorkState]]:
        """The changes of the work's state, the first at the creation; of several at one instant the last."""
        changes = {self.created_at: WorkState.OPEN}
        changes.update((event.at, event.stage) for event in self._of(HistoryEventKind.STAGE) if event.stage)
        return list(changes.items())

    def _of(self, kind: HistoryEventKind) -> list[HistoryEvent]:
        return [event for event in self.events if event.kind is kind]


def _position(event: HistoryEvent) -> tuple[object, ...]:
    stage = _STAGES[event.stage] if event.stage else -1
    return event.at, _ORDER[event.kind], stage, event.level or 0, event.ref


def _identity(event: HistoryEvent) -> object:
    return (event.kind, event.ref or event.at)
