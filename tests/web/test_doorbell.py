"""The doorbell rings on its own thread, once for many, and survives everything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from desk_sync.web.doorbell import Doorbell


class Bell:
    """Counts its rings; each waits until `open` is set, and raises `error` if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.rings = 0
        self.error = error
        self.open = threading.Event()
        self.open.set()

    def __call__(self) -> None:
        self.rings += 1
        self.open.wait(10)
        if self.error:
            raise self.error


@pytest.fixture
def start() -> Iterator[Callable[[Bell], Doorbell]]:
    doorbells: list[Doorbell] = []

    def start(bell: Bell) -> Doorbell:
        doorbells.append(Doorbell(bell))
        doorbells[-1].start()
        return doorbells[-1]

    yield start
    for doorbell in doorbells:
        doorbell.stop()


def wait_for_rings(bell: Bell, count: int) -> None:
    until = time.monotonic() + 5
    while bell.rings < count:
        assert time.monotonic() < until, f"{bell.rings} rings, not {count}"
        time.sleep(0.01)


def test_it_rings_once_when_it_starts(start):
    bell = Bell()

    start(bell)

    wait_for_rings(bell, 1)


def test_many_requests_during_a_ring_become_one_more(start):
    bell = Bell()
    bell.open.clear()
    doorbell = start(bell)
    wait_for_rings(bell, 1)
    for _ in range(100):
        doorbell.ring()

    bell.open.set()

    wait_for_rings(bell, 2)
    time.sleep(0.1)
    assert bell.rings == 2


def test_between_two_rings_there_is_a_pause(start):
    bell = Bell()
    doorbell = start(bell)
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        doorbell.ring()
        time.sleep(0.001)

    assert 2 <= bell.rings <= 8


def test_a_request_never_waits_for_the_ring(start):
    bell = Bell()
    bell.open.clear()
    doorbell = start(bell)
    wait_for_rings(bell, 1)
    began = time.monotonic()

    doorbell.ring()

    assert time.monotonic() - began < 0.05
    bell.open.set()


def test_a_broker_that_is_gone_is_rung_again_until_it_is_back_and_costs_two_log_lines(start):
    bell = Bell(ConnectionError("redis://:canary@127.0.0.1 refused"))
    with capture_logs() as lines:
        start(bell)
        wait_for_rings(bell, 4)
        bell.error = None
        wait_for_rings(bell, 5)
        time.sleep(0.05)

    assert [line["event"] for line in lines] == ["doorbell.failed", "doorbell.resumed"]
    assert "canary" not in str(lines)


def test_the_pauses_between_rings_that_fail_double_up_to_the_longest():
    bell = Bell(ConnectionError())
    doorbell = Doorbell(bell, pause=timedelta(milliseconds=10), longest=timedelta(milliseconds=80))
    doorbell.start()
    time.sleep(0.9)
    doorbell.stop()

    assert 5 <= bell.rings <= 13  # after 20, 40, 80, 80 ms and so on; 90 without doubling


def test_one_failure_in_between_is_forgotten(start):
    bell = Bell(ConnectionError())
    doorbell = start(bell)
    wait_for_rings(bell, 3)
    bell.error = None
    wait_for_rings(bell, 4)
    time.sleep(0.5)
    began = time.monotonic()

    doorbell.ring()

    wait_for_rings(bell, 5)
    assert time.monotonic() - began < 0.3


def test_after_stop_nothing_rings(start):
    bell = Bell()
    doorbell = start(bell)
    wait_for_rings(bell, 1)

    doorbell.stop()
    doorbell.ring()
    time.sleep(0.1)

    assert bell.rings == 1
