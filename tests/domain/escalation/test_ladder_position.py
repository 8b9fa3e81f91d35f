"""The position of a ladder: its next rung, the signals that stop or pause it, and what closing does to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.escalation.ladder import LadderSignal, SignalEffect
from desk_sync.domain.escalation.ladder_position import REOPENED_WITHIN, LadderPosition
from tests.support.ladders import START, STOPS, ladder, raised

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
PAUSES = {LadderSignal.HOLDING: SignalEffect.PAUSE, LadderSignal.TAKE_OVER: SignalEffect.NOTHING}
FIRST = [raised(1, START)]


def position(steps=(), signals=None, now=START + 9 * HOUR, **facts):
    return LadderPosition(ladder(**facts), steps, signals or {}, now)


def test_the_first_level_is_due_at_the_start_and_each_other_one_counts_from_when_the_level_before_was_raised():
    late = START + 3 * HOUR

    first = position()
    second = position([raised(1, late)])
    third = position([raised(1, late), raised(2, late + 5 * HOUR)])

    assert [(each.next_rung.rung.level, each.next_rung.at) for each in (first, second, third)] == [
        (1, START),
        (2, late + 2 * HOUR),
        (3, late + 9 * HOUR),
    ]


def test_what_another_ladder_raised_is_not_its_own():
    assert position([raised(3, START, ladder="determination:1")]).next_rung.rung.level == 1


def test_after_its_last_level_nothing_follows():
    over = position([raised(4, START)])

    assert (over.next_rung, over.is_running, over.finished_at) == (None, False, START)
    assert (position().is_running, position().finished_at) == (True, None)


def test_a_rung_is_due_from_its_instant_on():
    due = position(FIRST).next_rung

    assert [due.is_due(START + 2 * HOUR - timedelta(microseconds=1)), due.is_due(START + 2 * HOUR)] == [False, True]


@pytest.mark.parametrize(
    ("signals", "stopped_at"),
    [
        pytest.param({}, None, id="nothing happened"),
        pytest.param({LadderSignal.REPLY: [(START - HOUR, START - HOUR)]}, None, id="a reply before the breach"),
        pytest.param({LadderSignal.REPLY: [(START, START)]}, START, id="a reply at the breach"),
        pytest.param({LadderSignal.REPLY: [(START + 10 * HOUR,) * 2]}, None, id="a reply that lies ahead"),
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
    found = position(FIRST, signals)

    assert found.stopped_at == stopped_at
    assert (found.next_rung is None) is (stopped_at is not None)


def test_a_signal_without_an_effect_in_the_mapping_does_nothing():
    signals = {LadderSignal.REPLY: [(START + HOUR,) * 2], LadderSignal.CLOSING: [(START + HOUR, None)]}

    assert position(FIRST, signals, answers={LadderSignal.REPLY: SignalEffect.NOTHING}).stopped_at is None


@pytest.mark.parametrize(
    ("holding", "due_at"),
    [
        pytest.param([(START + HOUR, START + 3 * HOUR)], START + 4 * HOUR, id="two hours on hold: two hours later"),
        pytest.param([(START + HOUR, None)], None, id="on hold: unknown"),
        pytest.param([(START + 3 * HOUR, None)], START + 2 * HOUR, id="due before it was held"),
    ],
)
def test_pauses_do_not_count_towards_a_wait(holding, due_at):
    due = position(FIRST, {LadderSignal.HOLDING: holding}, answers=PAUSES).next_rung

    assert due.at == due_at
    assert due.is_due(START + 9 * HOUR) is (due_at is not None)


PAUSED = STOPS | {LadderSignal.CLOSING: SignalEffect.PAUSE}
UNANSWERED = {LadderSignal.CLOSING: SignalEffect.PAUSE, LadderSignal.REPLY: SignalEffect.NOTHING}
DAY = REOPENED_WITHIN


class TestClosing:
    """A closing that pauses is for a ladder without an answer, and for a day at most."""

    @pytest.mark.parametrize(
        ("spans", "second_at"),
        [
            pytest.param([(1, 1.5)], 2.5, id="half an hour"),
            pytest.param([(0.5, 1), (1.25, 1.75)], 3, id="twice"),
            pytest.param([(1, 24.9)], 25.9, id="for less than a day"),
            pytest.param([(-2, -1)], 2, id="before it began"),
            pytest.param([(-1, 1)], 3, id="found later: the ticket was closed when it began"),
            pytest.param([(1, 25)], None, id="for a day"),
            pytest.param([(0.5, 1), (1.25, 26)], None, id="the second time for more than a day"),
        ],
    )
    def test_it_goes_on_with_what_was_left_of_the_wait_if_it_is_reopened_within_a_day(self, spans, second_at):
        closings = [(START + begins * HOUR, START + ends * HOUR) for begins, ends in spans]

        due = position(FIRST, {LadderSignal.CLOSING: closings}, now=START + 50 * HOUR, answers=PAUSED).next_rung

        assert (due.at if due else None) == (second_at and START + second_at * HOUR)

    @pytest.mark.parametrize(
        ("closed_for", "stopped"), [(DAY - SECOND, False), (DAY, True)], ids=["almost a day", "a day"]
    )
    def test_a_ticket_that_stays_closed_for_a_day_has_stopped_it_for_good(self, closed_for, stopped):
        closed_at = START + HOUR
        found = position(FIRST, {LadderSignal.CLOSING: [(closed_at, None)]}, now=closed_at + closed_for, answers=PAUSED)

        assert found.stopped_at == (closed_at + DAY if stopped else None)
        assert found.stops_at == (None if stopped else closed_at + DAY)
        assert found.is_held

    @pytest.mark.parametrize(
        ("replied", "stopped"),
        [(0.5, True), (-1, False), (1.25, False)],
        ids=["after level 1", "before", "while closed"],
    )
    def test_closing_stops_a_ladder_that_was_answered_since_its_first_level(self, replied, stopped):
        signals = {
            LadderSignal.REPLY: [(START + replied * HOUR,) * 2],
            LadderSignal.CLOSING: [(START + HOUR, START + 1.5 * HOUR)],
        }

        assert position(FIRST, signals, answers=UNANSWERED).stopped_at == (START + HOUR if stopped else None)

    def test_a_reply_on_the_closed_ticket_stops_it(self):
        signals = {
            LadderSignal.CLOSING: [(START + HOUR, START + 2 * HOUR)],
            LadderSignal.REPLY: [(START + 1.5 * HOUR,) * 2],
        }

        assert position(FIRST, signals, answers=PAUSED).stopped_at == START + 1.5 * HOUR

    @pytest.mark.parametrize("answers", [STOPS, PAUSED], ids=["stop", "pause"])
    def test_it_neither_stops_nor_shortens_what_was_not_raised_yet(self, answers):
        found = position(signals={LadderSignal.CLOSING: [(START - HOUR, START + 30 * HOUR)]}, answers=answers)

        assert (found.stopped_at, found.is_held, found.stops_at) == (None, True, None)


@pytest.mark.parametrize(
    ("signal", "steps", "held"),
    [
        pytest.param(LadderSignal.CLOSING, [], True, id="closed"),
        pytest.param(LadderSignal.CLOSING, FIRST, True, id="closed after level 1"),
        pytest.param(LadderSignal.HOLDING, [], True, id="on hold before level 1"),
        pytest.param(LadderSignal.HOLDING, FIRST, False, id="on hold after level 1: a wait may be over already"),
        pytest.param(LadderSignal.TAKE_OVER, [], False, id="taken over"),
    ],
)
def test_nothing_is_raised_while_the_ticket_is_closed_and_no_first_level_on_hold(signal, steps, held):
    lasting = {signal: [(START, None)]}

    assert position(steps, lasting).is_held is held
    assert not position(steps, {signal: [(START, START + HOUR), (START + 20 * HOUR, None)]}).is_held


def test_without_a_pause_for_holds_a_first_level_is_raised_on_hold():
    assert not position(signals={LadderSignal.HOLDING: [(START, None)]}, answers=STOPS).is_held
