"""The commitment's clocks: computed from the history and the promise, never stored (R18–R22, R25–R32).

The same history, promise and facts give the same clocks at the same instant. Events after the instant do not matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice

from desk_sync.domain.commitment import cycles
from desk_sync.domain.commitment.calendar import BusinessCalendar, Pause, Span
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.cycles import Cycle, Episode
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.past import EndedClock
from desk_sync.domain.commitment.promise import (
    BY_SEVERITY,
    WALL_CLOCK,
    CommitmentWindow,
    CountFrom,
    Milestone,
    Promise,
    PromiseScope,
)
from desk_sync.domain.format import format_duration, format_instant
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerIssueType:
    """An issue type that a ticket had `until` a look found another, None for no type."""

    issue_type: str | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBasis:
    """The current facts about a ticket that decide which promises apply to it.

    `large`: it is a large user account's, known since `large_since`. Issue and request types are our words;
    `former_issue_types` are the last ones before, oldest first: what was met before a change stays as it was judged.
    `inferred_issue_type` is only inferred from words: it can add the weekend exception, nothing else.
    """

    large: bool = False
    large_since: datetime | None = None
    issue_type: str | None = None
    former_issue_types: tuple[FormerIssueType, ...] = ()
    request_type: str | None = None
    inferred_issue_type: str | None = None

    def issue_type_at(self, at: datetime) -> str | None:
        """Return the issue type at the instant; the change itself comes after it."""
        return next((each.issue_type for each in self.former_issue_types if at < each.until), self.issue_type)

    def types_before(self, issue_type: str | None, changed_at: datetime) -> tuple[FormerIssueType, ...]:
        """Return the former types of a ticket whose type is now this one, since `changed_at` if it is another."""
        if issue_type == self.issue_type:
            return self.former_issue_types
        return (*self.former_issue_types, FormerIssueType(issue_type=self.issue_type, until=changed_at))[-KEPT_TYPES:]

    def followed(self, promise: Promise) -> ClockBasis:
        """Return it as that of a ticket with promises: without a kind that has none (R25)."""
        exempt = promise.terms.exempt
        return replace(
            self,
            issue_type=None if self.issue_type in exempt.issue_types else self.issue_type,
            request_type=None if self.request_type in exempt.request_types else self.request_type,
        )


KEPT_TYPES = 10
"""So many former issue types are remembered, the newest ones."""


def read_clocks(history: History, promise: Promise, basis: ClockBasis, now: datetime) -> tuple[Clock, ...]:
    """Return the clock of each cycle of each milestone at `now`, in the order in which they started.

    Empty before the ticket was created, and for a ticket without promises.
    """
    if now < history.created_at:
        return ()
    now = max(now, history.past.until) if history.past else now
    reading = _Reading(history.until(now), promise, basis, now)
    clocks = reading.exempt() if reading.is_exempt else reading.all()
    return tuple(sorted(clocks, key=lambda clock: (clock.started_at, _ORDER[clock.milestone], clock.round)))


_ORDER = {milestone: number for number, milestone in enumerate(Milestone)}
_SEVERITY_RULES = {1: "R18", 2: "R19", 3: "R20"}


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a clock counts: the time of a calendar from `start` on, outside the pauses, against a window."""

    milestone: Milestone
    calendar: BusinessCalendar
    start: datetime
    window: CommitmentWindow
    pauses: tuple[Pause, ...]


