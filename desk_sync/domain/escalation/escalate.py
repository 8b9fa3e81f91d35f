"""The escalation steps that are due on a ticket now, and their recipients (R33–R40).

One ladder per ticket at a time: a trigger starts no second ladder while one runs that climbs at least as high. A report
of a security breach is the exception: it is raised at its own level at once, beside any ladder, and no further (R36d).
`EscalationState` is the stored part; `escalate` adds the new triggers to it and returns the steps that are due.
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
    next_rung,
)
from desk_sync.domain.escalation.matrix import EscalationLocation, Recipients, find_recipients, find_stand_ins
from desk_sync.domain.escalation.policy import EscalationPolicy, LadderTime
from desk_sync.domain.escalation.staff import StaffMember
from desk_sync.domain.escalation.triggers import EscalationTrigger, ReviewRequest
from desk_sync.domain.format import format_instant
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderContext:
    """Facts about the ticket: the location of its partner, its severity level, the calendar of its region."""

    location: EscalationLocation
    severity: int
    calendar: BusinessCalendar
    policy_version: str = ""

    def date_of(self, now: datetime) -> date:
        """Return the local date in the region; duties and absences are by this date."""
        return now.astimezone(ZoneInfo(self.calendar.tz)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationState:
    """The stored state of a ticket: the ladder that started last, all raised levels, the keys of all known triggers."""

    ladder: Ladder | None = None
    raised: tuple[RaisedLevel, ...] = ()
    known: frozenset[str] = frozenset()


NO_ESCALATION = EscalationState()


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStep:
    """A level that is raised now, once per `key`. `stand_ins` are notified if no recipient of the level can be reached.

    `late_since`: the instant of the breach, if it was detected late. `next_at`: when the next level is due if nothing
    happens before; None after the last level, and while the ladder is paused.
    """

    ladder: Ladder
    level: int
    recipients: Recipients
    stand_ins: tuple[StaffMember, ...] = ()
    late_since: datetime | None = None
    next_at: datetime | None = None

    @property
    def key(self) -> str:
        return step_key(self.ladder.key, self.level)

    @property
    def because(self) -> LadderCause:
        return self.ladder.because

    @property
    def next_level(self) -> int | None:
        """The level after this one; None after the last."""
        return next((rung.level for rung in self.ladder.rungs if rung.level > self.level), None)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return (self.ladder.reason, *self.recipients.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationOutcome:
    """The result of a look: the steps to raise now, the state to store afterwards, when to look next, and the reasons.

    `reviews` are requests that were not followed: a person must decide.
    """

    state: EscalationState
    steps: tuple[EscalationStep, ...] = ()
    next_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    reviews: tuple[ReviewRequest, ...] = ()

    def with_reason(self, rule: str, text: str) -> EscalationOutcome:
        return replace(self, reasons=(*self.reasons, Reason(rule, text)))

    def with_known(self, trigger: EscalationTrigger) -> EscalationOutcome:
        known = self.state.known | {trigger.key}
        return replace(self, state=replace(self.state, known=known))

    def with_ladder(self, ladder: Ladder) -> EscalationOutcome:
        return replace(self, state=replace(self.state, ladder=ladder))

    def with_raised(self, step: EscalationStep, raised: RaisedLevel) -> EscalationOutcome:
        state = replace(self.state, raised=(*self.state.raised, raised))
        return replace(self, state=state, steps=(*self.steps, step), reasons=(*self.reasons, *step.reasons))


def escalate(
    before: EscalationState,
    triggers: Iterable[EscalationTrigger],
    signals: Signals,
    context: LadderContext,
    policy: EscalationPolicy,
    *,
    now: datetime,
    since: datetime | None = None,
    settled: frozenset[str] = frozenset(),
) -> EscalationOutcome:
    """Add the new triggers to the stored state, and return the steps that are due at `now`.

    Triggers before `since` (backfill, first activation) are recorded as known and raise nothing. `settled` are the keys
    of clocks that are not breached: the ladder of such a clock raises no level.
    """
    look = _Look(signals, context, policy, now, since, settled)
    news = sorted((each for each in triggers if each.key not in before.known), key=lambda each: (each.at, each.key))
    return look.advance(reduce(look.add, news, EscalationOutcome(state=before)))


def step_key(ladder: str, level: int) -> str:
    """Return the key of a level of the ladder with this key."""
    return f"escalation:{ladder}:{level}"


def start_ladder(trigger: EscalationTrigger, context: LadderContext, policy: EscalationPolicy) -> Ladder:
    """Return the ladder that the trigger starts, with all that it takes from the mapping."""
    location = context.location
    rule = policy.rule(trigger.because, location.region, context.severity)
    calendars = {
        LadderTime.AS_THE_CLOCK: trigger.calendar or context.calendar,
        LadderTime.BUSINESS: context.calendar,
        LadderTime.WALL: WALL_CLOCK,
    }
    return Ladder(
        key=trigger.key,
        because=trigger.because,
        reason=trigger.reason,
        started_at=trigger.at,
        rungs=rule.rungs,
        chain=policy.matrix.chain(location),
        calendar=calendars[rule.counts],
        answers=policy.answers.get(trigger.because, {}),
        policy_version=context.policy_version,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """The inputs of one look that are the same for all its triggers."""

    signals: Signals
    context: LadderContext
    policy: EscalationPolicy
    now: datetime
    since: datetime | None
    settled: frozenset[str]

    def add(self, outcome: EscalationOutcome, trigger: EscalationTrigger) -> EscalationOutcome:
        """Add one trigger: it is raised at once (security), starts a ladder, or is covered by the running one."""
        outcome = outcome.with_known(trigger)
        if self.since is not None and trigger.at < self.since:
            return outcome.with_reason("R33", f"{trigger.reason.text}: before escalation began here, so nobody is told")
        new = start_ladder(trigger, self.context, self.policy)
        if trigger.because is LadderCause.SECURITY:
            return self._raise(outcome, new, new.rungs[0])
        running = self._running(outcome.state, trigger.at)
        if running is None:
            return outcome.with_ladder(new)
        if running.covers(new, outcome.state.raised):
            return outcome.with_reason("R33", f"{trigger.reason.text}: the ladder of {running.because} tells of it")
        return outcome.with_ladder(new.extended_by(running))

    def advance(self, outcome: EscalationOutcome) -> EscalationOutcome:
        """Raise the next level of the ladder, if it is due, and set when the one after it is due."""
        ladder = outcome.state.ladder
        if ladder is None:
            return outcome
        if ladder.key in self.settled:
            return outcome.with_reason("R33", f"the ladder of {ladder.because} stands: its clock is not breached")
        due = next_rung(ladder, outcome.state.raised, self.signals)
        if due is not None and due.is_due(self.now):
            outcome = self._raise(outcome, ladder, due.rung)
            due = next_rung(ladder, outcome.state.raised, self.signals)
        return replace(outcome, next_at=due.at if due else None).with_reason("R38", self._position(ladder, due))

    def _raise(self, outcome: EscalationOutcome, ladder: Ladder, rung: LadderRung) -> EscalationOutcome:
        """Raise the level now. The wait for the next level counts from now, also if this one is late."""
        recipients, stand_ins = self._recipients(ladder, rung.level)
        raised = RaisedLevel(
            ladder=ladder.key, because=ladder.because, level=rung.level, at=self.now, roles=recipients.roles
        )
        due = next_rung(ladder, (*outcome.state.raised, raised), self.signals)
        step = EscalationStep(
            ladder=ladder,
            level=rung.level,
            recipients=recipients,
            stand_ins=stand_ins,
            late_since=self._late_since(ladder, rung),
            next_at=due.at if due else None,
        )
        return outcome.with_raised(step, raised)

    def _recipients(self, ladder: Ladder, level: int) -> tuple[Recipients, tuple[StaffMember, ...]]:
        """Return the recipients of a level, by the frozen roles, or by the current matrix if none of those is left."""
        on, staff, matrix = self.context.date_of(self.now), self.policy.staff, self.policy.matrix
        frozen = find_recipients(ladder.chain, level, staff, on).roles
        chain = ladder.chain if frozen else matrix.chain(self.context.location)
        return find_recipients(chain, level, staff, on), tuple(find_stand_ins(chain, level, staff, on))

    def _running(self, state: EscalationState, at: datetime) -> Ladder | None:
        """Return the ladder if it had not stopped by `at`."""
        ladder = state.ladder
        if ladder is None or ladder.key in self.settled:
            return None
        stopped_at = ladder.stopped_at(self.signals)
        return ladder if stopped_at is None or stopped_at > at else None

    def _late_since(self, ladder: Ladder, rung: LadderRung) -> datetime | None:
        late = rung.level == ladder.foot and self.now - ladder.started_at > self.policy.late
        return ladder.started_at if late else None

    def _position(self, ladder: Ladder, due: NextRung | None) -> str:
        """Return the position of the ladder, as the text of a reason."""
        stopped_at = ladder.stopped_at(self.signals)
        if stopped_at is not None:
            return f"the ladder of {ladder.because} stopped at {format_instant(stopped_at)}"
        if due is None:
            return f"the ladder of {ladder.because} has told its last level, {ladder.top}"
        when = f"is due at {format_instant(due.at)}" if due.at else "waits while the ladder is paused"
        return f"the ladder of {ladder.because}: level {due.rung.level} {when}"
