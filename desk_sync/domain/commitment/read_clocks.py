"""The commitment's clocks: read from what happened and what was promised, never kept (R18–R22, R25–R32).

The same history, promise and circumstances give the same clocks at the same instant. What happened later than the
instant does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk_sync.domain.commitment import cycles as rounds
from desk_sync.domain.commitment.calendar import BusinessCalendar, Pause
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.cycles import Cycle, Episode
from desk_sync.domain.commitment.history import History, HistoryEventKind, WorkState
from desk_sync.domain.commitment.promise import (
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
class ClockBasis:
    """What is known of a ticket now, and decides which of the promises are meant for it.

    `large`: a large user account's, since `large_since` as far as we know. Issue and request types are our words;
    `inferred_issue_type` was only inferred from words, and may add the weekend exception, nothing else.
    """

    large: bool = False
    large_since: datetime | None = None
    issue_type: str | None = None
    request_type: str | None = None
    inferred_issue_type: str | None = None


def read_clocks(history: History, promise: Promise, circumstances: ClockBasis, now: datetime) -> tuple[Clock, ...]:
    """Where every milestone stands at `now`, in the order in which the clocks started; one for each round.

    None before the ticket was created, and none for a ticket that nothing is promised for.
    """
    if now < history.created_at:
        return ()
    reading = _Reading(history.until(now), promise, circumstances, now)
    clocks = reading.exempt() if reading.is_exempt else reading.all()
    return tuple(sorted(clocks, key=lambda clock: (clock.started_at, _ORDER[clock.milestone], clock.round)))


_ORDER = {milestone: number for number, milestone in enumerate(Milestone)}
_SEVERITY_RULES = {1: "R18", 2: "R19", 3: "R20"}


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of the clocks: what all of them go by."""

    history: History
    promise: Promise
    circumstances: ClockBasis
    now: datetime

    @property
    def is_exempt(self) -> bool:
        exempt = self.promise.terms.exempt
        about = self.circumstances
        return about.issue_type in exempt.issue_types or about.request_type in exempt.request_types

    def exempt(self) -> Iterator[Clock]:
        """What would be promised if the ticket were about something else (R25)."""
        about, kinds = self.circumstances, self.promise.terms.exempt
        kind = about.issue_type if about.issue_type in kinds.issue_types else about.request_type
        for milestone in (Milestone.ACKNOWLEDGEMENT, Milestone.DETERMINATION, Milestone.RESOLUTION):
            level = self._level(self.now)
            if level is not None and self._window(milestone, level):
                yield Clock(
                    milestone=milestone,
                    level=level,
                    started_at=self.history.created_at,
                    read_at=self.now,
                    state=ClockState.EXEMPT,
                    calendar=self.promise.calendar,
                    reasons=(Reason("R25", f"exempt: {kind}"),),
                )

    def all(self) -> Iterator[Clock]:
        counts: dict[Milestone, int] = {}
        for life in rounds.lives(self.history, self.promise.terms.reopened):
            for clock in self._of_life(life):
                counts[clock.milestone] = counts.get(clock.milestone, 0) + 1
                yield replace(clock, round=counts[clock.milestone])

    def _of_life(self, life: Episode) -> Iterator[Clock]:
        terms = self.promise.terms
        for each in (rounds.acknowledgement(life), *rounds.determination(life, terms)):
            yield from self._clock(each, life)
        for clock in self._clock(rounds.resolution(life), life):
            yield clock
            if clock.target_at and clock.target_at <= (clock.ended_at or self.now):
                for each in rounds.updates(life, clock.target_at):
                    yield from self._clock(each, life)

    def _clock(self, each: Cycle, life: Episode) -> Iterator[Clock]:
        """The round as a clock, if it is promised. What is met stays as it was when it was met."""
        ended_at = each.met_at or life.ended_at or self._gone_at(each.started_at)
        level = self._level(ended_at or self.now)
        window = None if level is None else self._window(each.milestone, level)
        if level is None or window is None:
            return
        end = ended_at or self.now
        start, counted_from = self._origin(each, level, end)
        calendar, counted_by = self._calendar(level)
        pauses = tuple(self._pauses(each.milestone, start, ended_at))
        target_at, due_at = (calendar.due(start, amount, pauses) for amount in (window.target, window.commitment))
        used = calendar.elapsed(start, end, pauses)
        late = due_at is not None and due_at <= end
        state = self._state(each, life, late=late, still=any(ends is None for _, ends in pauses))
        yield Clock(
            milestone=each.milestone,
            level=level,
            started_at=start,
            read_at=self.now,
            state=state,
            calendar=calendar,
            window=window,
            target_at=_reached(target_at, end) if state is ClockState.CANCELLED else target_at,
            due_at=_reached(due_at, end) if state is ClockState.CANCELLED else due_at,
            ended_at=ended_at,
            met_at=each.met_at,
            used=used,
            paused=calendar.elapsed(start, end) - used,
            pauses=pauses,
            certain=not list(self._unknown(start, end)),
            reasons=(
                *each.reasons,
                *counted_from,
                self._promised(each.milestone, level, window),
                counted_by,
                *self._unknown(start, end),
                *self._moves(start, end),
            ),
        )

    def _state(self, each: Cycle, life: Episode, *, late: bool, still: bool) -> ClockState:
        if each.met_at:
            return ClockState.BREACHED if late else ClockState.MET
        if life.ended_at is None and self.history.stage is WorkState.ENDED:
            return ClockState.CANCELLED
        if late:
            return ClockState.BREACHED
        if life.ended_at:
            return ClockState.CANCELLED
        return ClockState.PAUSED if still else ClockState.RUNNING

    def _gone_at(self, started_at: datetime) -> datetime | None:
        """When the ticket went to the bin, where it still is; no sooner than the round started."""
        return next((max(at, started_at) for at, end in self.history.spans({WorkState.ENDED}) if end is None), None)

    def _level(self, at: datetime) -> int | None:
        return self.promise.terms.level(self.history.level(at))

    def _window(self, milestone: Milestone, level: int) -> CommitmentWindow | None:
        terms = self.promise.terms
        kept_from = terms.resolution_for is PromiseScope.LARGE_ACCOUNTS and not self.circumstances.large
        return None if milestone is Milestone.RESOLUTION and kept_from else terms.window(milestone, level)

    def _origin(self, each: Cycle, level: int, end: datetime) -> tuple[datetime, list[Reason]]:
        """From when the round counts: its start, or a change of what is promised, where the terms say so."""
        later = [change for change in self._changes(each.milestone, level, end) if each.started_at < change[0] <= end]
        at, reason = max(later, key=lambda change: change[0], default=(each.started_at, None))
        return at, [reason] if reason else []

    def _changes(self, milestone: Milestone, level: int, end: datetime) -> Iterator[tuple[datetime, Reason]]:
        terms, large_since = self.promise.terms, self.circumstances.large_since
        by_severity = milestone in (Milestone.ACKNOWLEDGEMENT, Milestone.DETERMINATION)
        if by_severity and terms.severity_changed is CountFrom.CHANGE:
            yield from self._severity_changes()
        if terms.found_large_late is CountFrom.CHANGE and large_since and self.circumstances.large:
            raised = by_severity and level == 1 and self._level(large_since - _INSTANT) != 1
            if raised or milestone is Milestone.RESOLUTION:
                yield large_since, Reason("R49", "counts from when the account was found to be large")

    def _severity_changes(self) -> Iterator[tuple[datetime, Reason]]:
        level = self._level(self.history.created_at)
        for act in self.history.acts:
            if act.kind is HistoryEventKind.SEVERITY and (new := self.promise.terms.level(act.level)) != level:
                level = new
                yield act.at, Reason("R24", f"counts from the change to severity {level}")

    def _calendar(self, level: int) -> tuple[BusinessCalendar, Reason]:
        weekend, about = self.promise.terms.weekend, self.circumstances
        inferred = about.inferred_issue_type if weekend.inferred else None
        for issue_type, how in ((about.issue_type, ""), (inferred, ", as its words say")):
            if issue_type in weekend.issue_types and level in weekend.levels:
                return WALL_CLOCK, Reason("R21", f"{issue_type}{how}: by the wall clock, at weekends too")
        calendar, origin = self.promise.calendar, self.promise.calendar_from
        told = f"by the calendar of {self.promise.region}, {calendar.tz}" + (f", {origin}" if origin else "")
        return calendar, Reason("R21", told)

    def _pauses(self, milestone: Milestone, start: datetime, ended_at: datetime | None) -> Iterator[Pause]:
        """When the ticket stood still between the two instants."""
        still = {WorkState.SOLVED, WorkState.ENDED} | (
            {WorkState.PAUSED} if milestone in self.promise.terms.paused else set()
        )
        for begins, ends in self.history.spans(still):
            stops = min(filter(None, (ends, ended_at)), default=None)
            if stops is None or max(begins, start) < stops:
                yield max(begins, start), stops

    def _unknown(self, start: datetime, end: datetime) -> Iterator[Reason]:
        """The spans between the two instants in which anything may have happened."""
        for begins, ends in self.history.unknown:
            if begins < end and start < ends:
                span = f"from {format_instant(begins)} to {format_instant(ends)}"
                yield Reason("L8", f"nothing is known of what happened {span}; counted as if nothing had")

    def _moves(self, start: datetime, end: datetime) -> Iterator[Reason]:
        moved = any(act.kind is HistoryEventKind.MOVE and start <= act.at < end for act in self.history.acts)
        return iter([Reason("L9", "moved to another department, and goes on")] if moved else [])

    def _promised(self, milestone: Milestone, level: int, window: CommitmentWindow) -> Reason:
        figures = f"target {format_duration(window.target)}, commitment {format_duration(window.commitment)}"
        if milestone in (Milestone.RESOLUTION, Milestone.UPDATE):
            return Reason("R32", figures)
        stated = "" if self.history.level(self.now) else "no severity, so "
        return Reason(_SEVERITY_RULES.get(level, "R24"), f"{stated}severity {level}: {figures}")


_INSTANT = timedelta(microseconds=1)


def _reached(instant: datetime | None, end: datetime) -> datetime | None:
    return instant if instant and instant <= end else None
