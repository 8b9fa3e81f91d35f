"""The slots in a real Valkey (L13): the limit of calls in flight holds, whatever happens to Redis and the holders."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta
from subprocess import PIPE
from threading import Event, Lock

import pytest
import requests

from desk_sync.adapters.desk.limits.slots import (
    PASS_ON_SECONDS,
    POLL_SECONDS,
    QUIET,
    RENEW_SECONDS,
    RedisSlots,
    connect,
)
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn
from desk_sync.errors import TemporaryError
from tests.support.refusals import REFUSALS, failover_address, refusing

LIMIT = 3
AT_ONCE = timedelta(0)
SOON = QUIET + timedelta(seconds=2)
HOLDER = """
import sys, time
from datetime import timedelta
from desk_sync.adapters.desk.limits.slots import RedisSlots, connect
with RedisSlots(connect(sys.argv[1]), "default", limit=3, lease=timedelta(seconds=1)).slot(timedelta(seconds=5)):
    print("holding", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server():
    with EmbeddedBroker.start() as broker:
        yield broker


@pytest.fixture
def broker(server):
    """An empty Redis."""
    connect(server.url).flushall()
    return server


def make_slots(broker, **facts):
    return RedisSlots(connect(broker.url), "default", **{"limit": LIMIT} | facts)


@pytest.fixture
def slots(broker):
    """After the first quiet second."""
    slots = make_slots(broker)
    with slots.slot(SOON):
        return slots


@pytest.fixture
def held():
    """Contexts that a test holds until its end."""
    with ExitStack() as held:
        yield held


def is_free(slots, within=AT_ONCE):
    with suppress(TemporaryError), slots.slot(within):
        return True
    return False


@pytest.mark.parametrize(
    ("by_others", "times"),
    [
        pytest.param(True, 1 / POLL_SECONDS[0], id="as long as others have the slots"),
        pytest.param(False, 0, id="never while its own process has all slots"),
    ],
)
def test_however_many_threads_wait_only_one_of_them_calls_redis(broker, slots, held, by_others, times):
    holder = make_slots(broker) if by_others else slots
    for _ in range(LIMIT):
        held.enter_context(holder.slot(SOON))
    redis = connect(broker.url)
    redis.config_resetstat()
    began = time.monotonic()

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: is_free(slots, timedelta(seconds=0.5)), range(20)))

    took = time.monotonic() - began
    requested = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
    assert not any(found)
    assert requested <= took * (times + 1 / RENEW_SECONDS) + 1 + 20  # each thread requests once at its deadline


class InFlight:
    """Counts the calls that are under way, as Desk does."""

    def __init__(self):
        self.most = self.calls = self._now = 0
        self._lock = Lock()

    def call(self, seconds):
        with self._lock:
            self._now += 1
            self.calls += 1
            self.most = max(self.most, self._now)
        Event().wait(seconds)
        with self._lock:
            self._now -= 1


def test_never_more_are_in_flight_than_allowed_and_all_are_used_also_when_redis_is_flushed(broker):
    desk, over = InFlight(), Event()

    def call_again_and_again(slots):
        while not over.is_set():
            with slots.slot(SOON):
                desk.call(0.1)

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call_again_and_again, slots) for slots in [make_slots(broker), make_slots(broker)] * 4]
        Event().wait(QUIET.total_seconds() + 0.3)
        before = desk.calls
        connect(broker.url).flushall()
        Event().wait(QUIET.total_seconds() + 0.3)
        over.set()
        for call in calls:
            call.result()

    assert desk.most == LIMIT
    assert desk.calls > before > 0


