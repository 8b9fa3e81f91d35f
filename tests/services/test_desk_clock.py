"""Desk's clock in one process: by its own answers; without new ones, by those of all processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.errors import TemporaryError
from desk_sync.ports.desk_clock import ONE_CLOCK, MeasuredOffset
from desk_sync.services.desk_clock import REREAD, SAVED, DeskClock
from tests.support.makers import NOW

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@dataclass
class StoredClock:
    """The port `DeskClockStore` in memory; it counts what is read and saved."""

    measured: MeasuredOffset | None = None
    saved: list[MeasuredOffset] = field(default_factory=list)
    reads: int = 0
    down: bool = False

    def read(self) -> MeasuredOffset | None:
        self.reads += 1
        return self.measured

    def save(self, measured: MeasuredOffset) -> None:
        if self.down:
            raise TemporaryError("the store does not answer")
        self.measured = measured
        self.saved.append(measured)


@dataclass
class Host:
    """The clocks of a host that is `behind` Desk's: one that is set, and a steady one."""

    behind: timedelta = timedelta(0)
    passed: timedelta = timedelta(0)

    def now(self) -> datetime:
        return NOW + self.passed - self.behind

    def monotonic(self) -> float:
        return 1000 + self.passed.total_seconds()


@pytest.fixture
def host():
    return Host()


@pytest.fixture
def store():
    return StoredClock()


@pytest.fixture
def clock(host, store):
    return DeskClock(store, "default", now=host.now, monotonic=host.monotonic)


@pytest.fixture
def answered(host, clock):
    """Record an answer that Desk gives now; its clock is `off` the true one."""

    def answered(off: timedelta = timedelta(0)) -> None:
        clock.record((NOW + host.passed + off).replace(microsecond=0), sent=clock.steady())

    return answered


def test_before_the_first_answer_the_clocks_are_held_to_be_one(host, clock):
    assert clock.now() == host.now()


def test_an_answer_shows_desks_time(host, clock, answered):
    host.behind = HOUR
    answered()

    assert (clock.offset.behind, clock.now()) == (HOUR, NOW)


@pytest.mark.parametrize("step", [pytest.param(240 * SECOND, id="back"), pytest.param(-60 * SECOND, id="forward")])
def test_desks_time_goes_on_where_the_hosts_clock_is_set_between_two_answers(host, clock, answered, step):
    host.passed = SECOND
    answered()
    host.passed, host.behind = 2 * SECOND, step

    assert clock.now() == NOW + 2 * SECOND


def test_a_host_whose_clock_jumps_by_a_day_is_measured_again_by_its_next_answer(host, clock, answered):
    answered()
    host.passed, host.behind = SECOND, -24 * HOUR
    answered()

    assert clock.now() == NOW + SECOND


def test_an_absurd_date_is_ignored(clock, store, answered):
    answered(off=-40 * 365 * 24 * HOUR)

    assert (clock.now(), store.saved) == (NOW, [])


def test_one_wrong_date_among_good_ones_is_ignored(host, clock, answered):
    for number in range(3):
        host.passed = number * SECOND
        answered()
    answered(off=-HOUR)

    assert clock.now() == NOW + 2 * SECOND


class TestStored:
    """The offset that all processes share."""

    def test_a_process_without_answers_uses_the_offset_of_the_others(self, clock, store):
        store.measured = MeasuredOffset(offset=ClockOffset(HOUR), measured_at=NOW)

        assert clock.now() == NOW + HOUR

    def test_it_is_read_again_after_a_while(self, host, clock, store):
        assert clock.now() == NOW
        store.measured = MeasuredOffset(offset=ClockOffset(HOUR), measured_at=NOW)
        host.passed = REREAD - SECOND
        assert (clock.now(), store.reads) == (NOW + host.passed, 1)

        host.passed = REREAD
        assert (clock.now(), store.reads) == (NOW + host.passed + HOUR, 2)

    def test_answers_of_the_process_itself_count_more(self, clock, store, answered):
        store.measured = MeasuredOffset(offset=ClockOffset(HOUR), measured_at=NOW)
        answered()

        assert clock.now() == NOW

    def test_an_offset_is_stored_when_it_changes_and_else_once_a_minute(self, host, store, answered):
        for passed in (timedelta(0), SECOND, SAVED - SECOND, SAVED, SAVED + SECOND):
            host.passed = passed
            answered()
        assert [each.measured_at for each in store.saved] == [NOW, NOW + SAVED]

        host.behind = 10 * SECOND
        answered()
        assert store.saved[-1] == MeasuredOffset(offset=ClockOffset(host.behind), measured_at=host.now())

    def test_a_store_that_does_not_answer_costs_the_call_nothing(self, host, clock, store, answered):
        store.down, host.behind = True, HOUR
        answered()
        assert clock.now() == NOW

        store.down = False
        answered()
        assert [each.offset.behind for each in store.saved] == [HOUR]


@pytest.mark.parametrize(
    ("behind", "levels"),
    [
        pytest.param(2 * SECOND, [], id="up to two seconds"),
        pytest.param(3 * SECOND, ["warning"], id="more"),
        pytest.param(61 * SECOND, ["error"], id="more than a minute"),
    ],
)
def test_a_difference_is_logged_once(host, answered, behind, levels):
    host.behind = behind

    with capture_logs() as logs:
        answered()
        host.passed = SAVED
        answered()

    assert [each["log_level"] for each in logs if each["event"] == "clock.differs"] == levels


def test_where_the_hosts_clock_is_desks_nothing_is_measured():
    ONE_CLOCK.record(NOW + HOUR, sent=ONE_CLOCK.steady())

    assert ONE_CLOCK.offset.in_desk_time(NOW) == NOW
