"""Folding of a long history: its older events become the results of the cycles that they ended (`past.py`).

A folded history gives the same open clocks, the same later cycles, and the same states as the whole one. What is kept
of the folded events is what open clocks need: their pauses, of which those between two instants that matter are moved
together, and the last changes of severity and department. The sums are those of the calendar by which the clocks count
at that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from desk_sync.domain.commitment import cycles
from desk_sync.domain.commitment.calendar import BusinessCalendar, Pause, Span
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.cycles import CycleEvent, Episode
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.past import KEPT_CLOCKS, EndedClock, FoldedPast, OpenCycle
from desk_sync.domain.commitment.promise import Milestone, Promise, ReopenedRule
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks

LONGEST = 24
"""The number of events after which the older ones are folded."""
KEPT = 14
"""The number of events that are not folded then, the newest: what is learnt late may still correct them."""
UNKNOWN_SPANS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldingLimits:
    """What else needs the past: `marks` are instants from which something counts, `clock` the name of one to keep.

    No event at `before` or later is folded.
    """

    marks: frozenset[datetime] = frozenset()
    clock: str | None = None
    before: datetime | None = None


NO_LIMITS = FoldingLimits()


def fold(
    history: History, promise: Promise, basis: ClockBasis, now: datetime, limits: FoldingLimits = NO_LIMITS
) -> History:
    """Return the history with its older events folded, if it has too many; else the history itself."""
    until = _until(history, min(now, limits.before - timedelta.resolution) if limits.before else now)
    if until:
        history = _Folding(history, promise, basis.followed(promise), until, limits).folded()
    return _current(history, promise.terms.reopened)


def _until(history: History, latest: datetime) -> datetime | None:
    """Return the instant up to which to fold; None for nothing. At that instant the ticket is neither solved nor gone.

    A message to a solved ticket counts by what follows it.
    """
    new = [event for event in history.events if history.is_open_at(event.at)]
    if len(new) <= LONGEST:
        return None
    candidates = [event.at for event in new[:-KEPT] if event.at <= latest and event.at < new[-KEPT].at]
    return next((at for at in reversed(candidates) if history.until(at).stage in _AT_WORK), None)


def _current(history: History, rule: ReopenedRule) -> History:
    """Return the history without the results of folded cycles that a reopening has made void."""
    past = history.past
    if past is None or rule is not ReopenedRule.RESTART or cycles.episodes(history, rule)[-1].past:
        return history
    return replace(history, past=replace(past, rounds={}, breached=0, clocks=()))


_AT_WORK = frozenset({WorkState.OPEN, WorkState.PAUSED})


@dataclass(frozen=True)
class _Folding:
    """One folding of the events up to `until`."""

    history: History
    promise: Promise
    basis: ClockBasis
    until: datetime
    limits: FoldingLimits
    clocks: tuple[Clock, ...] = field(init=False)
    episode: Episode = field(init=False)

    def __post_init__(self) -> None:
        clocks = read_clocks(self.history, self.promise, self.basis, self.until)
        episode = cycles.episodes(self._before, self.promise.terms.reopened)[-1]
        object.__setattr__(self, "clocks", clocks)
        object.__setattr__(self, "episode", episode)

    def folded(self) -> History:
        later = (event for event in self.history.events if event.at > self.until)
        return replace(
            self.history,
            events=(*self._severities(), *self._moves(), *self._stages(), *later),
            unknown=tuple(self._unknown()),
            past=self._past(),
        )

    @property
    def _before(self) -> History:
        return self.history.until(self.until)

    @property
    def _open(self) -> Sequence[Clock]:
        return [clock for clock in self.clocks if clock.open]

    def _past(self) -> FoldedPast:
        ended = [clock for clock in self.clocks if not clock.open]
        late = sum(clock.state is ClockState.BREACHED for clock in ended if not clock.folded)
        known = self.history.past if any(clock.folded for clock in ended) else None
        acknowledged = any(event is CycleEvent.REPLY for _, event in self.episode.events)
        return FoldedPast(
            until=self.until,
            episode_at=self.episode.started_at,
            acknowledged=acknowledged or bool(self.episode.past and self.episode.past.acknowledged),
            determination=cycles.open_determination(self.episode, self.promise.terms),
            update=self._update(),
            rounds={clock.milestone: clock.round for clock in ended},
            breached=late + (known.breached if known else 0),
            clocks=tuple(map(_ended, self._kept(ended))),
        )

    def _update(self) -> OpenCycle | None:
        resolutions = (clock for clock in self._open if clock.milestone is Milestone.RESOLUTION)
        start = next((clock.target_at for clock in resolutions), None)
        return cycles.open_update(self.episode, start) if start and start <= self.until else None

    def _kept(self, ended: Sequence[Clock]) -> Iterator[Clock]:
        """Yield the newest ended clocks, the last of each milestone and outcome, the first answer, that of a ladder."""
        last = {quality: clock for clock in ended for quality in (clock.milestone, clock.state, clock.met_at is None)}
        newest = [*ended[-KEPT_CLOCKS:], *last.values()]
        chosen = {f"{Milestone.ACKNOWLEDGEMENT}:1", *(clock.key for clock in newest)}
        return (clock for clock in ended if clock.key in chosen or clock.name == self.limits.clock)

    def _severities(self) -> Iterator[HistoryEvent]:
        """Yield the last change of the level and the one before it, and the last event of all."""
        changes = self._of(HistoryEventKind.SEVERITY)
        runs = [list(run) for _, run in groupby(changes, key=lambda event: self.promise.terms.level(event.level))]
        yield from dict.fromkeys((*(run[0] for run in runs[-2:]), *changes[-1:]))

    def _moves(self) -> Sequence[HistoryEvent]:
        return self._of(HistoryEventKind.MOVE)[-1:]

    def _of(self, kind: HistoryEventKind) -> list[HistoryEvent]:
        return [event for event in self._before.events if event.kind is kind]

    def _unknown(self) -> Iterator[Span]:
        """Yield the unknown spans that concern an open clock; of many the oldest as one."""
        spans = [(start, end) for start, end in self.history.unknown if end > self.episode.started_at]
        oldest, newest = spans[:-UNKNOWN_SPANS], spans[-UNKNOWN_SPANS:]
        if oldest:
            yield oldest[0][0], oldest[-1][1]
        yield from newest

    def _stages(self) -> Iterator[HistoryEvent]:
        """Yield the states of the work as they were, but each state together between two marks."""
        before = self._before
        spans = {stage: list(before.spans({stage})) for stage in WorkState if stage is not WorkState.OPEN}
        lasting = next(((start, stage) for stage, all_ in spans.items() for start, end in all_ if end is None), None)
        until = lasting[0] if lasting else self.until
        changes: dict[datetime, WorkState] = {}
        for start, end in pairwise([*sorted(mark for mark in self._marks if mark < until), until]):
            at = start
            for stage, all_ in spans.items():
                length = self._length(all_, start, end)
                if length:
                    changes[at] = stage
                    at = self._calendar.due(at, length) or end
            if at != start:
                changes[at] = WorkState.OPEN
        if lasting:
            changes[lasting[0]] = lasting[1]
        return (HistoryEvent(kind=HistoryEventKind.STAGE, at=at, stage=stage) for at, stage in changes.items())

    def _length(self, spans: Iterable[Pause], start: datetime, end: datetime) -> timedelta:
        """Return how much of the spans counts between two instants."""
        inside = ((max(begins, start), min(ends or end, end)) for begins, ends in spans)
        return sum((self._calendar.elapsed(*span) for span in inside), timedelta(0))

    @property
    def _marks(self) -> frozenset[datetime]:
        """The instants up to which the pauses must keep their sum."""
        cycle = cycles.open_determination(self.episode, self.promise.terms)
        instants = [self.episode.started_at, cycle and cycle.started_at, self.basis.large_since, *self.limits.marks]
        instants += [at for clock in self._open for at in (clock.started_at, clock.target_at, clock.due_at)]
        instants += [event.at for event in self._severities()]
        return frozenset(at for at in instants if at and self.episode.started_at <= at <= self.until)

    @property
    def _calendar(self) -> BusinessCalendar:
        return next((clock.calendar for clock in self._open), self.promise.calendar)


def _ended(clock: Clock) -> EndedClock:
    return EndedClock(
        key=clock.key,
        level=clock.level,
        state=clock.state,
        started_at=clock.started_at,
        cycle_at=None if clock.cycle_at == clock.started_at else clock.cycle_at,
        target_at=clock.target_at,
        due_at=clock.due_at,
        ended_at=clock.ended_at,
        met_at=clock.met_at,
        used=clock.used,
        paused=clock.paused,
        doubtful=clock.is_doubtful,
    )
