"""Credits and pauses of a portal, on a real store that several processes share."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from desk_sync.adapters.desk.limits.breaker import FAILURES, LONGEST, PROBE, SHORTEST
from desk_sync.adapters.desk.limits.budget import RECHECK_AFTER, PortalBudget
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.portals import SqlAllowances
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.errors import TemporaryError
from desk_sync.ports.tickets import UNSEEN
from tests.support.makers import NOW

RESERVE = 5_000
A_DAY = timedelta(hours=9)
A_MOMENT = timedelta(microseconds=1)


class FreeSlots:
    """Unlimited slots, while Redis is up."""

    def __init__(self):
        self.redis = True

    def ready(self):
        return self.redis

    def slot(self, within):
        return nullcontext()


class Processes:
    """Several processes that share a store, and a clock that only the test moves."""

    def __init__(self, engine):
        self.allowances = SqlAllowances(engine, "default")
        self.slots = FreeSlots()
        self.time = NOW

    def start(self):
        return PortalBudget(
            "default",
            slots=self.slots,
            allowances=self.allowances,
            reserve=RESERVE,
            now=lambda: self.time,
            clock=lambda: self.time.timestamp(),
        )

    def wait(self, span):
        self.time += span

    @property
    def saved(self):
        return self.allowances.read().credits.left

    @property
    def paused_for(self):
        pause = self.allowances.read().pause
        return pause and pause.until - self.time


@pytest.fixture
def processes(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    migrate(engine)
    yield Processes(engine)
    engine.dispose()


def fail(budget, times=FAILURES):
    for _ in range(times):
        budget.failed("ConnectionError")


def may_look(budget, urgency=3):
    try:
        budget.check(urgency)
    except TemporaryError:
        return False
    return True


def may_call(budget):
    try:
        with budget.slot(timedelta(seconds=1)):
            return True
    except TemporaryError:
        return False


def test_without_redis_nothing_is_claimed(processes):
    processes.slots.redis = False

    assert processes.start().admit(16) == 0


class TestClockPutBack:
    """By an hour, on every host: no wait becomes longer by the hour."""

    def test_a_pause_is_over(self, processes):
        budget = processes.start()
        fail(budget)
        assert not may_look(budget)

        processes.wait(-timedelta(hours=1))

        assert [may_look(processes.start()) for _ in range(2)] == [True, False]

    def test_a_clock_that_is_a_little_behind_keeps_a_pause(self, processes):
        fail(processes.start())
        processes.wait(-timedelta(seconds=10))

        assert not may_look(processes.start())

    def test_one_look_reads_the_number_of_credits(self, processes):
        processes.start().spent(4_711, sent_at=processes.time)
        processes.wait(-timedelta(hours=1))

        assert [may_look(processes.start()) for _ in range(2)] == [True, False]


class TestCredits:
    @pytest.mark.parametrize(
        ("left", "urgency", "may"),
        [
            pytest.param(None, 3, True, id="nothing is known yet"),
            pytest.param(RESERVE, 3, True, id="the reserve is whole"),
            pytest.param(RESERVE - 1, 2, False, id="the reserve is touched"),
            pytest.param(RESERVE - 1, 1, True, id="the worst tickets may touch it"),
            pytest.param(0, 1, True, id="only Desk decides that nothing is left"),
            pytest.param(RESERVE // 2, UNSEEN, True, id="half of it is open to tickets that were never looked at"),
            pytest.param(RESERVE // 2 - 1, UNSEEN, False, id="and no more than that"),
        ],
    )
    def test_the_reserve_is_kept_for_the_most_urgent_tickets_by_every_process(self, processes, left, urgency, may):
        processes.start().spent(left, sent_at=processes.time)

        assert may_look(processes.start(), urgency) is may

    def test_a_refused_look_is_given_the_time_to_wait_and_the_reason(self, processes):
        budget = processes.start()
        budget.spent(4_711, sent_at=processes.time)
        processes.wait(timedelta(minutes=5))

        with pytest.raises(TemporaryError, match="4711 credits are left today, and 5000 are kept") as refused:
            budget.check(2)

        assert refused.value.retry_after == RECHECK_AFTER - timedelta(minutes=5)

    def test_one_look_in_a_while_finds_out_that_a_new_day_has_begun(self, processes):
        processes.start().spent(4_711, sent_at=processes.time)
        processes.wait(RECHECK_AFTER - A_MOMENT)
        assert not may_look(processes.start())

        processes.wait(A_MOMENT)
        budgets = [processes.start() for _ in range(4)]
        assert [may_look(budget) for budget in budgets] == [True, False, False, False]

        budgets[0].spent(125_000, sent_at=processes.time)
        assert all(may_look(budget) for budget in budgets)

    @pytest.mark.parametrize(
        ("left", "seconds", "saved"),
        [
            pytest.param(8_999, 0.9, 9_000, id="not within a second"),
            pytest.param(8_999, 1.0, 8_999, id="after a second"),
            pytest.param(RESERVE - 1, 0.0, RESERVE - 1, id="at once where the reserve begins"),
            pytest.param(RESERVE // 2 - 1, 0.0, RESERVE // 2 - 1, id="at once where its second half begins"),
            pytest.param(None, 1.0, 9_000, id="an answer without credits"),
        ],
    )
    def test_credits_are_saved_once_a_second_and_where_it_matters(self, processes, left, seconds, saved):
        budget = processes.start()
        budget.spent(9_000, sent_at=processes.time)
        processes.wait(timedelta(seconds=seconds))

        budget.spent(left, sent_at=processes.time)

        assert processes.saved == saved

    def test_a_day_whose_credits_are_gone_is_waited_for(self, processes):
        ours, others = processes.start(), processes.start()
        ours.exhausted(A_DAY)

        assert (processes.saved, processes.paused_for) == (0, A_DAY)
        assert not may_look(others, urgency=1)
        assert others.admit(16) == 0

        processes.wait(A_DAY)
        assert others.admit(16) == 1
        assert may_look(others)
        others.spent(125_000, sent_at=processes.time)
        assert (may_look(ours), ours.admit(16)) == (True, 16)


class TestBreaker:
    def test_a_few_failures_pause_nothing(self, processes):
        budget = processes.start()
        fail(budget, FAILURES - 1)
        budget.spent(None, sent_at=processes.time)
        fail(budget, FAILURES - 1)

        assert (budget.admit(16), may_call(budget), may_look(budget)) == (16, True, True)

    def test_failures_in_a_row_pause_the_portal_for_all_processes(self, processes):
        ours, others = processes.start(), processes.start()
        with capture_logs() as logs:
            fail(ours)

        assert processes.paused_for == SHORTEST
        assert [(line["event"], line["cause"]) for line in logs] == [("portal.paused", "ConnectionError")]
        assert (ours.admit(16), may_call(ours), may_look(ours, 1)) == (0, False, False)
        assert (others.admit(16), may_look(others, 1), may_call(others)) == (0, False, False)

    def test_many_processes_that_fail_at_once_make_one_pause(self, processes):
        for budget in [processes.start() for _ in range(4)]:
            fail(budget)

        assert processes.paused_for == SHORTEST

    def test_after_a_pause_one_process_probes_and_the_others_wait_for_it(self, processes):
        budgets = [processes.start() for _ in range(4)]
        fail(budgets[0])
        processes.wait(SHORTEST)

        assert [budget.admit(16) for budget in budgets] == [1, 1, 1, 1]
        assert [may_look(budget) for budget in budgets] == [True, False, False, False]
        assert [may_call(budgets[0]), budgets[1].admit(16)] == [True, 0]

    def test_the_probe_s_first_answer_ends_the_pause(self, processes):
        ours, others = processes.start(), processes.start()
        fail(ours)
        processes.wait(SHORTEST)
        others.check(3)
        with capture_logs() as logs:
            others.spent(None, sent_at=processes.time)
            others.spent(None, sent_at=processes.time)

        assert [line["event"] for line in logs] == ["portal.resumed"]
        assert (ours.admit(16), may_look(ours), may_call(ours)) == (16, True, True)

    def test_an_answer_to_a_call_from_before_the_pause_does_not_end_it(self, processes):
        budget = processes.start()
        fail(budget)

        budget.spent(None, sent_at=processes.time)

        assert budget.admit(16) == 0

    def test_each_probe_that_fails_makes_a_longer_pause(self, processes):
        budget = processes.start()
        fail(budget)
        lengths = []
        for _ in range(7):
            lengths.append(processes.paused_for.total_seconds())
            processes.wait(processes.paused_for)
            budget.check(3)
            fail(budget, 1)

        assert lengths == [5, 10, 20, 40, 80, 90, 90]

    def test_after_a_success_pauses_are_short_again(self, processes):
        budget = processes.start()
        for _ in range(2):
            fail(budget)
            processes.wait(LONGEST)
            budget.check(3)
            budget.spent(None, sent_at=processes.time)

        fail(budget)

        assert processes.paused_for == SHORTEST

    def test_a_probe_that_died_is_replaced(self, processes):
        fail(processes.start())
        processes.wait(SHORTEST)
        processes.start().check(3)

        successor = processes.start()
        assert not may_look(successor)
        processes.wait(PROBE)
        assert may_look(successor)

    def test_a_day_without_credits_is_waited_for_also_where_a_short_pause_lasts(self, processes):
        ours, others = processes.start(), processes.start()
        fail(ours)
        others.exhausted(A_DAY)

        assert processes.paused_for == A_DAY

        fail(ours)
        assert processes.paused_for == A_DAY
