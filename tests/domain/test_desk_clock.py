"""The offset between the host's clock and Desk's, by dates in whole seconds: exact to a second."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.desk_clock import ABSURD, FRESH, SAME_CLOCK, SECOND, AnswerDate, ClockOffset, measure
from tests.support.makers import NOW

HOUR = timedelta(hours=1)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def answer(at: float, behind: float, *, took: float = 0.0) -> AnswerDate:
    """Return the answer at so many seconds after NOW, if Desk's clock is so far before the host's: in whole seconds."""
    desk = NOW + seconds(at + behind)
    return AnswerDate(
        date=desk.replace(microsecond=0),
        sent=seconds(at - took / 2),
        received=seconds(at + took / 2),
        received_at=NOW + seconds(at + took / 2),
    )


def measured(*answers: AnswerDate, known: float = 0.0, at: float = 100.0) -> float:
    offset = measure(answers, ClockOffset(seconds(known)), steady=seconds(at), now=NOW + seconds(at))
    return offset.behind.total_seconds()


@pytest.mark.parametrize(
    ("behind", "offset"),
    [
        pytest.param(0.0, 0.0, id="one clock"),
        pytest.param(0.9, 0.0, id="less than the resolution of one answer"),
        pytest.param(1.0, 1.0, id="a second behind"),
        pytest.param(-1.0, -1.0, id="a second ahead"),
        pytest.param(60.0, 60.0, id="a minute behind"),
        pytest.param(-86400.0, -86400.0, id="a day ahead"),
    ],
)
def test_one_answer_shows_the_offset_to_a_second(behind, offset):
    assert measured(answer(0, behind)) == offset


@pytest.mark.parametrize(
    ("known", "offset"),
    [
        pytest.param(5.2, 5.2, id="it stays while the answers allow it"),
        pytest.param(5.99, 5.99, id="up to a second later than the date"),
        pytest.param(6.0, 5.0, id="from there on it is the earliest that they allow"),
        pytest.param(4.9, 5.0, id="so it is where it was earlier"),
    ],
)
def test_a_known_offset_does_not_follow_the_fractions_of_seconds(known, offset):
    assert measured(answer(0, 5.5), known=known) == offset


def test_the_time_of_the_call_widens_what_one_answer_allows():
    assert measured(answer(0, 0, took=8), known=3.0) == 3.0
    assert measured(answer(0, 0), known=3.0) == 0.0


def test_an_answer_that_contradicts_the_others_does_not_count():
    good = [answer(at, 60) for at in (0, 10, 20)]

    assert measured(*good, answer(30, -3600)) == 60.0
    assert measured(answer(-10, -3600), *good) == 60.0


def test_of_two_groups_of_one_size_the_older_one_counts():
    assert measured(answer(0, 60), answer(10, -3600)) == 60.0


@given(
    behind=st.floats(-100_000, 100_000),
    calls=st.lists(st.tuples(st.floats(0, 90), st.floats(0, 5)), min_size=1, max_size=7),
    known=st.floats(-100_000, 100_000),
)
def test_the_offset_is_never_further_from_the_truth_than_a_second_and_the_shortest_call(behind, calls, known):
    offset = measured(*(answer(at, behind, took=took) for at, took in calls), known=known)

    assert abs(offset - behind) <= 1 + min(took for _, took in calls) / 2 + 1e-4


@given(behind=st.floats(-100_000, 100_000), at=st.floats(0, 90))
def test_a_new_offset_shows_no_time_that_desk_has_not_reached(behind, at):
    assert measured(answer(at, behind), known=behind + 10) <= behind + 1e-4


@pytest.mark.parametrize(
    ("steady", "now", "fresh"),
    [
        pytest.param(FRESH, FRESH, True, id="as old as it may be"),
        pytest.param(FRESH + SECOND, FRESH + SECOND, False, id="too old"),
        pytest.param(SECOND, 8 * HOUR, False, id="the host slept, or its clock was set"),
        pytest.param(SECOND, -HOUR, False, id="the host's clock was put back"),
        pytest.param(SECOND, -SECOND, True, id="by less than the age that counts"),
    ],
)
def test_an_answer_counts_while_it_is_new_by_both_clocks_of_the_host(steady, now, fresh):
    assert answer(0, 0).is_fresh(steady, NOW + now) is fresh


@pytest.mark.parametrize(
    ("date", "absurd"),
    [
        pytest.param(NOW - ABSURD, False, id="a month"),
        pytest.param(NOW - ABSURD - SECOND, True, id="more than a month before"),
        pytest.param(NOW + ABSURD + SECOND, True, id="more than a month after"),
    ],
)
def test_a_date_far_from_the_hosts_clock_is_absurd(date, absurd):
    assert AnswerDate(date=date, sent=seconds(0), received=seconds(0), received_at=NOW).is_absurd is absurd


@pytest.mark.parametrize(
    ("behind", "said", "alarming", "text"),
    [
        pytest.param(0, False, False, "0.0 s behind Desk's clock", id="none"),
        pytest.param(2, False, False, "2.0 s behind Desk's clock", id="two seconds are tolerated"),
        pytest.param(-2.1, True, False, "2.1 s ahead of Desk's clock", id="more is said"),
        pytest.param(60, True, False, "60.0 s behind Desk's clock", id="a minute is not an alarm"),
        pytest.param(-60.5, True, True, "60.5 s ahead of Desk's clock", id="more is"),
    ],
)
def test_an_offset_is_said_from_two_seconds_on_and_an_alarm_from_a_minute_on(behind, said, alarming, text):
    offset = ClockOffset(seconds(behind))

    assert (offset.is_said, offset.is_alarming, str(offset)) == (said, alarming, text)


def test_an_instant_has_its_place_in_both_times():
    offset = ClockOffset(HOUR)

    assert offset.in_desk_time(NOW) == NOW + HOUR
    assert offset.in_host_time(offset.in_desk_time(NOW)) == NOW
    assert SAME_CLOCK.in_desk_time(NOW) == NOW
