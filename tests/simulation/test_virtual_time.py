"""Virtual time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.simulation.virtual_time import HostClock, VirtualTime

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_actions_of_one_instant_run_in_the_order_in_which_they_were_scheduled():
    virtual_time, seen = VirtualTime(START), []
    for name in "abc":
        virtual_time.schedule(START + HOUR, lambda name=name: seen.append(name))
    virtual_time.schedule(START, lambda: seen.append("first"))

    virtual_time.move_to(START + HOUR)
    virtual_time.run_due()

    assert (seen, virtual_time.next_at) == (["first", "a", "b", "c"], None)


def test_nothing_happens_before_its_time():
    virtual_time, seen = VirtualTime(START), []
    virtual_time.schedule(START + HOUR, lambda: seen.append("later"))

    virtual_time.run_due()

    assert (seen, virtual_time.next_at) == ([], START + HOUR)


def test_sleeping_lets_time_pass_and_time_never_goes_back():
    virtual_time = VirtualTime(START)

    virtual_time.sleep(90)
    virtual_time.move_to(START)

    assert (virtual_time.now(), virtual_time.monotonic()) == (START + timedelta(seconds=90), 90.0)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=1), timedelta(seconds=-1)], ids=str)
def test_the_hosts_clock_is_ahead_of_virtual_time(ahead):
    virtual_time = VirtualTime(START)
    host = HostClock(virtual_time, ahead)
    virtual_time.sleep(5)

    assert host.now() == virtual_time.now() + ahead
    assert host.in_virtual_time(host.now()) == virtual_time.now()
