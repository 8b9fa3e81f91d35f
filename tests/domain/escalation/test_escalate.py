"""Escalation look after look: from the triggers and signals of a ticket to the steps that are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment.calendar import BusinessCalendar, WeeklyHours
from desk_sync.domain.escalation.escalate import EscalationState, LadderContext, escalate
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung, LadderSignal, SignalEffect
from desk_sync.domain.escalation.matrix import EscalationLocation, EscalationMatrix, MatrixPost
from desk_sync.domain.escalation.policy import BreachMeanwhile, LadderTime, ReasonEnds
from desk_sync.domain.escalation.staff import DutyDays, DutyPeriod, StaffMember, StaffRoster
from desk_sync.domain.escalation.triggers import EscalationTrigger
from desk_sync.domain.reason import Reason
from tests.support.clock_scenes import WEEK
from tests.support.makers import ESCALATION, make_rule

HOUR = timedelta(hours=1)
RUNGS = (LadderRung(1), LadderRung(2, 2 * HOUR), LadderRung(3, 4 * HOUR), LadderRung(4, 8 * HOUR))
REPLY_STOPS = {
    LadderSignal.REPLY: SignalEffect.STOP,
    LadderSignal.CLOSING: SignalEffect.STOP,
    LadderSignal.HOLDING: SignalEffect.PAUSE,
}
SOLVED_STOPS = {LadderSignal.CLOSING: SignalEffect.STOP, LadderSignal.HOLDING: SignalEffect.PAUSE}
POLICY = replace(
    ESCALATION,
    matrix=EscalationMatrix(
        cells={
            "HERE": {
                1: (MatrixPost("desk"),),
                2: (MatrixPost("lead"),),
                3: (MatrixPost("manager"),),
                4: (MatrixPost("pam"),),
            }
        },
    ),
    staff=StaffRoster(roles={"desk": (), "lead": (), "manager": (), "pam": ()}),
    rules=(
        make_rule(causes=frozenset({LadderCause.RESOLUTION})),
        make_rule(LadderRung(3), causes=frozenset({LadderCause.SECURITY})),
        make_rule(*RUNGS),
    ),
    answers={cause: REPLY_STOPS for cause in LadderCause if cause is not LadderCause.SECURITY}
    | {LadderCause.RESOLUTION: SOLVED_STOPS},
)


def calendar(tz: str = "Europe/Berlin", *holidays: date) -> BusinessCalendar:
    return replace(WEEK, tz=tz, holidays=frozenset(holidays))


BERLIN = calendar()


def berlin(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def context(shifts: BusinessCalendar = BERLIN, **facts) -> LadderContext:
    return LadderContext(
        **{"location": EscalationLocation(region="HERE", country="DE"), "severity": 1, "calendar": shifts} | facts
    )


def breach(
    at: datetime, because: LadderCause = LadderCause.ACKNOWLEDGEMENT, number: int = 1, shifts=None
) -> EscalationTrigger:
    return EscalationTrigger(
        key=f"{because}:{number}", because=because, at=at, reason=Reason("R33", because), calendar=shifts
    )


NOTHING = EscalationState()


def run(triggers, signals=None, *, until, policy=POLICY, here=None, since=None, first=None, before=NOTHING):
    """Look at each event and when a look is due, as the product does; return what was raised and the last outcome."""
    instants = [trigger.at for trigger in triggers]
    instants += [at for spans in (signals or {}).values() for span in spans for at in span if at]
    now = first or min(instants)
    while True:
        seen = [trigger for trigger in triggers if trigger.at <= now]
        outcome = escalate(before, seen, so_far(signals or {}, now), here or context(), policy, now=now, since=since)
        before = outcome.state
        coming = [at for at in (outcome.next_at, *instants) if at and now < at <= until]
        if not coming:
            return [(step.level, step.at) for step in before.raised], outcome
        now = min(coming)


def so_far(signals, now):
    """Return the part of the signals that is known by then."""
    return {
        signal: [(begins, ends if ends and ends <= now else None) for begins, ends in spans if begins <= now]
        for signal, spans in signals.items()
    }


@pytest.mark.parametrize(
    ("shifts", "breached_at", "instants"),
    [
        pytest.param(
            BERLIN, berlin(17, 9), [berlin(17, 9), berlin(17, 11), berlin(17, 15), berlin(17, 23)], id="within a day"
        ),
        pytest.param(
            BERLIN,
            berlin(20, 22, 30),
            [berlin(20, 22, 30), berlin(23, 0, 30), berlin(23, 4, 30), berlin(23, 12, 30)],
            id="over a weekend",
        ),
        pytest.param(
            calendar("Europe/Berlin", date(2026, 11, 18)),
            berlin(17, 20),
            [berlin(17, 20), berlin(17, 22), berlin(19, 2), berlin(19, 10)],
            id="over a holiday",
        ),
        pytest.param(
            calendar("Africa/Cairo"),  # the clocks go back on Friday 30 October 2026 at 00:00
            datetime(2026, 10, 29, 18, tzinfo=UTC),
            [datetime(2026, 10, 29, hour, tzinfo=UTC) for hour in (18, 20)]
            + [datetime(2026, 10, 30, hour, tzinfo=UTC) for hour in (0, 8)],
            id="over the end of daylight saving: hours that really passed",
        ),
        pytest.param(
            calendar("Europe/Berlin"),  # the clocks go forward on Sunday 29 March 2026
            berlin(27, 23, month=3),
            [berlin(27, 23, month=3), berlin(30, 1, month=3), berlin(30, 5, month=3), berlin(30, 13, month=3)],
            id="over a weekend in which daylight saving begins",
        ),
    ],
)
def test_each_level_follows_the_one_before_after_its_wait_in_business_time(shifts, breached_at, instants):
    raised, _ = run([breach(breached_at, shifts=shifts)], until=breached_at + timedelta(days=9), here=context(shifts))

    assert raised == list(zip((1, 2, 3, 4), instants, strict=True))


AT = berlin(17, 9)


@pytest.mark.parametrize(
    ("signals", "raised"),
    [
        pytest.param({LadderSignal.REPLY: [(berlin(17, 10),) * 2]}, [1], id="a reply stops it"),
        pytest.param({LadderSignal.REPLY: [(berlin(17, 8),) * 2]}, [1, 2, 3, 4], id="one before the breach does not"),
        pytest.param({LadderSignal.CLOSING: [(berlin(17, 12), None)]}, [1, 2], id="closed"),
        pytest.param({LadderSignal.CLOSING: [(berlin(17, 12), berlin(17, 13))]}, [1, 2], id="closed and reopened"),
        pytest.param({LadderSignal.HOLDING: [(berlin(17, 10), None)]}, [1], id="on hold"),
        pytest.param({LadderSignal.HOLDING: [(berlin(17, 10), berlin(18, 10))]}, [1, 2, 3, 4], id="on hold for a day"),
    ],
)
def test_a_ladder_stops_at_a_reply_or_closing_and_pauses_on_hold(signals, raised):
    assert [level for level, _ in run([breach(AT)], signals, until=berlin(25, 9))[0]] == raised


def test_after_a_day_on_hold_the_next_level_comes_a_day_later():
    holding = {LadderSignal.HOLDING: [(berlin(17, 10), berlin(18, 10))]}

    raised, _ = run([breach(AT)], holding, until=berlin(18, 12))

    assert raised == [(1, AT), (2, berlin(18, 11))]


def test_a_breach_that_is_seen_late_raises_level_1_once_and_the_later_levels_wait_from_then():
    seen_at = berlin(19, 9)

    raised, _ = run([breach(AT)], until=berlin(19, 16), first=seen_at)
    first = escalate(NOTHING, [breach(AT)], {}, context(), POLICY, now=seen_at).steps[0]

    assert raised == [(1, seen_at), (2, berlin(19, 11)), (3, berlin(19, 15))]
    assert first.key == "escalation:acknowledgement:1:1"
    assert (first.late_since, first.next_at) == (AT, berlin(19, 11))


def test_a_breach_that_was_answered_before_it_was_seen_raises_nothing():
    raised, outcome = run(
        [breach(AT)], {LadderSignal.REPLY: [(berlin(17, 10),) * 2]}, until=berlin(30, 9), first=berlin(17, 11)
    )

    assert raised == []
    assert [str(reason) for reason in outcome.reasons] == [
        "R38: the ladder of acknowledgement stopped at 2026-11-17 09:00Z"
    ]


def test_a_breach_before_the_activation_is_known_and_raises_nothing():
    old, new = breach(AT), breach(berlin(18, 9), LadderCause.DETERMINATION)

    raised, outcome = run([old, new], until=berlin(18, 10), since=berlin(17, 12), first=berlin(17, 13))

    assert raised == [(1, berlin(18, 9))]
    assert outcome.state.known == {old.key, new.key}


def test_a_breach_starts_no_ladder_while_one_runs_that_covers_it_nor_when_a_reply_answers_both():
    second = breach(berlin(17, 14), LadderCause.DETERMINATION)
    reply = {LadderSignal.REPLY: [(berlin(17, 14, 30),) * 2]}

    raised, _ = run([breach(AT), second], reply, until=berlin(30, 9), first=AT)

    assert [level for level, _ in raised] == [1, 2]
    meanwhile = run([breach(AT), second], until=berlin(17, 14), first=AT)[1]
    assert "R33: determination: the ladder of acknowledgement tells of it" in map(str, meanwhile.reasons)


def test_a_breach_after_a_ladder_has_stopped_starts_its_own():
    second = breach(berlin(17, 14), LadderCause.DETERMINATION)

    raised, outcome = run([breach(AT), second], {LadderSignal.REPLY: [(berlin(17, 13),) * 2]}, until=berlin(17, 16))

    assert raised == [(1, AT), (2, berlin(17, 11)), (1, berlin(17, 14)), (2, berlin(17, 16))]
    assert [step.because for step in outcome.state.raised[2:]] == [LadderCause.DETERMINATION] * 2


def test_triggers_that_are_found_together_are_taken_in_the_order_of_their_instants():
    second = breach(berlin(17, 14), LadderCause.DETERMINATION)

    outcome = escalate(NOTHING, [second, breach(AT)], {}, context(), POLICY, now=berlin(18, 9))

    assert [(step.level, step.because) for step in outcome.steps] == [(1, LadderCause.ACKNOWLEDGEMENT)]


def test_a_missed_resolution_raises_level_1_alone():
    raised, outcome = run([breach(AT, LadderCause.RESOLUTION)], until=berlin(30, 9))

    assert raised == [(1, AT)]
    assert str(outcome.reasons[-1]) == "R38: the ladder of resolution has told its last level, 1"


def test_a_ladder_that_climbs_higher_replaces_the_running_one():
    later = breach(berlin(18, 9), LadderCause.DETERMINATION)

    raised, _ = run([breach(AT, LadderCause.RESOLUTION), later], until=berlin(18, 11))

    assert raised == [(1, AT), (1, berlin(18, 9)), (2, berlin(18, 11))]


def test_a_ladder_that_begins_higher_replaces_the_running_one_with_its_levels_and_gives_it_back_when_it_stops():
    higher = replace(
        POLICY,
        rules=(make_rule(LadderRung(3), causes=frozenset({LadderCause.REQUEST})), *POLICY.rules),
        answers=POLICY.answers | {LadderCause.REQUEST: SOLVED_STOPS, LadderCause.ACKNOWLEDGEMENT: {}},
    )
    asked = breach(berlin(17, 10), LadderCause.REQUEST)
    solved = {LadderSignal.CLOSING: [(berlin(17, 10, 30), berlin(17, 10, 45))]}

    raised, outcome = run([breach(AT), asked], until=berlin(17, 20), policy=higher, first=AT)
    given_back, _ = run([breach(AT), asked], solved, until=berlin(17, 11), policy=higher, first=AT)

    assert raised == [(1, AT), (3, berlin(17, 10)), (4, berlin(17, 18))]
    assert outcome.state.ladder.because is LadderCause.REQUEST
    assert given_back == [(1, AT), (3, berlin(17, 10)), (2, berlin(17, 11))]


def test_a_security_report_goes_straight_to_its_level_and_no_further_beside_what_runs():
    report = breach(berlin(17, 10), LadderCause.SECURITY)

    raised, _ = run([breach(AT), report], {LadderSignal.REPLY: [(berlin(17, 12),) * 2]}, until=berlin(30, 9))

    assert raised == [(1, AT), (3, berlin(17, 10)), (2, berlin(17, 11))]
    alone = escalate(NOTHING, [report], {}, context(), POLICY, now=berlin(17, 10))
    assert [(step.level, step.because, step.next_at) for step in alone.steps] == [(3, LadderCause.SECURITY, None)]
    assert (alone.next_at, alone.state.ladder) == (None, None)


def test_an_edited_mapping_does_not_change_a_running_ladder():
    before = escalate(NOTHING, [breach(AT)], {}, context(), POLICY, now=AT).state
    cells = {"HERE": {level: (MatrixPost("new"),) for level in (1, 2, 3, 4)}}
    edited = replace(
        POLICY,
        matrix=EscalationMatrix(cells=cells),
        staff=StaffRoster(roles={**POLICY.staff.roles, "new": ()}),
        rules=(make_rule(LadderRung(1), LadderRung(2, 9 * HOUR)),),
    )

    _, outcome = run([breach(AT)], until=berlin(30, 9), first=berlin(17, 11), before=before, policy=edited)

    assert [(step.level, step.roles) for step in outcome.state.raised] == [
        (1, ("desk",)),
        (2, ("lead",)),
        (3, ("manager",)),
        (4, ("pam",)),
    ]


def test_the_current_roles_are_used_if_no_frozen_role_is_left():
    before = escalate(NOTHING, [breach(AT)], {}, context(), POLICY, now=AT).state
    renamed = replace(
        POLICY, matrix=EscalationMatrix(cells={"HERE": {2: (MatrixPost("new"),)}}), staff=StaffRoster(roles={"new": ()})
    )

    outcome = escalate(before, [breach(AT)], {}, context(), renamed, now=berlin(17, 11))

    assert [(step.level, step.recipients.roles) for step in outcome.steps] == [(2, ("new",))]


def test_duties_are_by_the_date_of_the_region():
    sydney = calendar("Australia/Sydney")
    staff = StaffRoster(
        people={"ada": StaffMember(name="ada"), "bob": StaffMember(name="bob")},
        roles={
            "desk": (
                DutyPeriod("ada", DutyDays(until=date(2026, 11, 18))),
                DutyPeriod("bob", DutyDays(date(2026, 11, 18))),
            )
        },
    )
    already_wednesday = datetime(2026, 11, 17, 14, tzinfo=UTC)

    outcome = escalate(
        NOTHING,
        [breach(already_wednesday)],
        {},
        context(sydney),
        replace(POLICY, staff=staff),
        now=already_wednesday,
    )

    assert [person.name for person in outcome.steps[0].recipients.people] == ["bob"]


def test_an_empty_cell_is_raised_under_its_own_number_with_a_warning():
    vacant = replace(POLICY, staff=StaffRoster(roles={"desk": (), "manager": ()}))
    before = escalate(NOTHING, [breach(AT)], {}, context(), vacant, now=AT).state

    step = escalate(before, [breach(AT)], {}, context(), vacant, now=berlin(17, 11)).steps[0]

    assert (step.level, step.recipients.roles) == (2, ("manager",))
    assert "C20: warning: nobody answers at level 2; level 3 is told instead" in map(str, step.reasons)


@pytest.mark.parametrize(
    ("counts", "second_at"),
    [
        pytest.param(LadderTime.AS_THE_CLOCK, berlin(21, 11), id="as the clock, which runs at weekends (R21)"),
        pytest.param(LadderTime.BUSINESS, berlin(23, 2), id="business time"),
        pytest.param(LadderTime.WALL, berlin(21, 11), id="wall time"),
    ],
)
def test_a_ladder_waits_by_the_time_that_the_mapping_names(counts, second_at):
    always = replace(WEEK, weekly=dict.fromkeys(("sat", "sun"), (WeeklyHours.of("00:00", "24:00"),)))
    policy = replace(POLICY, rules=(make_rule(*RUNGS, counts=counts),))

    outcome = escalate(NOTHING, [breach(berlin(21, 9), shifts=always)], {}, context(), policy, now=berlin(21, 9))

    assert outcome.next_at == second_at


ACKNOWLEDGEMENT, DETERMINATION = "acknowledgement:A", "determination:A"


def broken(at, about=ACKNOWLEDGEMENT):
    """Return the breach of a clock by the window that ends then."""
    because = LadderCause(about.partition(":")[0])
    return EscalationTrigger(
        key=f"{about}:{at:%d%H%M}", because=because, at=at, reason=Reason("R33", because), about=about
    )


class TestALadderWhoseClockIsNotBreached:
    """Another severity, an exempt type, or what was learned later: the clock that it names is not broken any more."""

    BROKE = broken(AT)
    LATER = broken(berlin(18, 9))
    STARTED = escalate(NOTHING, [BROKE], {}, context(), POLICY, now=AT).state

    def look(self, *triggers, before=STARTED, now=None, policy=POLICY, signals=None, holding=()):
        held = frozenset(each.about for each in triggers) | frozenset(holding)
        now = now or berlin(17, 23)
        return escalate(before, triggers, signals or {}, context(), policy, now=now, holding=held)

    def test_it_stops_with_one_note_and_raises_no_further_level(self):
        stopped = self.look()
        again = self.look(before=stopped.state, now=berlin(19, 9))

        assert (stopped.steps, stopped.next_at, again.steps, again.stopped) == ((), None, (), None)
        assert (stopped.stopped.ladder.key, stopped.stopped.level) == (self.BROKE.key, 1)
        assert stopped.stopped.key == f"escalation:{self.BROKE.key}:stopped:1"
        assert "its reason has gone" in str(again.reasons[-1])

    @pytest.mark.parametrize(
        "signals",
        [{LadderSignal.REPLY: [(berlin(17, 10),) * 2]}, {LadderSignal.CLOSING: [(berlin(17, 10), None)]}],
        ids=["a reply", "closing"],
    )
    def test_one_that_had_stopped_before_needs_no_note(self, signals):
        assert self.look(signals=signals).stopped is None

    def test_one_that_has_raised_its_last_level_needs_no_note_and_leaves_a_later_breach_to_another(self):
        alone = replace(POLICY, rules=(make_rule(LadderRung(1)),))
        started = escalate(NOTHING, [self.BROKE], {}, context(), alone, now=AT).state
        settled = self.look(before=started, policy=alone)

        later = self.look(self.LATER, before=settled.state, now=self.LATER.at, policy=alone)

        assert (settled.stopped, [step.ladder.key for step in later.steps]) == (None, [self.LATER.key])

    def test_a_later_breach_of_the_same_clock_is_raised_from_level_1(self):
        stopped = self.look().state

        outcome = self.look(self.LATER, before=stopped, now=self.LATER.at)

        assert [(step.level, step.ladder.key) for step in outcome.steps] == [(1, self.LATER.key)]

    def test_if_the_same_breach_holds_again_it_goes_on_where_it_stood(self):
        stopped = self.look(now=berlin(17, 10)).state

        again = self.look(self.BROKE, before=stopped, now=berlin(17, 10, 30))
        second = self.look(self.BROKE, before=again.state, now=berlin(17, 11))
        stopped_again = self.look(before=second.state, now=berlin(17, 12))

        assert (again.steps, again.next_at) == ((), berlin(17, 11))
        assert [(step.level, step.key) for step in second.steps] == [(2, f"escalation:{self.BROKE.key}:2")]
        assert (stopped_again.stopped.level, stopped_again.stopped.key[-1]) == (2, "2"), "each stop has its note"

    def test_if_it_is_broken_by_the_new_window_too_it_goes_on_and_no_second_one_starts(self):
        moved = broken(berlin(17, 10, 30))

        outcome = self.look(moved, now=berlin(17, 11))

        assert [(step.level, step.ladder.key) for step in outcome.steps] == [(2, self.BROKE.key)]
        assert {self.BROKE.key, moved.key} <= outcome.state.known

    def test_it_goes_on_when_the_other_ladder_that_was_raised_meanwhile_has_stopped(self):
        request = breach(berlin(17, 10), LadderCause.REQUEST)
        withdrawn = replace(POLICY, answers=POLICY.answers | {LadderCause.REQUEST: SOLVED_STOPS, **UNSTOPPED})
        stopped = self.look(now=request.at, policy=withdrawn)
        meanwhile = self.look(request, before=stopped.state, now=request.at, policy=withdrawn).state
        closed = {LadderSignal.CLOSING: [(berlin(17, 11), berlin(17, 11, 30))]}

        outcome = self.look(request, self.BROKE, before=meanwhile, now=berlin(17, 12), policy=withdrawn, signals=closed)

        assert [(step.level, step.ladder.key) for step in outcome.steps] == [(2, self.BROKE.key)]

    def test_while_the_other_one_is_running_it_waits(self):
        stopped = self.look(now=berlin(17, 10)).state
        other = broken(berlin(17, 10), DETERMINATION)
        meanwhile = self.look(other, before=stopped, now=other.at).state

        outcome = self.look(other, self.BROKE, before=meanwhile, now=berlin(17, 11))

        assert (outcome.steps, outcome.state.ladder.key) == ((), other.key)

    def test_answered_meanwhile_it_does_not_go_on(self):
        stopped = self.look(now=berlin(17, 10)).state
        other = broken(berlin(17, 10), DETERMINATION)
        meanwhile = self.look(other, before=stopped, now=other.at).state
        reply = {LadderSignal.REPLY: [(berlin(17, 10, 30),) * 2]}

        outcome = self.look(self.BROKE, before=meanwhile, now=berlin(18, 9), signals=reply)

        assert (outcome.steps, outcome.state.ladder.key) == ((), other.key)

    def test_it_covers_no_other_breach(self):
        other = broken(berlin(17, 22), DETERMINATION)

        assert [(step.because, step.level) for step in self.look(other).steps] == [(LadderCause.DETERMINATION, 1)]

    def test_another_clock_does_not_matter(self):
        assert self.look(self.BROKE, broken(AT, DETERMINATION)).steps

    def test_a_ladder_with_a_cause_that_is_an_event_climbs_on(self):
        request = breach(AT, LadderCause.REQUEST)
        started = escalate(NOTHING, [request], {}, context(), POLICY, now=AT).state

        assert self.look(before=started).steps

    @pytest.mark.parametrize(
        ("policy", "holding"),
        [
            pytest.param(replace(POLICY, reason_ends=ReasonEnds.CLIMB_ON), frozenset(), id="the mapping says so"),
            pytest.param(POLICY, None, id="it cannot be judged, as in the bin"),
        ],
    )
    def test_it_climbs_on(self, policy, holding):
        outcome = escalate(self.STARTED, [], {}, context(), policy, now=berlin(17, 23), holding=holding)

        assert ([step.level for step in outcome.steps], outcome.stopped) == ([2], None)


UNSTOPPED = {LadderCause.ACKNOWLEDGEMENT: {LadderSignal.CLOSING: SignalEffect.PAUSE}}


class TestABreachWhileALadderRuns:
    """It is told by that ladder's next level; a ladder that has stopped or finished swallows nothing."""

    RUNNING = escalate(NOTHING, [broken(AT)], {}, context(), POLICY, now=AT).state
    DETERMINED = broken(berlin(17, 10), DETERMINATION)
    RESOLVED = broken(berlin(17, 10), "resolution:A")
    OVERRUN = broken(berlin(17, 10), "overrun:A")
    SOLVING = replace(POLICY, answers=POLICY.answers | {LadderCause.OVERRUN: SOLVED_STOPS})
    REPLIED = MappingProxyType({LadderSignal.REPLY: [(berlin(17, 10, 30),) * 2]})

    def look(self, *triggers, before=RUNNING, now, policy=SOLVING, signals=None):
        return escalate(before, [broken(AT), *triggers], signals or {}, context(), policy, now=now)

    def test_the_next_level_tells_of_it(self):
        meanwhile = self.look(self.DETERMINED, now=berlin(17, 10)).state
        later_on = self.look(self.DETERMINED, before=meanwhile, now=berlin(17, 11)).state

        assert (self.DETERMINED.key in meanwhile.known, self.DETERMINED.key in later_on.known) == (False, True)
        assert [(step.because, step.level) for step in later_on.raised] == [
            (LadderCause.ACKNOWLEDGEMENT, 1),
            (LadderCause.ACKNOWLEDGEMENT, 2),
        ]

    @pytest.mark.parametrize(
        ("trigger", "raised"),
        [
            pytest.param(RESOLVED, [LadderCause.RESOLUTION], id="a reply solves nothing"),
            pytest.param(OVERRUN, [LadderCause.OVERRUN], id="nor does it end an overrun"),
            pytest.param(DETERMINED, [], id="it answers a determination"),
        ],
    )
    def test_if_that_ladder_stops_before_another_level_it_is_raised_then_if_it_still_holds(self, trigger, raised):
        meanwhile = self.look(trigger, now=berlin(17, 10)).state

        outcome = self.look(trigger, before=meanwhile, now=berlin(17, 10, 30), signals=self.REPLIED)

        assert [(step.because, step.level) for step in outcome.steps] == [(because, 1) for because in raised]

    def test_if_its_reason_has_gone_meanwhile_it_is_not(self):
        meanwhile = self.look(self.RESOLVED, now=berlin(17, 10)).state

        assert not self.look(before=meanwhile, now=berlin(17, 10, 30), signals=self.REPLIED).steps

    @pytest.mark.parametrize(("trigger", "raised"), [(RESOLVED, 1), (OVERRUN, 0)], ids=["resolution", "overrun"])
    def test_only_the_resolution_is_raised_after_a_further_level_too(self, trigger, raised):
        later_on = self.look(trigger, now=berlin(17, 11)).state
        later = {LadderSignal.REPLY: [(berlin(17, 12),) * 2]}

        outcome = self.look(trigger, before=later_on, now=berlin(17, 12), signals=later)

        assert [(step.because, step.level) for step in outcome.steps] == [(trigger.because, 1)] * raised

    @pytest.mark.parametrize(
        ("trigger", "raised"),
        [
            pytest.param(broken(berlin(18, 9), DETERMINATION), 1, id="after the last level"),
            pytest.param(broken(berlin(18, 9), "resolution:A"), 1, id="the resolution, after it"),
            pytest.param(broken(berlin(17, 10), "resolution:A"), 0, id="the resolution, before it: when it stops"),
        ],
    )
    def test_a_ladder_that_has_raised_its_last_level_is_finished(self, trigger, raised):
        short = replace(POLICY, rules=(make_rule(LadderRung(1), LadderRung(2, 2 * HOUR)),))
        started = escalate(NOTHING, [broken(AT)], {}, context(), short, now=AT).state
        finished = self.look(before=started, now=berlin(17, 11), policy=short).state

        outcome = self.look(trigger, before=finished, now=berlin(18, 9), policy=short)

        assert [(step.because, step.level) for step in outcome.steps] == [(trigger.because, 1)] * raised

    def test_where_the_mapping_says_never_what_a_ladder_covered_is_not_raised_again(self):
        never = replace(self.SOLVING, breach_meanwhile=BreachMeanwhile.NEVER)
        meanwhile = self.look(self.RESOLVED, now=berlin(17, 10), policy=never).state

        outcome = self.look(self.RESOLVED, before=meanwhile, now=berlin(17, 10, 30), policy=never, signals=self.REPLIED)

        assert (outcome.steps, self.RESOLVED.key in meanwhile.known) == ((), True)


