"""Which escalation steps a ticket owes now, and whom they tell (R33–R40).

One ladder per ticket at a time: what happens while a ladder runs that climbs as high starts no second one. A report of
a security breach stands apart: it goes straight to its level, whatever else runs, and no further (R36d).
What is remembered of a ticket is an `Escalation`; `escalate` folds what happened into it and says what is owed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from zoneinfo import ZoneInfo

from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.promise import WALL_CLOCK
from desk_sync.domain.escalation.ladder import (
    Ladder,
    LadderCause,
    LadderRung,
    NextRung,
    RaisedLevel,
    Signals,
    following,
)
from desk_sync.domain.escalation.matrix import EscalationLocation, Recipients, reach, successors
from desk_sync.domain.escalation.policy import EscalationPolicy, LadderTime
from desk_sync.domain.escalation.staff import StaffMember
from desk_sync.domain.escalation.triggers import EscalationTrigger, ReviewRequest
from desk_sync.domain.format import format_instant
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderContext:
    """What the look knows of the ticket: where its partner is, its severity level, its region's calendar."""

    location: EscalationLocation
    severity: int
    calendar: BusinessCalendar
    policy_version: str = ""

    def date_of(self, now: datetime) -> date:
        """The date where the region is: people come and go by it."""
        return now.astimezone(ZoneInfo(self.calendar.tz)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationState:
    """What is remembered of a ticket: the ladder that started last, every step that was raised, every known trigger."""

    ladder: Ladder | None = None
    raised: tuple[RaisedLevel, ...] = ()
    known: frozenset[str] = frozenset()


NO_ESCALATION = EscalationState()


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStep:
    """A level that is raised now; `key` makes it happen once. `stand_ins` are told if nobody of the level can be.

    `late_since` is the breach's instant where it was seen late. `next_at`: when the level after it is due, if nothing
    happens; None for the last one, and while the ladder is paused.
    """

    ladder: Ladder
    level: int
    reach: Recipients
    stand_ins: tuple[StaffMember, ...] = ()
    late_since: datetime | None = None
    next_at: datetime | None = None

    @property
    def key(self) -> str:
        return f"escalation:{self.ladder.key}:{self.level}"

    @property
    def because(self) -> LadderCause:
        return self.ladder.because

    @property
    def next_level(self) -> int | None:
        """The level after it, if there is one."""
        return next((rung.level for rung in self.ladder.rungs if rung.level > self.level), None)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return (self.ladder.reason, *self.reach.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationOutcome:
    """What a look owes: the steps to raise now, what to remember once they are, when to look next, and why.

    `reviews` are what was asked for and is not followed: a person must decide.
    """

    escalation: EscalationState
    steps: tuple[EscalationStep, ...] = ()
    next_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    reviews: tuple[ReviewRequest, ...] = ()

    def because(self, rule: str, text: str) -> EscalationOutcome:
        return replace(self, reasons=(*self.reasons, Reason(rule, text)))

    def knowing(self, trigger: EscalationTrigger) -> EscalationOutcome:
        known = self.escalation.known | {trigger.key}
        return replace(self, escalation=replace(self.escalation, known=known))

    def climbing(self, ladder: Ladder) -> EscalationOutcome:
        return replace(self, escalation=replace(self.escalation, ladder=ladder))

    def raising(self, step: EscalationStep, raised: RaisedLevel) -> EscalationOutcome:
        escalation = replace(self.escalation, raised=(*self.escalation.raised, raised))
        return replace(self, escalation=escalation, steps=(*self.steps, step), reasons=(*self.reasons, *step.reasons))


def escalate(
    before: EscalationState,
    triggers: Iterable[EscalationTrigger],
    signals: Signals,
    situation: LadderContext,
    policy: EscalationPolicy,
    *,
    now: datetime,
    since: datetime | None = None,
) -> EscalationOutcome:
    """Fold what happened into what is remembered, and say what is owed at `now`.

    `since`: what fired before it (backfill, first activation) is known from now on, and raises nothing.
    """
    look = _Look(signals, situation, policy, now, since)
    news = sorted((each for each in triggers if each.key not in before.known), key=lambda each: (each.at, each.key))
    return look.climb(reduce(look.take, news, EscalationOutcome(escalation=before)))


@dataclass(frozen=True, slots=True)
class _Look:
    """What does not change while the triggers of one look are taken in."""

    signals: Signals
    situation: LadderContext
    policy: EscalationPolicy
    now: datetime
    since: datetime | None

    def take(self, owed: EscalationOutcome, trigger: EscalationTrigger) -> EscalationOutcome:
        """One more trigger: it is told at once, starts a ladder, or is told of by the ladder that runs."""
        owed = owed.knowing(trigger)
        if self.since is not None and trigger.at < self.since:
            return owed.because("R33", f"{trigger.reason.text}: before escalation began here, so nobody is told")
        new = self._ladder(trigger)
        if trigger.because is LadderCause.SECURITY:
            return self._raise(owed, new, new.rungs[0])
        running = self._running(owed.escalation, trigger.at)
        if running is None:
            return owed.climbing(new)
        if running.tells_of(new, owed.escalation.raised):
            return owed.because("R33", f"{trigger.reason.text}: the ladder of {running.because} tells of it")
        return owed.climbing(new.and_on(running))

    def climb(self, owed: EscalationOutcome) -> EscalationOutcome:
        """Raise the ladder's next level, if it is due, and say when the one after it is."""
        ladder = owed.escalation.ladder
        if ladder is None:
            return owed
        due = following(ladder, owed.escalation.raised, self.signals)
        if due is not None and due.owed(self.now):
            owed = self._raise(owed, ladder, due.rung)
            due = following(ladder, owed.escalation.raised, self.signals)
        return replace(owed, next_at=due.at if due else None).because("R38", self._standing(ladder, due))

    def _raise(self, owed: EscalationOutcome, ladder: Ladder, rung: LadderRung) -> EscalationOutcome:
        """Raise the level now. The wait for the one after it counts from here, however late this one is."""
        found, stand_ins = self._reach(ladder, rung.level)
        raised = RaisedLevel(
            ladder=ladder.key, because=ladder.because, level=rung.level, at=self.now, roles=found.roles
        )
        due = following(ladder, (*owed.escalation.raised, raised), self.signals)
        step = EscalationStep(
            ladder=ladder,
            level=rung.level,
            reach=found,
            stand_ins=stand_ins,
            late_since=self._late_since(ladder, rung),
            next_at=due.at if due else None,
        )
        return owed.raising(step, raised)

    def _reach(self, ladder: Ladder, level: int) -> tuple[Recipients, tuple[StaffMember, ...]]:
        """By the roles that were frozen; by today's, where the mapping has none of those any more."""
        on, staff, matrix = self.situation.date_of(self.now), self.policy.staff, self.policy.matrix
        frozen = reach(ladder.chain, level, staff, on).roles
        chain = ladder.chain if frozen else matrix.chain(self.situation.location)
        return reach(chain, level, staff, on), tuple(successors(chain, level, staff, on))

    def _ladder(self, trigger: EscalationTrigger) -> Ladder:
        """What the trigger starts, with everything that it takes from the mapping."""
        location = self.situation.location
        rule = self.policy.rule(trigger.because, location.region, self.situation.severity)
        calendars = {
            LadderTime.AS_THE_CLOCK: trigger.calendar or self.situation.calendar,
            LadderTime.BUSINESS: self.situation.calendar,
            LadderTime.WALL: WALL_CLOCK,
        }
        return Ladder(
            key=trigger.key,
            because=trigger.because,
            reason=trigger.reason,
            started_at=trigger.at,
            rungs=rule.rungs,
            chain=self.policy.matrix.chain(location),
            calendar=calendars[rule.counts],
            answers=self.policy.answers.get(trigger.because, {}),
            policy_version=self.situation.policy_version,
        )

    def _running(self, escalation: EscalationState, at: datetime) -> Ladder | None:
        """The ladder that had not stopped by then."""
        ladder = escalation.ladder
        stopped_at = ladder.stopped_at(self.signals) if ladder else None
        return ladder if stopped_at is None or stopped_at > at else None

    def _late_since(self, ladder: Ladder, rung: LadderRung) -> datetime | None:
        late = rung.level == ladder.foot and self.now - ladder.started_at > self.policy.late
        return ladder.started_at if late else None

    def _standing(self, ladder: Ladder, due: NextRung | None) -> str:
        """Where the ladder stands, for whoever asks why."""
        stopped_at = ladder.stopped_at(self.signals)
        if stopped_at is not None:
            return f"the ladder of {ladder.because} stopped at {format_instant(stopped_at)}"
        if due is None:
            return f"the ladder of {ladder.because} has told its last level, {ladder.top}"
        when = f"is due at {format_instant(due.at)}" if due.at else "waits while the ladder is paused"
        return f"the ladder of {ladder.because}: level {due.rung.level} {when}"
