"""The risk, the next change, the rest and the counted spans of one clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.commitment.clock import Clock, ClockState
from tests.support.clock_scenes import ACK, HOUR, MONDAY, WEEK, window

TARGET, DUE = MONDAY + HOUR, MONDAY + 3 * HOUR


def make_clock(state: ClockState = ClockState.RUNNING, hours: float = 0.5, **facts) -> Clock:
    """Return a clock of a 1 h / 3 h window that was read so long after its start."""
    return Clock(
        **{
            "milestone": ACK,
            "level": 1,
            "started_at": MONDAY,
            "read_at": MONDAY + hours * HOUR,
            "state": state,
            "calendar": WEEK,
            "window": window(1, 3),
            "target_at": TARGET,
            "due_at": DUE,
            "used": hours * HOUR,
        }
        | facts
    )


@pytest.mark.parametrize(
    ("clock", "is_open", "at_risk", "next_at"),
    [
        pytest.param(make_clock(), True, False, TARGET, id="before its target"),
        pytest.param(make_clock(hours=1), True, True, DUE, id="at its target"),
        pytest.param(make_clock(hours=2), True, True, DUE, id="before its commitment"),
        pytest.param(make_clock(target_at=DUE), True, False, DUE, id="with one figure for both"),
        pytest.param(make_clock(ClockState.BREACHED, 3), True, False, None, id="breached and still open"),
        pytest.param(make_clock(ClockState.BREACHED, 4, ended_at=DUE, met_at=DUE), False, False, None, id="met late"),
        pytest.param(make_clock(ClockState.MET, 2, ended_at=TARGET, met_at=TARGET), False, False, None, id="met"),
        pytest.param(make_clock(ClockState.PAUSED, 2, due_at=None), True, False, None, id="paused after its target"),
        pytest.param(make_clock(ClockState.CANCELLED, 2, ended_at=TARGET), False, False, None, id="cancelled"),
        pytest.param(
            make_clock(ClockState.EXEMPT, window=None, target_at=None, due_at=None), False, False, None, id="exempt"
        ),
    ],
)
def test_a_clock_is_at_risk_and_wakes_only_while_it_runs(clock, is_open, at_risk, next_at):
    assert (clock.open, clock.at_risk, clock.next_at) == (is_open, at_risk, next_at)


@pytest.mark.parametrize(
    ("hours", "left"),
    [
        pytest.param(0, 3 * HOUR, id="the whole commitment"),
        pytest.param(2.5, HOUR / 2, id="a part of it"),
        pytest.param(3, timedelta(0), id="at its end"),
        pytest.param(9, timedelta(0), id="never less than nothing"),
    ],
)
def test_the_rest_of_the_commitment_is_left(hours, left):
    assert make_clock(hours=hours).left == left


@pytest.mark.parametrize(
    ("facts", "counted"),
    [
        pytest.param({}, [(0, 4)], id="up to the reading"),
        pytest.param({"ended_at": MONDAY + 2 * HOUR}, [(0, 2)], id="up to its end"),
        pytest.param({"pauses": ((MONDAY + HOUR, MONDAY + 2 * HOUR),)}, [(0, 1), (2, 4)], id="outside its pauses"),
        pytest.param({"pauses": ((MONDAY + HOUR, None),)}, [(0, 1)], id="before a pause that lasts"),
        pytest.param({"state": ClockState.EXEMPT}, [], id="nothing if it is exempt"),
    ],
)
def test_a_clock_counts_from_its_start_to_its_end_outside_its_pauses(facts, counted):
    spans = [(MONDAY + start * HOUR, MONDAY + end * HOUR) for start, end in counted]

    assert make_clock(**{"hours": 4} | facts).counted == spans


def test_the_cycles_of_one_milestone_have_different_keys():
    assert [make_clock(round=number).key for number in (1, 2)] == ["acknowledgement:1", "acknowledgement:2"]