class TestWhileTheTicketIsClosed:
    """Nothing is raised; what broke before or meanwhile, and still holds, is raised after the reopening."""

    CLOSED = MappingProxyType({LadderSignal.CLOSING: [(berlin(17, 8), None)]})
    REOPENED = MappingProxyType({LadderSignal.CLOSING: [(berlin(17, 8), berlin(17, 12))]})

    @pytest.mark.parametrize("because", LadderCause)
    def test_nothing_is_raised_before_it_is_open_again(self, because):
        trigger = breach(AT, because)
        closed = escalate(NOTHING, [trigger], self.CLOSED, context(), POLICY, now=berlin(17, 10))
        reopened = escalate(closed.state, [trigger], self.REOPENED, context(), POLICY, now=berlin(17, 12))

        assert (closed.steps, closed.state) == ((), NOTHING)
        assert [step.because for step in reopened.steps] == [because]

    def test_a_level_that_was_due_before_the_closing_waits_for_the_reopening(self):
        pausing = replace(POLICY, answers=POLICY.answers | UNSTOPPED)
        before = escalate(NOTHING, [breach(AT)], {}, context(), pausing, now=AT).state
        closed_at = berlin(17, 11) + timedelta(seconds=20)
        closed = {LadderSignal.CLOSING: [(closed_at, None)]}
        reopened = {LadderSignal.CLOSING: [(closed_at, berlin(17, 13))]}

        late = escalate(before, [breach(AT)], closed, context(), pausing, now=berlin(17, 11, 1))
        then = escalate(late.state, [breach(AT)], reopened, context(), pausing, now=berlin(17, 13))

        assert (late.steps, late.next_at) == ((), closed_at + timedelta(days=1))
        assert [step.level for step in then.steps] == [2]