def test_a_slot_is_passed_on_within_a_process_for_a_moment_and_then_others_have_their_turn(broker):
    desk, over = InFlight(), Event()
    redis = connect(broker.url)

    def call_again_and_again(slots):
        calls = 0
        while not over.is_set():
            with suppress(TemporaryError), slots.slot(timedelta(seconds=0.02)):  # so that many leave without one
                desk.call(0.005)
                calls += 1
        return calls

    processes = [make_slots(broker, limit=1), make_slots(broker, limit=1)]
    processes[0].ready()
    Event().wait(QUIET.total_seconds() + 0.1)
    redis.config_resetstat()
    with ThreadPoolExecutor(8) as pool:
        calling = [pool.submit(call_again_and_again, slots) for slots in processes * 4]
        Event().wait(10 * PASS_ON_SECONDS)
        over.set()
        calls = [call.result() for call in calling]

    given_back = redis.info("commandstats")["cmdstat_zrem"]["calls"]
    assert desk.most == 1
    assert sum(calls[0::2]) > 0 < sum(calls[1::2])
    assert given_back < sum(calls) / 5
    assert is_free(processes[0], SOON)


def test_the_quiet_second_begins_before_the_first_call_is_waited_for(broker):
    slots = make_slots(broker)
    slots.ready()
    Event().wait(QUIET.total_seconds() + 0.05)

    assert is_free(slots)


def test_a_redis_that_lost_the_script_is_given_it_again(broker, slots):
    connect(broker.url).script_flush()

    assert is_free(slots)


def test_a_call_without_a_slot_in_time_fails_with_a_time_to_retry(slots, held):
    for _ in range(LIMIT):
        held.enter_context(slots.slot(SOON))
    began = time.monotonic()

    with pytest.raises(TemporaryError) as refused, slots.slot(timedelta(seconds=0.2)):
        pass

    assert refused.value.retry_after > AT_ONCE
    assert 0.2 <= time.monotonic() - began < 0.5


def test_each_portal_has_its_own_slots(broker, slots, held):
    for _ in range(LIMIT):
        held.enter_context(slots.slot(SOON))

    assert is_free(RedisSlots(connect(broker.url), "other", limit=LIMIT), SOON)


@pytest.mark.parametrize(
    ("error", "free"),
    [
        pytest.param(requests.ConnectionError, True, id="the connection broke: the call is over"),
        pytest.param(requests.ConnectTimeout, True, id="Desk was not reached: there is no call"),
        pytest.param(requests.ReadTimeout, False, id="Desk did not answer: it may still be at work"),
    ],
)
def test_a_slot_comes_back_when_the_call_is_over_at_desk_too(broker, error, free):
    slots = make_slots(broker, limit=1, lease=timedelta(seconds=0.6))

    with suppress(error), slots.slot(SOON):
        raise error

    assert is_free(slots) is free
    assert is_free(slots, timedelta(seconds=1))


def test_an_expired_slot_of_the_same_process_goes_to_a_waiting_thread_as_soon_as_redis_frees_it(broker):
    slots = make_slots(broker, limit=1, lease=timedelta(seconds=1))
    with ThreadPoolExecutor(1) as pool:
        with suppress(requests.ReadTimeout), slots.slot(SOON):
            waiting = pool.submit(is_free, slots, timedelta(seconds=10))
            Event().wait(0.2)
            began = time.monotonic()
            raise requests.ReadTimeout

        assert waiting.result()
        assert time.monotonic() - began < 5


def test_the_slot_of_a_call_that_lasts_is_kept(broker, held):
    slots = make_slots(broker, limit=1, lease=timedelta(seconds=3 * RENEW_SECONDS))
    held.enter_context(slots.slot(SOON))

    assert not is_free(make_slots(broker, limit=1), timedelta(seconds=6 * RENEW_SECONDS))


def test_the_slots_of_a_killed_process_come_back(broker):
    holders = [spawn([sys.executable, "-c", HOLDER, broker.url], stdout=PIPE) for _ in range(LIMIT)]
    for holder in holders:
        assert holder.stdout.readline() == b"holding\n"
    slots = make_slots(broker, lease=timedelta(seconds=1))
    assert not is_free(slots)

    for holder in holders:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()

    assert is_free(slots, timedelta(seconds=1) + SOON)


