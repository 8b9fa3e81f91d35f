"""An escalation of many rounds keeps what later decisions need."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from desk_sync.domain.commitment.past import FoldedPast, OpenCycle, stamp
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.folding import (
    KEPT_LEVELS,
    KEPT_REQUESTS,
    KEPT_TAKE_OVERS,
    fold_escalation,
    fold_requests,
    folding_limits,
    waits_since,
)
from desk_sync.domain.escalation.ladder import Ladder, LadderSignal, SignalEffect
from desk_sync.domain.escalation.ladder_position import LadderPosition
from desk_sync.domain.escalation.requests import EscalationRequests
from tests.support.clock_scenes import WEEK
from tests.support.ladders import HOUR, START, raised
from tests.support.ladders import ladder as any_ladder

ROUNDS = 500
UNTIL = START + timedelta(days=30)
NOW = START + timedelta(days=40)
PAST = FoldedPast(
    until=UNTIL,
    episode_at=START,
    determination=OpenCycle(started_at=START + ROUNDS * HOUR, by="a message"),
    rounds={"determination": ROUNDS, "acknowledgement": 1},
)
REPLIED = {LadderSignal.REPLY: [(START + 2 * HOUR, START + 2 * HOUR)]}


ABOUT = f"acknowledgement:{stamp(START - HOUR)}"


def ladder(**facts: Any) -> Ladder:
    return any_ladder(**{"about": ABOUT} | facts)


def breach(number: int) -> str:
    """Return the key of the breach of a round of the determination; rounds begin each hour."""
    return f"determination:{stamp(START + number * HOUR)}:{stamp(START + (number + 1) * HOUR)}"


KEYS = {"by the breach": breach, "of an older version": lambda number: f"determination:{number + 1}"}


def many_rounds(key=breach) -> EscalationState:
    """Return the state after an escalation in each of the rounds, the last of which is open."""
    keys = [key(number) for number in range(ROUNDS + 1)]
    levels = tuple(raised(1, START + number * HOUR, key) for number, key in enumerate(keys))
    known = frozenset(keys)
    warned = frozenset(f"{key}:at_risk" for key in keys)
    return EscalationState(
        ladder=ladder(key=keys[-1]), raised=levels, known=known, lapsed=known, stops=3, warned=warned
    )


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_the_triggers_and_levels_of_finished_rounds_are_forgotten(key):
    state = fold_escalation(many_rounds(key), {}, PAST, UNTIL, NOW)

    assert state.known == state.lapsed == {key(ROUNDS)}
    assert state.warned == {f"{key(ROUNDS)}:at_risk"}
    assert (state.stops, len(state.raised)) == (3, KEPT_LEVELS)


def test_of_a_state_of_an_older_version_it_stays_unknown_which_targets_were_notified():
    assert fold_escalation(replace(many_rounds(), warned=None), {}, PAST, UNTIL, NOW).warned is None


def test_all_levels_of_the_ladder_that_started_last_stay():
    finished = ladder(key="determination:1")
    levels = tuple(raised(level, START + level * HOUR, finished.key) for level in (1, 2))
    others = tuple(raised(1, START + 9 * HOUR, f"determination:{number}") for number in range(2, 40))
    before = EscalationState(ladder=finished, raised=(*levels, *others), known=frozenset({finished.key}))

    state = fold_escalation(before, {}, PAST, UNTIL, NOW)

    assert state.raised[:2] == levels
    assert state.known == before.known


def test_nothing_is_forgotten_of_a_ticket_whose_history_is_not_folded():
    assert fold_escalation(many_rounds(), {}, None, None, NOW) == many_rounds()


OVERDUE = f"overrun:{stamp(START + HOUR)}"


@pytest.mark.parametrize("key", ["security", "overrun", OVERDUE, "cluster:account", "resolution:1"])
def test_a_trigger_that_may_be_found_again_stays_known(key):
    state = EscalationState(known=frozenset({key}))

    assert fold_escalation(state, {}, PAST, UNTIL, NOW).known == {key}


def test_an_overrun_from_before_a_reopening_that_counts_afresh_is_forgotten():
    reopened = replace(PAST, episode_at=START + 2 * HOUR)

    assert not fold_escalation(EscalationState(known=frozenset({OVERDUE})), {}, reopened, UNTIL, NOW).known


def test_of_many_requests_the_newest_stay_known():
    keys = [f"request:202611{day:02}T090000Z" for day in range(1, 31)]

    assert fold_escalation(EscalationState(known=frozenset(keys)), {}, None, None, NOW).known == set(
        keys[-KEPT_REQUESTS:]
    )


def position(state: EscalationState, signals) -> LadderPosition:
    return LadderPosition(state.ladder, state.raised, signals, NOW)


def test_a_ladder_stays_stopped_when_the_reply_that_stopped_it_is_folded():
    state = fold_escalation(EscalationState(ladder=ladder()), REPLIED, PAST, UNTIL, NOW)

    assert position(state, {}).stopped_at == position(EscalationState(ladder=ladder()), REPLIED).stopped_at
    assert state.ladder.stopped == START + 2 * HOUR


@pytest.mark.parametrize("until", [None, START + HOUR])
def test_a_stop_that_is_not_folded_is_read_from_the_signals_again(until):
    past = until and replace(PAST, until=until)
    state = fold_escalation(EscalationState(ladder=ladder()), REPLIED, past, until, NOW)

    assert state.ladder == ladder(folded_until=until)
    assert position(state, REPLIED).stopped_at == START + 2 * HOUR


FIRST = raised(1, START + HOUR)
PAUSING = ladder(answers={LadderSignal.CLOSING: SignalEffect.PAUSE})
CLOSED_LATER = {LadderSignal.CLOSING: [(UNTIL + HOUR, UNTIL + 2 * HOUR)]}


@pytest.mark.parametrize(
    ("replied", "stopped_at"),
    [
        pytest.param(None, None, id="no reply: closing for an hour is a pause"),
        pytest.param(START, None, id="a reply before the first level"),
        pytest.param(START + 2 * HOUR, UNTIL + HOUR, id="a reply since the first level"),
    ],
)
def test_a_reply_that_is_folded_lets_a_later_closing_stop_the_ladder(replied, stopped_at):
    signals = {LadderSignal.REPLY: [(replied, replied)] if replied else []}
    before = EscalationState(ladder=PAUSING, raised=(FIRST,))

    once = fold_escalation(before, signals, PAST, UNTIL, NOW)
    twice = fold_escalation(once, {}, replace(PAST, until=UNTIL + HOUR / 2), UNTIL + HOUR / 2, NOW)

    assert position(before, signals | CLOSED_LATER).stopped_at == stopped_at
    assert position(once, CLOSED_LATER).stopped_at == stopped_at
    assert position(twice, CLOSED_LATER).stopped_at == stopped_at


def test_two_short_closings_that_are_folded_into_a_long_one_do_not_stop_a_ladder():
    days = [START + timedelta(days=day) for day in (1, 2)]
    short = {LadderSignal.CLOSING: [(day, day + 15 * HOUR) for day in days]}
    long = {LadderSignal.CLOSING: [(days[0], days[0] + 30 * HOUR)]}

    state = fold_escalation(EscalationState(ladder=PAUSING, raised=(FIRST,)), short, PAST, UNTIL, NOW)

    assert position(state, long).stopped_at is None
    assert position(state, {LadderSignal.CLOSING: [(UNTIL + HOUR, None)]}).stopped_at == UNTIL + 25 * HOUR


def test_a_waiting_ladder_needs_the_pauses_since_its_last_level_and_the_clock_that_started_it():
    state = EscalationState(ladder=ladder(), raised=(raised(1, START + HOUR),))

    since = waits_since(state, {}, NOW)
    limits = folding_limits(state, (), since, ladder().calendar)

    assert since == START + HOUR
    assert (limits.marks, limits.clock, limits.before) == ({since}, ABOUT, None)


def test_the_pauses_of_a_ladder_with_another_calendar_than_the_clocks_are_not_folded():
    state = EscalationState(ladder=ladder(), raised=(raised(1, START + HOUR),))

    assert folding_limits(state, (), START + HOUR, WEEK).before == START + HOUR


def test_what_may_hold_again_under_the_key_by_which_it_is_known_needs_the_pauses_before_it():
    over, present, lapsed = breach(1), breach(2), breach(3)
    levels = tuple(raised(1, START + number * HOUR, key) for number, key in ((50, over), (60, lapsed)))
    known = frozenset({over, present, OVERDUE, "security", "determination:3"})
    state = EscalationState(raised=levels, known=known, lapsed=frozenset({lapsed}))

    limits = folding_limits(state, [present.rpartition(":")[0], lapsed.rpartition(":")[0]], None, WEEK)

    ends = {START + number * HOUR + timedelta(seconds=1) for number in (3, 4, 1)}
    assert limits.marks == {*ends, START + 60 * HOUR}


@pytest.mark.parametrize(
    ("state", "clock"),
    [
        pytest.param(EscalationState(), None, id="no ladder"),
        pytest.param(EscalationState(ladder=ladder(stopped=START)), ABOUT, id="it has stopped"),
        pytest.param(EscalationState(ladder=ladder(), raised=(raised(4, START),)), ABOUT, id="at its top"),
    ],
)
def test_a_ladder_that_does_not_wait_needs_no_pauses(state, clock):
    since = waits_since(state, {}, NOW)
    limits = folding_limits(state, (), since, WEEK)

    assert since is None
    assert (limits.marks, limits.clock, limits.before) == (frozenset(), clock, None)


def test_of_many_take_overs_the_newest_stay_and_those_that_pause_a_wait():
    spans = tuple((START + 2 * number * HOUR, START + (2 * number + 1) * HOUR) for number in range(ROUNDS))

    assert fold_requests(EscalationRequests(taken_over=spans), None).taken_over == spans[-KEPT_TAKE_OVERS:]
    assert fold_requests(EscalationRequests(taken_over=spans), spans[400][0]).taken_over == spans[400:]
    assert fold_requests(EscalationRequests(taken_over=spans[:3]), None).taken_over == spans[:3]
