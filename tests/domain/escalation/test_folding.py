"""An escalation of many rounds keeps what later decisions need."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.commitment.past import FoldedPast
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
from desk_sync.domain.escalation.ladder import LadderSignal
from desk_sync.domain.escalation.requests import EscalationRequests
from tests.domain.escalation.test_ladder import HOUR, START, ladder, raised
from tests.support.clock_scenes import WEEK

ROUNDS = 500
UNTIL = START + timedelta(days=30)
PAST = FoldedPast(until=UNTIL, episode_at=START, rounds={"determination": ROUNDS, "acknowledgement": 1})
REPLIED = {LadderSignal.REPLY: [(START + 2 * HOUR, START + 2 * HOUR)]}


def many_rounds() -> EscalationState:
    """Return the state after an escalation in each of the rounds, the last of which is open."""
    keys = [f"determination:{number}" for number in range(1, ROUNDS + 2)]
    levels = tuple(raised(1, START + number * HOUR, key) for number, key in enumerate(keys))
    return EscalationState(ladder=ladder(key=keys[-1]), raised=levels, known=frozenset(keys))


def test_the_triggers_and_levels_of_finished_rounds_are_forgotten():
    state = fold_escalation(many_rounds(), {}, PAST, UNTIL)

    assert state.known == {f"determination:{ROUNDS + 1}"}
    assert len(state.raised) == KEPT_LEVELS


def test_all_levels_of_the_ladder_that_started_last_stay():
    finished = ladder(key="determination:1")
    levels = tuple(raised(level, START + level * HOUR, finished.key) for level in (1, 2))
    others = tuple(raised(1, START + 9 * HOUR, f"determination:{number}") for number in range(2, 40))
    before = EscalationState(ladder=finished, raised=(*levels, *others), known=frozenset({finished.key}))

    state = fold_escalation(before, {}, PAST, UNTIL)

    assert state.raised[:2] == levels
    assert state.known == before.known


def test_nothing_is_forgotten_of_a_ticket_whose_history_is_not_folded():
    assert fold_escalation(many_rounds(), {}, None, None) == many_rounds()


@pytest.mark.parametrize("key", ["security", "overrun", "cluster:account", "resolution:1"])
def test_a_trigger_that_may_be_found_again_stays_known(key):
    state = EscalationState(known=frozenset({key}))

    assert fold_escalation(state, {}, PAST, UNTIL).known == {key}


def test_of_many_requests_the_newest_stay_known():
    keys = [f"request:202611{day:02}T090000Z" for day in range(1, 31)]

    assert fold_escalation(EscalationState(known=frozenset(keys)), {}, None, None).known == set(keys[-KEPT_REQUESTS:])


def test_a_ladder_stays_stopped_when_the_reply_that_stopped_it_is_folded():
    state = fold_escalation(EscalationState(ladder=ladder()), REPLIED, PAST, UNTIL)

    assert state.ladder.stopped_at({}) == ladder().stopped_at(REPLIED) == START + 2 * HOUR


@pytest.mark.parametrize("until", [None, START + HOUR])
def test_a_stop_that_is_not_folded_is_read_from_the_signals_again(until):
    assert fold_escalation(EscalationState(ladder=ladder()), REPLIED, PAST, until).ladder == ladder()


def test_a_waiting_ladder_needs_the_pauses_since_its_last_level_and_the_clock_that_started_it():
    state = EscalationState(ladder=ladder(), raised=(raised(1, START + HOUR),))

    limits = folding_limits(state, {}, ladder().calendar)

    assert waits_since(state, {}) == START + HOUR
    assert (limits.marks, limits.clock, limits.before) == ({START + HOUR}, "acknowledgement:1", None)


def test_the_pauses_of_a_ladder_with_another_calendar_than_the_clocks_are_not_folded():
    state = EscalationState(ladder=ladder(), raised=(raised(1, START + HOUR),))

    assert folding_limits(state, {}, WEEK).before == START + HOUR


@pytest.mark.parametrize(
    ("state", "clock"),
    [
        pytest.param(EscalationState(), None, id="no ladder"),
        pytest.param(EscalationState(ladder=ladder(stopped=START)), "acknowledgement:1", id="it has stopped"),
        pytest.param(
            EscalationState(ladder=ladder(), raised=(raised(4, START),)), "acknowledgement:1", id="at its top"
        ),
    ],
)
def test_a_ladder_that_does_not_wait_needs_no_pauses(state, clock):
    limits = folding_limits(state, {}, WEEK)

    assert waits_since(state, {}) is None
    assert (limits.marks, limits.clock, limits.before) == (frozenset(), clock, None)


def test_of_many_take_overs_the_newest_stay_and_those_that_pause_a_wait():
    spans = tuple((START + 2 * number * HOUR, START + (2 * number + 1) * HOUR) for number in range(ROUNDS))

    assert fold_requests(EscalationRequests(taken_over=spans), None).taken_over == spans[-KEPT_TAKE_OVERS:]
    assert fold_requests(EscalationRequests(taken_over=spans), spans[400][0]).taken_over == spans[400:]
    assert fold_requests(EscalationRequests(taken_over=spans[:3]), None).taken_over == spans[:3]