class TestFrozenRedis:
    def freeze(self, broker, held):
        os.kill(broker.process.pid, signal.SIGSTOP)
        held.callback(os.kill, broker.process.pid, signal.SIGCONT)

    def test_without_redis_there_is_no_call_and_no_long_wait(self, broker, slots, held):
        self.freeze(broker, held)
        began = time.monotonic()

        with pytest.raises(TemporaryError, match="without Redis"), slots.slot(SOON):
            pass

        assert time.monotonic() - began < 1.5

    def test_without_redis_no_slots_are_ready(self, broker, slots, held):
        assert slots.ready()

        self.freeze(broker, held)

        assert not slots.ready()

    def test_a_call_ends_well_while_redis_is_frozen(self, broker, slots, held):
        with slots.slot(SOON):
            self.freeze(broker, held)
            began = time.monotonic()

        assert time.monotonic() - began < 1.5

    def test_a_slot_that_was_held_when_redis_froze_is_held_when_it_comes_back(self, broker, held):
        lease = timedelta(seconds=1)
        slots = make_slots(broker, limit=1, lease=lease)
        held.enter_context(slots.slot(SOON))
        with ExitStack() as frozen:
            self.freeze(broker, frozen)
            Event().wait(1.5)

        assert not is_free(make_slots(broker, limit=1, lease=lease), lease * 1.2)

    def test_afterwards_slots_are_free_again_also_those_of_calls_that_ended_meanwhile(self, broker):
        slots = make_slots(broker, limit=1)
        with ExitStack() as frozen, slots.slot(SOON):
            self.freeze(broker, frozen)
            assert not is_free(slots)
            Event().wait(0.6)  # by then no connection is left to write the end of the call to

        assert is_free(slots, SOON)


class TestMovedClock:
    """Redis' clock cannot be moved in a test, so the values of a moved clock are written."""

    def test_a_slot_from_before_the_clock_was_put_back_does_not_last_for_ever(self, broker, slots):
        redis, hour = connect(broker.url), 3_600_000
        now = redis.time()[0] * 1000
        redis.hset("desk_sync:{default}:epoch", "called_at", now + hour)
        redis.zadd("desk_sync:{default}:slots", {f"dead:{number}": now + hour for number in range(LIMIT)})

        assert not is_free(slots)
        assert is_free(slots, SOON)

    def test_a_slot_that_is_held_while_the_clock_is_put_forward_is_kept(self, broker, held):
        slots = make_slots(broker, limit=1)
        held.enter_context(slots.slot(SOON))
        redis = connect(broker.url)
        [holder] = redis.zrange("desk_sync:{default}:slots", 0, -1)
        redis.hset("desk_sync:{default}:epoch", "called_at", 1)
        redis.zadd("desk_sync:{default}:slots", {holder: 1})

        assert not is_free(make_slots(broker, limit=1), timedelta(seconds=1.5))


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in REFUSALS])
def test_no_slot_is_given_out_while_redis_refuses_and_soon_after_it_is(broker, slots, kind):
    """The calls in flight would not be counted."""
    with refusing(broker.url, kind):
        assert not slots.ready()
        with pytest.raises(TemporaryError, match="without Redis"), slots.slot(AT_ONCE):
            pass

    assert is_free(slots, SOON)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in REFUSALS])
def test_a_slot_that_is_held_during_a_refusal_counts_afterwards(broker, slots, held, kind):
    for _ in range(LIMIT):
        held.enter_context(slots.slot(SOON))
    with refusing(broker.url, kind):
        time.sleep(2 * RENEW_SECONDS)

    assert not is_free(make_slots(broker), SOON)


def test_after_a_failover_slots_come_from_the_new_primary(tmp_path):
    with failover_address(tmp_path) as address:
        slots = RedisSlots(connect(address.url), "default", limit=LIMIT)
        assert is_free(slots, SOON)
        address.fail_over()
        assert not slots.ready()

        assert is_free(slots, SOON)
