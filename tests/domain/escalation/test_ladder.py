"""A frozen ladder: its next rung, and the signals that stop or pause it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.domain.commitment.promise import WALL_CLOCK
from desk_sync.domain.escalation.ladder import (
    Ladder,
    LadderCause,
    LadderRung,
    LadderSignal,
    RaisedLevel,
    SignalEffect,
    next_rung,
)
from desk_sync.domain.reason import Reason

HOUR = timedelta(hours=1)
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
RUNGS = (LadderRung(1), LadderRung(2, 2 * HOUR), LadderRung(3, 4 * HOUR), LadderRung(4, 8 * HOUR))
STOPS = {
    LadderSignal.REPLY: SignalEffect.STOP,
    LadderSignal.CLOSING: SignalEffect.STOP,
    LadderSignal.TAKE_OVER: SignalEffect.STOP,
}
PAUSES = {LadderSignal.HOLDING: SignalEffect.PAUSE, LadderSignal.TAKE_OVER: SignalEffect.NOTHING}


def ladder(**facts):
    return Ladder(
        **{
            "key": "acknowledgement:1",
            "because": LadderCause.ACKNOWLEDGEMENT,
            "reason": Reason("R33", "late"),
            "started_at": START,
            "rungs": RUNGS,
            "chain": (("desk",), ("lead",), ("manager",), ("pam",)),
            "calendar": WALL_CLOCK,
            "answers": STOPS | {LadderSignal.HOLDING: SignalEffect.PAUSE},
        }
        | facts
    )


def raised(level, at, ladder="acknowledgement:1"):
    return RaisedLevel(ladder=ladder, because=LadderCause.ACKNOWLEDGEMENT, level=level, at=at)


def test_the_first_level_is_due_at_the_start_and_each_other_one_counts_from_when_the_level_before_was_raised():
    late = START + 3 * HOUR

    first = next_rung(ladder(), [], {})
    second = next_rung(ladder(), [raised(1, late)], {})
    third = next_rung(ladder(), [raised(1, late), raised(2, late + 5 * HOUR)], {})

    assert [(due.rung.level, due.at) for due in (first, second, third)] == [
        (1, START),
        (2, late + 2 * HOUR),
        (3, late + 9 * HOUR),
    ]


def test_what_another_ladder_raised_is_not_its_own():
    assert next_rung(ladder(), [raised(3, START, ladder="determination:1")], {}).rung.level == 1


def test_after_its_last_level_nothing_follows():
    assert next_rung(ladder(), [raised(4, START)], {}) is None


def test_a_rung_is_due_from_its_instant_on():
    due = next_rung(ladder(), [raised(1, START)], {})

    assert [due.is_due(START + 2 * HOUR - timedelta(microseconds=1)), due.is_due(START + 2 * HOUR)] == [False, True]


@pytest.mark.parametrize(
    ("signals", "stopped_at"),
    [
        pytest.param({}, None, id="nothing happened"),
        pytest.param({LadderSignal.REPLY: [(START - HOUR, START - HOUR)]}, None, id="a reply before the breach"),
        pytest.param({LadderSignal.REPLY: [(START, START)]}, START, id="a reply at the breach"),
        pytest.param(
            {LadderSignal.REPLY: [(START + 2 * HOUR,) * 2, (START + HOUR,) * 2]}, START + HOUR, id="the first of two"
        ),
        pytest.param(
            {LadderSignal.CLOSING: [(START + HOUR, START + 2 * HOUR)]}, START + HOUR, id="closed, though reopened"
        ),
        pytest.param({LadderSignal.CLOSING: [(START - HOUR, None)]}, START, id="closed before and still"),
        pytest.param({LadderSignal.CLOSING: [(START - HOUR, START + HOUR)]}, START, id="closed before, reopened later"),
        pytest.param({LadderSignal.CLOSING: [(START - 2 * HOUR, START - HOUR)]}, None, id="closed and reopened before"),
        pytest.param({LadderSignal.TAKE_OVER: [(START + HOUR, None)]}, START + HOUR, id="taken over"),
        pytest.param({LadderSignal.TAKE_OVER: [(START - HOUR, None)]}, None, id="an earlier escalation was taken over"),
        pytest.param({LadderSignal.HOLDING: [(START + HOUR, None)]}, None, id="holding only pauses"),
    ],
)
def test_it_stops_at_the_first_stopping_signal(signals, stopped_at):
    assert ladder().stopped_at(signals) == stopped_at
    assert (next_rung(ladder(), [], signals) is None) is (stopped_at is not None)


def test_a_signal_without_an_effect_in_the_mapping_does_nothing():
    quiet = ladder(answers={LadderSignal.REPLY: SignalEffect.NOTHING})

    assert (
        quiet.stopped_at({LadderSignal.REPLY: [(START + HOUR,) * 2], LadderSignal.CLOSING: [(START + HOUR, None)]})
        is None
    )


@pytest.mark.parametrize(
    ("holding", "due_at"),
    [
        pytest.param([(START + HOUR, START + 3 * HOUR)], START + 4 * HOUR, id="two hours on hold: two hours later"),
        pytest.param([(START + HOUR, None)], None, id="on hold: unknown"),
        pytest.param([(START + 3 * HOUR, None)], START + 2 * HOUR, id="due before it was held"),
    ],
)
def test_pauses_do_not_count_towards_a_wait(holding, due_at):
    due = next_rung(ladder(answers=PAUSES), [raised(1, START)], {LadderSignal.HOLDING: holding})

    assert due.at == due_at
    assert due.is_due(START + 9 * HOUR) is (due_at is not None)


@pytest.mark.parametrize(
    "rungs",
    [
        pytest.param((), id="none"),
        pytest.param((LadderRung(2), LadderRung(1)), id="down"),
        pytest.param((LadderRung(1),) * 2, id="twice"),
    ],
)
def test_a_ladder_that_does_not_climb_is_refused(rungs):
    with pytest.raises(ValueError, match="a ladder climbs"):
        ladder(rungs=rungs)


def test_a_negative_wait_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        LadderRung(2, -HOUR)


@pytest.mark.parametrize(
    ("other", "steps", "covered"),
    [
        pytest.param(RUNGS, [], True, id="climbs as high"),
        pytest.param((LadderRung(1),), [], True, id="climbs higher"),
        pytest.param((LadderRung(3), LadderRung(4, HOUR)), [raised(2, START)], False, id="the other begins higher"),
        pytest.param(
            (LadderRung(3), LadderRung(4, HOUR)),
            [raised(3, START)],
            True,
            id="the other's first level was raised",
        ),
    ],
)
def test_a_ladder_covers_another_if_it_climbs_as_high_and_got_as_far(other, steps, covered):
    assert ladder().covers(ladder(rungs=other), steps) is covered


def test_a_ladder_of_one_level_does_not_cover_one_that_climbs_higher():
    assert not ladder(rungs=(LadderRung(1),)).covers(ladder(), [raised(1, START)])


def test_the_higher_levels_of_the_replaced_ladder_are_not_lost():
    assert [rung.level for rung in ladder(rungs=(LadderRung(3),)).extended_by(ladder()).rungs] == [3, 4]