@dataclass(frozen=True)
class _Reading:
    """One reading of the clocks, with the inputs that all of them share; what is derived from those is derived once."""

    history: History
    promise: Promise
    basis: ClockBasis
    now: datetime

    @property
    def is_exempt(self) -> bool:
        """True if the ticket is of a kind without promises (R25)."""
        exempt = self.promise.terms.exempt
        about = self.basis
        return about.issue_type in exempt.issue_types or about.request_type in exempt.request_types

    def exempt(self) -> Iterator[Clock]:
        """Yield an exempt clock for each milestone that would be promised to a ticket of another kind (R25)."""
        about, kinds = self.basis, self.promise.terms.exempt
        kind = about.issue_type if about.issue_type in kinds.issue_types else about.request_type
        level = self._level(self.now)
        for milestone in Milestone:
            if milestone is not Milestone.UPDATE and level is not None and self._window(milestone, level):
                yield Clock(
                    milestone=milestone,
                    level=level,
                    started_at=self.history.created_at,
                    cycle_at=self.history.created_at,
                    read_at=self.now,
                    state=ClockState.EXEMPT,
                    calendar=self.promise.calendar,
                    reasons=(Reason("R25", f"exempt: {kind}"),),
                )

    def all(self) -> Iterator[Clock]:
        """Yield the clocks of all episodes, numbered by milestone."""
        counts: dict[str, int] = {}
        for episode in cycles.episodes(self.history, self.promise.terms.reopened):
            if episode.past:
                counts.update(episode.past.rounds)
                yield from map(self._ended, episode.past.clocks)
            for clock in self._of_episode(episode):
                counts[clock.milestone] = counts.get(clock.milestone, 0) + 1
                yield replace(clock, round=counts[clock.milestone])

    def _of_episode(self, episode: Episode) -> Iterator[Clock]:
        terms = self.promise.terms
        for cycle in cycles.by_severity(episode, terms):
            yield from self._clock(cycle, episode)
        for clock in self._clock(cycles.resolution(episode), episode):
            yield clock
            if clock.target_at and clock.target_at <= (clock.ended_at or self.now):
                for cycle in cycles.updates(episode, clock.target_at):
                    yield from self._clock(cycle, episode)

    def _ended(self, clock: EndedClock) -> Clock:
        """Return a clock of the folded part."""
        name, _, number = clock.key.partition(":")
        milestone = Milestone(name)
        return Clock(
            milestone=milestone,
            round=int(number),
            level=clock.level,
            started_at=clock.started_at,
            cycle_at=clock.cycle_at,
            read_at=self.now,
            state=ClockState(clock.state),
            calendar=self._calendar(clock.level, clock.met_at or self.now)[0],
            window=self.promise.terms.window(milestone, clock.level),
            target_at=clock.target_at,
            due_at=clock.due_at,
            ended_at=clock.ended_at,
            met_at=clock.met_at,
            used=clock.used,
            paused=clock.paused,
            proven_at=None if clock.doubtful else clock.due_at,
            folded=True,
        )

    def _clock(self, cycle: Cycle, episode: Episode) -> Iterator[Clock]:
        """Yield the clock of the cycle, if it is promised. A met clock stays as it was when it was met."""
        ended_at = cycle.met_at or episode.ended_at or self._gone_at(cycle.started_at)
        judged_at = self._judged_at(cycle) if cycle.met_at else ended_at or self.now
        level = self._level(judged_at)
        window = None if level is None else self._window(cycle.milestone, level)
        if level is None or window is None:
            return
        end = ended_at or self.now
        start, counted_from = self._origin(cycle, level, end)
        calendar, counted_by = self._calendar(level, judged_at)
        pauses = tuple(self._pauses(cycle.milestone, start, ended_at))
        target_at, due_at = (calendar.due(start, amount, pauses) for amount in (window.target, window.commitment))
        used = calendar.elapsed(start, end, pauses)
        late = due_at is not None and due_at <= end
        state = self._state(cycle, episode, late=late, paused=any(ends is None for _, ends in pauses))
        yield Clock(
            milestone=cycle.milestone,
            level=level,
            started_at=start,
            cycle_at=cycle.started_at,
            read_at=self.now,
            state=state,
            calendar=calendar,
            window=window,
            target_at=_reached(target_at, end) if state is ClockState.CANCELLED else target_at,
            due_at=_reached(due_at, end) if state is ClockState.CANCELLED else due_at,
            ended_at=ended_at,
            met_at=cycle.met_at,
            used=used,
            paused=calendar.elapsed(start, end) - used,
            pauses=pauses,
            certain=not self._unknown_spans(start, end),
            proven_at=self._proven_at(_Counted(cycle.milestone, calendar, start, window, pauses), due_at, end),
            reasons=(
                *cycle.reasons,
                *counted_from,
                self._promised(cycle.milestone, level, window),
                counted_by,
                *self._unknown(start, end),
                *self._moves(start, end),
            ),
        )

    def _proven_at(self, counted: _Counted, due_at: datetime | None, end: datetime) -> datetime | None:
        """Return when the commitment has run out, whatever happened in unknown time (L8): it may have been a pause.

        Solving in it would have met a determination, so only a breach before it is proven.
        """
        unknown = self._unknown_spans(counted.start, end)
        if not unknown or due_at is None or due_at <= unknown[0][0]:
            return due_at
        if counted.milestone is Milestone.DETERMINATION:
            return None
        return counted.calendar.due(counted.start, counted.window.commitment, (*counted.pauses, *unknown))

    def _state(self, cycle: Cycle, episode: Episode, *, late: bool, paused: bool) -> ClockState:
        if cycle.met_at:
            return ClockState.BREACHED if late else ClockState.MET
        if episode.ended_at is None and self.history.stage is WorkState.ENDED:
            return ClockState.CANCELLED
        if late:
            return ClockState.BREACHED
        if episode.ended_at:
            return ClockState.CANCELLED
        return ClockState.PAUSED if paused else ClockState.RUNNING

    def _gone_at(self, started_at: datetime) -> datetime | None:
        """Return when the ticket went to the bin, at the earliest `started_at`; None if it is not in the bin now."""
        return next((max(at, started_at) for at, end in self._spans(WorkState.ENDED) if end is None), None)

    def _level(self, at: datetime) -> int | None:
        return self.promise.terms.level(self._severity(at))

    def _judged_at(self, cycle: Cycle) -> datetime:
        """Return the instant by whose facts a met cycle is judged: a change at the one when it was met alters nothing.

        One that began at that instant too is judged by the facts that it began with.
        """
        return max((cycle.met_at or self.now) - _INSTANT, cycle.started_at)

    def _severity(self, at: datetime) -> int | None:
        """Return the severity level at the instant, as the history does."""
        count = bisect_right(self._severities, at, key=lambda event: event.at)
        return self._severities[count - 1].level if count else None

    @cached_property
    def _severities(self) -> Sequence[HistoryEvent]:
        return [event for event in self.history.events if event.kind is HistoryEventKind.SEVERITY]

    @cached_property
    def _moved_at(self) -> Sequence[datetime]:
        return [event.at for event in self.history.events if event.kind is HistoryEventKind.MOVE]

    def _spans(self, *stages: WorkState) -> Sequence[Pause]:
        """Return the spans of these states, in order; none overlaps another."""
        if stages not in self._known_spans:
            self._known_spans[stages] = tuple(self.history.spans(frozenset(stages)))
        return self._known_spans[stages]

    @cached_property
    def _known_spans(self) -> dict[tuple[WorkState, ...], Sequence[Pause]]:
        return {}

    def _window(self, milestone: Milestone, level: int) -> CommitmentWindow | None:
        terms = self.promise.terms
        not_for_it = terms.resolution_for is PromiseScope.LARGE_ACCOUNTS and not self.basis.large
        return None if milestone is Milestone.RESOLUTION and not_for_it else terms.window(milestone, level)

    def _origin(self, cycle: Cycle, level: int, end: datetime) -> tuple[datetime, list[Reason]]:
        """Return the instant from which the cycle counts: its start, or the last change from which the terms count."""
        changes = self._changes(cycle.milestone, level, end)
        later = [change for change in changes if cycle.started_at < change[0] <= end]
        at, reason = max(later, key=lambda change: change[0], default=(cycle.started_at, None))
        return at, [reason] if reason else []

    def _changes(self, milestone: Milestone, level: int, end: datetime) -> Iterator[tuple[datetime, Reason]]:
        terms, large_since = self.promise.terms, self.basis.large_since
        by_severity = milestone in BY_SEVERITY
        if by_severity and terms.severity_changed is CountFrom.CHANGE:
            yield from self._severity_changes()
        if terms.found_large_late is CountFrom.CHANGE and large_since and self.basis.large:
            raised = by_severity and level == 1 and self._level(large_since - _INSTANT) != 1
            if raised or milestone is Milestone.RESOLUTION:
                yield large_since, Reason("R49", "counts from when the account was found to be large")

    def _severity_changes(self) -> Iterator[tuple[datetime, Reason]]:
        """Yield the changes by others. Our own count from where the setting for accounts that are found late says."""
        level = self._level(self.history.created_at)
        for event in self._severities:
            if (new := self.promise.terms.level(event.level)) != level:
                level = new
                if not event.by_us:
                    yield event.at, Reason("R24", f"counts from the change to severity {level}")

    def _calendar(self, level: int, at: datetime) -> tuple[BusinessCalendar, Reason]:
        """Return the calendar for the facts at the instant."""
        weekend, about = self.promise.terms.weekend, self.basis
        inferred = about.inferred_issue_type if weekend.inferred else None
        for issue_type, how in ((about.issue_type_at(at), ""), (inferred, ", as its words say")):
            if issue_type in weekend.issue_types and level in weekend.levels:
                return WALL_CLOCK, Reason("R21", f"{issue_type}{how}: by the wall clock, at weekends too")
        calendar, origin = self.promise.calendar, self.promise.calendar_from
        text = f"by the calendar of {self.promise.region}, {calendar.tz}" + (f", {origin}" if origin else "")
        return calendar, Reason("R21", text)

    def _pauses(self, milestone: Milestone, start: datetime, ended_at: datetime | None) -> Iterator[Pause]:
        """Yield the pauses of the milestone between the two instants."""
        also = (WorkState.PAUSED,) if milestone in self.promise.terms.paused else ()
        spans = self._spans(WorkState.SOLVED, WorkState.ENDED, *also)
        first = bisect_right(spans, start, key=lambda span: span[1] or _NEVER)
        for begins, ends in islice(spans, first, None):
            since = max(begins, start)
            if ended_at and since >= ended_at:
                return
            yield since, min(filter(None, (ends, ended_at)), default=None)

    def _unknown_spans(self, start: datetime, end: datetime) -> list[Span]:
        return [(begins, ends) for begins, ends in self.history.unknown if begins < end and start < ends]

    def _unknown(self, start: datetime, end: datetime) -> Iterator[Reason]:
        """Yield a reason for each unknown span between the two instants."""
        for begins, ends in self._unknown_spans(start, end):
            span = f"from {format_instant(begins)} to {format_instant(ends)}"
            yield Reason("L8", f"nothing is known of what happened {span}; counted as if nothing had")

    def _moves(self, start: datetime, end: datetime) -> Iterator[Reason]:
        moved = any(start <= at < end for at in self._moved_at)
        return iter([Reason("L9", "moved to another department, and goes on")] if moved else [])

    def _promised(self, milestone: Milestone, level: int, window: CommitmentWindow) -> Reason:
        figures = f"target {format_duration(window.target)}, commitment {format_duration(window.commitment)}"
        if milestone not in BY_SEVERITY:
            return Reason("R32", figures)
        stated = "" if self._severity(self.now) else "no severity, so "
        return Reason(_SEVERITY_RULES.get(level, "R24"), f"{stated}severity {level}: {figures}")


_INSTANT = timedelta(microseconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


def _reached(instant: datetime | None, end: datetime) -> datetime | None:
    return instant if instant and instant <= end else None