def test_without_triggers_no_look_is_due():
    assert escalate(NOTHING, [], {}, context(), POLICY, now=AT).next_at is None


def test_a_paused_ladder_is_named_in_the_reasons():
    before = escalate(NOTHING, [breach(AT)], {}, context(), POLICY, now=AT).state

    outcome = escalate(before, [breach(AT)], {LadderSignal.HOLDING: [(AT, None)]}, context(), POLICY, now=AT + HOUR)

    assert outcome.next_at is None
    assert str(outcome.reasons[-1]) == "R38: the ladder of acknowledgement: level 2 waits while the ladder is paused"


instants = st.integers(0, 14 * 24 * 60).map(lambda minutes: AT + timedelta(minutes=minutes))


@given(st.lists(instants, max_size=4), st.lists(instants, max_size=3), st.lists(instants, min_size=1, max_size=30))
def test_each_level_is_raised_once_and_in_order_however_many_looks_there_are(breaches, replies, looks):
    triggers = [breach(at, LadderCause.DETERMINATION, number) for number, at in zip(count(1), breaches, strict=False)]
    before = NOTHING
    for now in sorted([*looks, *looks]):
        seen = [trigger for trigger in triggers if trigger.at <= now]
        signals = {LadderSignal.REPLY: [(at, at) for at in replies if at <= now]}
        before = escalate(before, seen, signals, context(), POLICY, now=now).state

    by_ladder = {
        step.ladder: [each.level for each in before.raised if each.ladder == step.ladder] for step in before.raised
    }
    assert all(levels == list(range(1, len(levels) + 1)) for levels in by_ladder.values())


@given(st.lists(instants, min_size=1, max_size=4, unique=True), st.randoms())
def test_the_order_in_which_triggers_are_given_does_not_matter(breaches, random):
    """L4."""
    triggers = [breach(at, LadderCause.DETERMINATION, number) for number, at in enumerate(breaches)]
    shuffled = random.sample(triggers, len(triggers))
    now = max(breaches)

    assert repr(escalate(NOTHING, triggers, {}, context(), POLICY, now=now)) == repr(
        escalate(NOTHING, shuffled, {}, context(), POLICY, now=now)
    )
