"""The escalation steps that are due on a ticket now, and their recipients (R33–R40).

One ladder per ticket at a time: a trigger starts no second ladder while one runs that climbs at least as high; that
ladder's next level tells of it, and if there is none, the trigger starts its own. A report of a security breach is the
exception: it is raised at its own level at once, beside any ladder, and no further (R36d).

A ladder holds while its reason holds: it stops when the clock that it names is not broken any more, goes on where it
stood if the same breach holds again, and leaves a later breach to a ladder of its own. Nothing is raised while the
ticket is closed or in the bin. `EscalationState` is the stored part; `escalate` returns the steps that are due.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from zoneinfo import ZoneInfo

from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.promise import WALL_CLOCK
from desk_sync.domain.escalation.ladder import Ladder, LadderCause, LadderRung, RaisedLevel, Signals
from desk_sync.domain.escalation.ladder_position import LadderPosition, NextRung
from desk_sync.domain.escalation.matrix import EscalationLocation, Recipients, find_recipients, find_stand_ins
from desk_sync.domain.escalation.policy import BreachMeanwhile, EscalationPolicy, LadderTime, ReasonEnds
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
    """The stored state of a ticket: the ladder that started last, all raised levels, the keys of all known triggers.

    A trigger is known once a level has told of it. `lapsed` are the keys of ladders whose reason has gone, or that gave
    way to another one; they go on if the same breach holds again. `stops` counts the ladders that stopped for lack of a
    reason. `warned` are the keys of the clocks whose target was told in time; None in a state of an older version.
    """

    ladder: Ladder | None = None
    raised: tuple[RaisedLevel, ...] = ()
    known: frozenset[str] = frozenset()
    lapsed: frozenset[str] = frozenset()
    stops: int = 0
    warned: frozenset[str] | None = None


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
class StoppedLadder:
    """A running ladder that stops at this look, because its reason has gone; agents get one note, with this `key`."""

    ladder: Ladder
    level: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationOutcome:
    """The result of a look: the steps to raise now, the state to store afterwards, when to look next, and the reasons.

    `reviews` are requests that were not followed: a person must decide. `covered` are the triggers that the running
    ladder tells of with its next level; `stopped` is the ladder that stops now. `at_risk` are clocks whose target
    passed, to be told in time.
    """

    state: EscalationState
    steps: tuple[EscalationStep, ...] = ()
    next_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    reviews: tuple[ReviewRequest, ...] = ()
    covered: tuple[EscalationTrigger, ...] = ()
    stopped: StoppedLadder | None = None
    at_risk: tuple[Clock, ...] = ()

    def with_reason(self, rule: str, text: str) -> EscalationOutcome:
        return replace(self, reasons=(*self.reasons, Reason(rule, text)))

    def with_known(self, *triggers: EscalationTrigger) -> EscalationOutcome:
        known = self.state.known | {each.key for each in triggers}
        return replace(self, state=replace(self.state, known=known))

    def with_ladder(self, ladder: Ladder) -> EscalationOutcome:
        """Return it with the ladder running, for the first time or again."""
        return replace(self, state=replace(self.state, ladder=ladder, lapsed=self.state.lapsed - {ladder.key}))

    def with_lapsed(self, ladder: Ladder) -> EscalationOutcome:
        return replace(self, state=replace(self.state, lapsed=self.state.lapsed | {ladder.key}))

    def with_stopped(self, ladder: Ladder) -> EscalationOutcome:
        """Return it with the note that the ladder, which was running, has stopped."""
        stops = self.state.stops + 1
        level = ladder.reached(self.state.raised)
        note = StoppedLadder(ladder=ladder, level=level, key=stop_key(ladder.key, stops))
        return replace(self, state=replace(self.state, stops=stops), stopped=note)

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
    holding: frozenset[str] | None = None,
) -> EscalationOutcome:
    """Add the new triggers to the stored state, and return the steps that are due at `now`.

    Triggers before `since` (backfill, first activation) are recorded as known and raise nothing. `holding` names the
    clocks that are breached now, and the overrun: a ladder about anything else has lost its reason. None if that cannot
    be judged, as in the bin.
    """
    look = _Look(signals, context, policy, now, since, holding)
    fired = sorted(triggers, key=lambda each: (each.at, each.key))
    return look.advance(reduce(look.add, fired, look.judge(EscalationOutcome(state=before))))


def step_key(ladder: str, level: int) -> str:
    """Return the key of a level of the ladder with this key."""
    return f"escalation:{ladder}:{level}"


def stop_key(ladder: str, number: int) -> str:
    """Return the key of the note that the ladder with this key stopped; the `number` is that of the ticket's notes."""
    return f"escalation:{ladder}:stopped:{number}"


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
        about=trigger.about,
    )


