"""The port PullStore: of two beats one pulls, and the result is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.ports.subscriptions import PullState
from tests.support.makers import NOW

TURN = timedelta(minutes=15)
EVERY = timedelta(hours=6)
DUE = NOW + EVERY
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def pulls(engine):
    return SqlPulls(engine)


def takes(pulls, source="store", now=NOW):
    return pulls.acquire(source, now=now, until=now + TURN, every=EVERY)


def test_one_of_two_that_try_together_gets_the_turn(pulls):
    assert (takes(pulls), takes(pulls)) == (True, False)


def test_another_source_has_a_turn_of_its_own(pulls):
    assert (takes(pulls), takes(pulls, "billing")) == (True, True)


def test_the_turn_of_a_pull_that_died_runs_out(pulls):
    takes(pulls)

    assert not takes(pulls, now=NOW + TURN - timedelta(seconds=1))
    assert takes(pulls, now=NOW + TURN)


def test_a_pull_that_goes_on_keeps_its_turn(pulls):
    takes(pulls)
    pulls.hold("store", until=NOW + 2 * TURN)

    assert not takes(pulls, now=NOW + TURN)


def test_a_pull_that_is_done_comes_again_when_it_is_due(pulls):
    takes(pulls)
    pulls.succeeded("store", now=NOW, due_at=DUE)

    assert not takes(pulls, now=DUE - timedelta(seconds=1))
    assert takes(pulls, now=DUE)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(lambda pulls: takes(pulls), id="a turn was taken"),
        pytest.param(lambda pulls: pulls.succeeded("store", now=NOW, due_at=DUE), id="a pull was done"),
    ],
)
def test_what_was_recorded_before_the_clock_was_put_back_is_void(pulls, before):
    before(pulls)

    assert takes(pulls, now=NOW - AN_HOUR)


@pytest.mark.parametrize(
    ("due_at", "due"),
    [
        pytest.param(None, True, id="never pulled"),
        pytest.param(NOW, True, id="its time has come"),
        pytest.param(NOW + timedelta(seconds=1), False, id="not yet"),
        pytest.param(DUE, False, id="just pulled"),
        pytest.param(DUE + AN_HOUR, True, id="pulled by a clock that was ahead"),
    ],
)
def test_a_source_is_pulled_when_it_is_due(due_at, due):
    assert PullState(due_at=due_at).is_due(NOW, every=EVERY) is due


def test_the_first_of_several_failures_is_remembered_until_a_pull_is_good(pulls):
    later = NOW + timedelta(minutes=10)
    pulls.failed("store", "down", now=NOW, due_at=DUE)

    assert pulls.failed("store", "slow", now=later, due_at=DUE) == PullState(
        due_at=DUE, failing_since=NOW, error="slow"
    )
    pulls.succeeded("store", now=later, due_at=DUE)
    assert pulls.states() == {"store": PullState(due_at=DUE, pulled_at=later)}
