"""The credit level when answers come out of order, to several processes on a real store."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.adapters.desk.limits.budget import PortalBudget
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.portals import SqlAllowances
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.errors import TemporaryError
from desk_sync.ports.portal import CreditLevel
from desk_sync.ports.tickets import UNSEEN
from tests.support.makers import NOW

RESERVE, DAILY, PROCESSES = 40, 60, 3
SECOND = timedelta(seconds=1)
NAMES = itertools.count()


class FreeSlots:
    def ready(self):
        return True

    def slot(self, within):
        return nullcontext()


@dataclass(frozen=True)
class Call:
    """A call that Desk counted as the `number`th of its day; `process` sent it and received its answer."""

    number: int
    sent: int
    answered: int
    process: int


@st.composite
def calls_of_a_day(draw):
    """Calls that overlap at random: Desk counts each at some instant between its sending and its answer."""
    spans = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, PROCESSES - 1))
    drawn = draw(st.lists(spans, min_size=1, max_size=DAILY // 2))
    return [Call(n, n - before, n + after, process) for n, (before, after, process) in enumerate(drawn, 1)]


class Portal:
    """Processes that share a store; the test moves their clock. Every answer is saved."""

    def __init__(self, engine, allowances=SqlAllowances):
        self.allowances = allowances(engine, f"portal {next(NAMES)}")
        self.time = NOW
        self.processes = [self.start() for _ in range(PROCESSES)]

    def start(self):
        shared = {"slots": FreeSlots(), "allowances": self.allowances, "reserve": RESERVE}
        return PortalBudget("default", **shared, now=lambda: self.time, clock=itertools.count().__next__)

    def answers(self, left, *, sent, at, process=0):
        """At second `at` a process receives the answer to a call that it sent at second `sent`."""
        self.time = NOW + at * SECOND
        self.processes[process].spent(left, sent_at=NOW + sent * SECOND)

    def play(self, calls):
        """Let all answers come; return the level after each."""
        levels = []
        for each in sorted(calls, key=lambda call: (call.answered, call.number)):
            self.answers(DAILY - each.number, sent=each.sent, at=each.answered, process=each.process)
            levels.append(self.level)
        return levels

    def admits(self, urgency, process=0):
        try:
            self.processes[process].check(urgency)
        except TemporaryError:
            return False
        return True

    @property
    def level(self):
        return self.allowances.read().credits.left


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('credits') / 'store.sqlite3'}")
    migrate(engine)
    yield engine
    engine.dispose()


@given(calls_of_a_day())
def test_the_answers_of_a_day_end_in_its_lowest_level_in_any_order_and_never_raise_it(engine, calls):
    levels = Portal(engine).play(calls)

    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == DAILY - len(calls)


@given(calls_of_a_day(), st.integers(0, PROCESSES - 1), st.sampled_from([DAILY - 1, 10 * DAILY]))
def test_a_call_that_is_sent_after_them_may_raise_it(engine, calls, process, left):
    """The credits were renewed, more were bought, or some came back: a level never stays too low."""
    portal = Portal(engine)
    portal.play(calls)
    last = max(each.answered for each in calls)

    portal.answers(left, sent=last + 1, at=last + 2, process=process)

    assert portal.level == left


def test_after_the_clock_was_put_back_a_level_from_before_does_not_stay(engine):
    portal = Portal(engine)
    portal.answers(7, sent=0, at=1)

    portal.answers(DAILY, sent=-3600, at=-3599)
    portal.answers(10 * DAILY, sent=-3500, at=-3499, process=1)

    assert portal.level == 10 * DAILY


class Interrupted(SqlAllowances):
    """Before a level is stored, something else happens once."""

    def exchange_credits(self, seen, new):
        happen, type(self).happen = type(self).happen, lambda: None
        happen()
        return super().exchange_credits(seen, new)


def test_a_process_respects_a_level_that_it_is_still_storing(engine):
    class Stored(Interrupted):
        happen = staticmethod(lambda: None)

    portal, admitted = Portal(engine, Stored), []
    portal.answers(RESERVE, sent=0, at=1)
    Stored.happen = staticmethod(lambda: admitted.append(portal.admits(UNSEEN)))

    portal.answers(RESERVE // 2 - 1, sent=2, at=3)

    assert admitted == [False]


def test_a_level_does_not_replace_a_lower_one_that_another_process_stores_meanwhile(engine):
    class Stored(Interrupted):
        happen = staticmethod(lambda: None)

    portal = Portal(engine, Stored)
    portal.answers(9, sent=0, at=1)
    seen = portal.allowances.read().credits
    lower = CreditLevel(left=7, at=NOW + 3 * SECOND)
    Stored.happen = staticmethod(lambda: portal.allowances.exchange_credits(seen, lower))

    portal.answers(8, sent=2, at=4)

    assert portal.level == 7