WITH_REASON = frozenset(
    {LadderCause.ACKNOWLEDGEMENT, LadderCause.DETERMINATION, LadderCause.RESOLUTION, LadderCause.OVERRUN}
)
"""The causes that last; the others are events."""
UNTIL_IT_STOPS = frozenset({LadderCause.RESOLUTION})
"""A breach of the resolution is told by no level of another ladder: a reply, which stops that one, solves nothing."""


@dataclass(frozen=True, slots=True)
class _Look:
    """The inputs of one look that are the same for all its triggers."""

    signals: Signals
    context: LadderContext
    policy: EscalationPolicy
    now: datetime
    since: datetime | None
    holding: frozenset[str] | None

    def judge(self, outcome: EscalationOutcome) -> EscalationOutcome:
        """Stop the ladder if its reason has gone; agents get a note if a level was still to come."""
        ladder = outcome.state.ladder
        climbs_on = self.holding is None or self.policy.reason_ends is ReasonEnds.CLIMB_ON
        if ladder is None or climbs_on or ladder.because not in WITH_REASON or ladder.key in outcome.state.lapsed:
            return outcome
        if ladder.about in (self.holding or ()):
            return outcome
        position = self._position(ladder, outcome.state)
        outcome = outcome.with_lapsed(ladder)
        return outcome.with_stopped(ladder) if position.own and position.is_running else outcome

    def add(self, outcome: EscalationOutcome, trigger: EscalationTrigger) -> EscalationOutcome:
        """Add one trigger: it is raised at once (security), starts a ladder, or is covered by the running one."""
        state = outcome.state
        if trigger.key in state.known:
            return self._resumed(outcome, trigger)
        if self.since is not None and trigger.at < self.since:
            text = f"{trigger.reason.text}: before escalation began here, so nobody is told"
            return outcome.with_known(trigger).with_reason("R33", text)
        if trigger.about and (ladder := self._present(state)) and ladder.about == trigger.about:
            return outcome.with_known(trigger)
        new = start_ladder(trigger, self.context, self.policy)
        if self._position(new, state).is_held:
            return outcome.with_reason("R33", f"{trigger.reason.text}: not raised before the ticket is open again")
        if trigger.because is LadderCause.SECURITY:
            return self._raise(outcome.with_known(trigger), new, new.rungs[0])
        return self._started(outcome, trigger, new)

    def _started(self, outcome: EscalationOutcome, trigger: EscalationTrigger, new: Ladder) -> EscalationOutcome:
        """Start the ladder of the trigger, unless the one that is running covers it."""
        running = self._running(outcome.state, trigger)
        if running is None:
            return outcome.with_known(trigger).with_ladder(new)
        if running.covers(new, outcome.state.raised):
            never = self.policy.breach_meanwhile is BreachMeanwhile.NEVER
            outcome = outcome.with_known(trigger) if never else replace(outcome, covered=(*outcome.covered, trigger))
            return outcome.with_reason("R33", f"{trigger.reason.text}: the ladder of {running.because} tells of it")
        return outcome.with_lapsed(running).with_known(trigger).with_ladder(new.extended_by(running))

    def _resumed(self, outcome: EscalationOutcome, trigger: EscalationTrigger) -> EscalationOutcome:
        """Let the ladder of a breach that holds again go on where it stood, if no other one is running."""
        state = outcome.state
        if state.ladder and trigger.about and trigger.about == state.ladder.about:
            return outcome.with_ladder(state.ladder)
        if trigger.key not in state.lapsed or self._running(state, trigger):
            return outcome
        again = start_ladder(trigger, self.context, self.policy)
        return outcome.with_ladder(again) if self._position(again, state).is_running else outcome

    def advance(self, outcome: EscalationOutcome) -> EscalationOutcome:
        """Raise the next level of the ladder, if it is due, and set when the one after it is due."""
        ladder = outcome.state.ladder
        if ladder is None:
            return outcome
        if ladder.key in outcome.state.lapsed:
            return outcome.with_reason("R33", f"the ladder of {ladder.because} has stopped: its reason has gone")
        position = self._position(ladder, outcome.state)
        due = position.next_rung
        if due is not None and due.is_due(self.now) and not position.is_held:
            reported = (each for each in outcome.covered if each.because not in UNTIL_IT_STOPS)
            outcome = self._raise(outcome, ladder, due.rung).with_known(*reported)
            position = self._position(ladder, outcome.state)
            due = position.next_rung
        next_at = due.at if due and not position.is_held else position.stops_at
        return replace(outcome, next_at=next_at).with_reason("R38", self._described(position, due))

    def _raise(self, outcome: EscalationOutcome, ladder: Ladder, rung: LadderRung) -> EscalationOutcome:
        """Raise the level now. The wait for the next level counts from now, also if this one is late."""
        recipients, stand_ins = self._recipients(ladder, rung.level)
        raised = RaisedLevel(
            ladder=ladder.key, because=ladder.because, level=rung.level, at=self.now, roles=recipients.roles
        )
        due = LadderPosition(ladder, (*outcome.state.raised, raised), self.signals, self.now).next_rung
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

    def _position(self, ladder: Ladder, state: EscalationState) -> LadderPosition:
        return LadderPosition(ladder, state.raised, self.signals, self.now)

    def _present(self, state: EscalationState) -> Ladder | None:
        """Return the ladder, unless its reason has gone."""
        return state.ladder if state.ladder and state.ladder.key not in state.lapsed else None

    def _running(self, state: EscalationState, trigger: EscalationTrigger) -> Ladder | None:
        """Return the ladder if it tells of the trigger: it is running, or it had not finished before the breach.

        A finished ladder tells of nothing later. It told of what broke before, except where that waits for its stop.
        """
        ladder = self._present(state)
        position = self._position(ladder, state) if ladder else None
        if position is None or position.stopped_at is not None:
            return None
        if position.finished_at is None or self.policy.breach_meanwhile is BreachMeanwhile.NEVER:
            return ladder
        return ladder if trigger.because in UNTIL_IT_STOPS and trigger.at <= position.finished_at else None

    def _late_since(self, ladder: Ladder, rung: LadderRung) -> datetime | None:
        late = rung.level == ladder.foot and self.now - ladder.started_at > self.policy.late
        return ladder.started_at if late else None

    def _described(self, position: LadderPosition, due: NextRung | None) -> str:
        """Return the position of the ladder, as the text of a reason."""
        ladder = position.ladder
        if position.stopped_at is not None:
            return f"the ladder of {ladder.because} stopped at {format_instant(position.stopped_at)}"
        if due is None:
            return f"the ladder of {ladder.because} has told its last level, {ladder.top}"
        when = f"is due at {format_instant(due.at)}" if due.at else "waits while the ladder is paused"
        return f"the ladder of {ladder.because}: level {due.rung.level} {when}"
