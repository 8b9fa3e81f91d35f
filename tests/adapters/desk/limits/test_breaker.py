"""The breaker over long outages, on a real store and a clock that only the test moves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.adapters.desk.limits.breaker import FAILURES, LONGEST, SHORTEST, CircuitBreaker
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.portals import SqlAllowances
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.errors import TemporaryError
from tests.support.makers import NOW

CAUSE = "status 503"


class Portal:
    """A portal that does not answer: each call that a process may make fails, and is counted."""

    def __init__(self, allowances):
        self.allowances = allowances
        self.time = NOW
        self.calls = 0

    def process(self, **settings):
        return CircuitBreaker(self.allowances, "default", now=lambda: self.time, **settings)

    def fails(self, breaker, times=1, about=None):
        for _ in range(times):
            breaker.failed(CAUSE, about)

    def tries(self, breaker):
        """Begin a call as a look does, and fail; return True if it was made."""
        try:
            breaker.check(self.allowances.read().pause)
            breaker.enter()
        except TemporaryError:
            return False
        self.calls += 1
        breaker.failed(CAUSE)
        return True

    @property
    def paused_for(self):
        pause = self.allowances.read().pause
        return pause and pause.until - self.time


@pytest.fixture
def portal(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    migrate(engine)
    yield Portal(SqlAllowances(engine, "default"))
    engine.dispose()


@pytest.mark.parametrize(
    "pauses",
    [
        pytest.param(45, id="an outage of 81 minutes"),
        pytest.param(1_100, id="a day and more"),
    ],
)
def test_the_pause_stays_at_its_longest_however_long_the_outage_is(portal, pauses):
    breaker = portal.process()
    portal.fails(breaker, FAILURES)
    for _ in range(pauses):
        portal.time += portal.paused_for
        assert portal.tries(breaker)

    assert portal.paused_for == LONGEST


def test_the_longest_pause_can_be_set(portal):
    breaker = portal.process(longest=timedelta(seconds=7))
    portal.fails(breaker, FAILURES)
    portal.time += portal.paused_for
    assert portal.tries(breaker)

    assert portal.paused_for == timedelta(seconds=7)


def test_two_hours_cost_fewer_than_150_calls_whatever_the_number_of_processes(portal):
    processes = [portal.process() for _ in range(6)]
    end = portal.time + timedelta(hours=2)
    while portal.time < end:
        for breaker in processes:
            portal.tries(breaker)
        portal.time += timedelta(seconds=1)

    assert 60 < portal.calls <= 150


def test_a_pause_has_one_probe_also_for_calls_that_no_look_makes(portal):
    ours, others = portal.process(), portal.process()
    portal.fails(ours, FAILURES)
    others.admit(portal.allowances.read().pause, 1)
    portal.time += SHORTEST
    ours.enter()

    with pytest.raises(TemporaryError, match="probing"):
        others.enter()


def test_a_process_that_missed_the_end_of_a_pause_makes_its_call(portal):
    ours, others = portal.process(), portal.process()
    portal.fails(ours, FAILURES)
    others.admit(portal.allowances.read().pause, 1)
    portal.time += SHORTEST
    ours.enter()
    ours.succeeded()

    others.enter()

    assert not others.is_ill


class TestRefusalsOfSingleRecords:
    def test_one_record_that_is_refused_again_and_again_pauses_nothing(self, portal):
        portal.fails(portal.process(), 50, about="tickets/1")

        assert portal.paused_for is None

    def test_several_in_a_row_are_the_portals(self, portal):
        breaker = portal.process()
        portal.fails(breaker, about="tickets/1")
        portal.fails(breaker, about="tickets/2")

        assert portal.paused_for == SHORTEST

    def test_an_answer_in_between_clears_the_portal(self, portal):
        breaker = portal.process()
        for number in range(10):
            portal.fails(breaker, about=f"tickets/{number}")
            breaker.succeeded()

        assert portal.paused_for is None


@pytest.mark.parametrize(
    ("act", "is_ill"),
    [
        pytest.param(lambda portal, breaker: None, False, id="nothing happened"),
        pytest.param(lambda portal, breaker: portal.fails(breaker), True, id="one failure"),
        pytest.param(lambda portal, breaker: portal.fails(breaker, about="tickets/1"), True, id="one refusal"),
        pytest.param(lambda portal, breaker: portal.fails(breaker, FAILURES), True, id="a pause"),
        pytest.param(
            lambda portal, breaker: (portal.fails(breaker), breaker.succeeded()), False, id="an answer after a failure"
        ),
    ],
)
def test_a_portal_is_ill_from_a_failure_to_the_next_answer(portal, act, is_ill):
    breaker = portal.process()

    act(portal, breaker)

    assert breaker.is_ill is is_ill
