"""The calls that a portal has in flight, counted in Redis for all processes on all hosts (L13).

Each call in flight holds a slot: a member of a sorted set, scored with the instant at which it expires. The lease is
longer than any request, so the slot of a process that died or froze comes back when its call is over. Holders renew
their slots continually: if Redis was lost, flushed or frozen, or its clock moved, no slot is given out for one quiet
second, and by then every call in flight is in the set again. Without Redis there are no slots and no calls.

A process in which several threads wait passes a slot from one to the next for a moment before giving it back, so that
Redis is not called twice per request.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from threading import Event, Lock, Thread
from uuid import uuid4

import requests
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry
from tenacity import nap

from desk_sync.adapters.zoho.transport import ANSWER_SECONDS, CONNECT_SECONDS, DeadlineAdapter
from desk_sync.errors import NotSent

LEASE = timedelta(seconds=CONNECT_SECONDS + ANSWER_SECONDS + 2)
QUIET = timedelta(seconds=1)
# A holder must reach Redis once within the quiet second, even if its first attempt is not answered.
RENEW_SECONDS = 0.25
REDIS_SECONDS = 0.5
POLL_SECONDS = (0.005, 0.03)
# Plus the longest request, it must stay below the lease. For this long others wait, and calls do not consult Redis.
PASS_ON_SECONDS = 0.5
# A thread sleeps this long after passing its slot on: otherwise it would read its answer first, with the slot idle.
YIELD_SECONDS = 0.0005
RETRY_AFTER = timedelta(seconds=2)

# KEYS: the holders, scored with the instants at which their slots expire; the script's own state between calls.
# ARGV: limit, lease and quiet time; the holder that requests a slot, or ''; the holders to renew. Milliseconds, by
# Redis' own clock. `called_at` marks the epoch: without it, or after a silence in which holders should have renewed,
# the calls in flight are unknown, and slots are given out only from `open_at` on. A slot that expires later than a new
# one would is from before the clock was put back.
_ACQUIRE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local limit, lease, quiet = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local called_at = tonumber(redis.call('HGET', KEYS[2], 'called_at'))
local open_at = tonumber(redis.call('HGET', KEYS[2], 'open_at'))
local silent = called_at and now - called_at > quiet and redis.call('EXISTS', KEYS[1]) == 1
if not called_at or now < called_at or silent then
    open_at = now + quiet
end
redis.call('HSET', KEYS[2], 'called_at', now, 'open_at', open_at)
for holder = 5, #ARGV do
    redis.call('ZADD', KEYS[1], now + lease, ARGV[holder])
end
if now < open_at then
    return 0
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. now + lease, '+inf')
if ARGV[4] == '' or redis.call('ZCARD', KEYS[1]) >= limit then
    return 0
end
redis.call('ZADD', KEYS[1], now + lease, ARGV[4])
return 1
"""


def connect(url: str) -> Redis:
    """Return a client that fails within a second if Redis is gone or frozen.

    It closes the connection to a server that refuses: after a failover, a new one leads to the new primary.
    """
    return Redis.from_url(
        url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[ResponseError],
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    """A slot: its holder, and until when it may be passed on, by the monotonic clock."""

    holder: str
    pass_on_until: float


class _Waiter:
    """A waiting thread; `woken` is set when a slot was passed on to it, or it became the first in the queue."""

    def __init__(self) -> None:
        self.woken = Event()
        self.slot: _Slot | None = None
        self.requesting = False


class RedisSlots:
    """One process's access to the slots of one portal. Safe to share between threads."""

    def __init__(
        self,
        redis: Redis,
        portal: str,
        *,
        limit: int,
        lease: timedelta = LEASE,
        quiet: timedelta = QUIET,
        sleep: Callable[[float], object] = nap.sleep,
    ) -> None:
        self._redis = redis
        self._script = redis.register_script(_ACQUIRE)
        self._holders = f"desk_sync:{{{portal}}}:slots"
        self._keys = [self._holders, f"desk_sync:{{{portal}}}:epoch"]
        self._limit = limit
        self._times = [lease // timedelta(milliseconds=1), quiet // timedelta(milliseconds=1)]
        self._sleep = sleep
        self._process = uuid4().hex
        self._numbers = count(1)
        self._request_at = 0.0
        self._lock = Lock()
        self._queue: list[_Waiter] = []
        self._held: set[str] = set()
        self._over: set[str] = set()
        self._renewer: Thread | None = None

    @contextmanager
    def slot(self, within: timedelta) -> Iterator[None]:
        """Hold a slot, after waiting at most `within`. Raises TemporaryError if none is free."""
        slot = self._wait(DeadlineAdapter(within.total_seconds()))
        over = True
        try:
            yield
        except requests.ReadTimeout:
            over = False  # Desk may still be working on the call: its slot expires by itself
            raise
        finally:
            self._release(slot, over=over)

    def ready(self) -> bool:
        """Return True if Redis answers. A quiet second that is needed begins now, not with the first call."""
        try:
            self._call()
        except RedisError:
            return False
        return True

    def _wait(self, deadline: DeadlineAdapter) -> _Slot:
        """Return a slot. Only the first thread of the queue calls Redis, which a hundred would overload."""
        waiter = _Waiter()
        with self._lock:
            self._queue.append(waiter)
        slot = None
        try:
            while not (slot := waiter.slot or self._request(waiter, deadline)):
                if deadline.passed:
                    raise _busy()
                waiter.woken.wait(self._seconds_to_wait(waiter, deadline))
                waiter.woken.clear()
            return slot
        finally:
            self._leave(waiter, slot)

    def _request(self, waiter: _Waiter, deadline: DeadlineAdapter) -> _Slot | None:
        """Request a slot, but not soon after a refusal, nor while this process has all; and once at the deadline."""
        now = time.monotonic()
        if not deadline.passed and (now < self._request_at or not self._may_request(waiter)):
            return None
        holder = f"{self._process}:{next(self._numbers)}"
        waiter.requesting = True
        try:
            granted = self._call(holder)
        except RedisError as error:
            reason = f"no call to Desk without Redis: {type(error).__name__}"
            raise NotSent(reason, retry_after=RETRY_AFTER) from None
        finally:
            waiter.requesting = False
        if granted:
            self._hold(holder)
            return _Slot(holder, now + PASS_ON_SECONDS)
        self._request_at = now + random.uniform(*POLL_SECONDS)  # noqa: S311 - so that processes do not call together
        return None

    def _seconds_to_wait(self, waiter: _Waiter, deadline: DeadlineAdapter) -> float:
        """Return the seconds until the next request, unless the thread is woken before."""
        if not self._may_request(waiter):
            return deadline.left()
        return min(max(self._request_at - time.monotonic(), 0), deadline.left())

    def _may_request(self, waiter: _Waiter) -> bool:
        return self._queue[:1] == [waiter] and not self._has_all

    @property
    def _has_all(self) -> bool:
        return len(self._held) >= self._limit

    def _leave(self, waiter: _Waiter, taken: _Slot | None) -> None:
        """Leave the queue and wake the next. A slot that was passed on meanwhile but not taken is released."""
        with self._lock:
            if waiter in self._queue:
                self._queue.remove(waiter)
            spare = waiter.slot if waiter.slot is not taken else None
            if not self._has_all:
                self._wake_first()
        if spare:
            self._release(spare, over=True)

    def _call(self, requested: str = "", held: tuple[str, ...] = ()) -> bool:
        return bool(self._script(keys=self._keys, args=[self._limit, *self._times, requested, *held]))

    def _hold(self, holder: str) -> None:
        with self._lock:
            self._held.add(holder)
            if self._renewer is None:
                self._renewer = Thread(target=self._renew, name="slots", daemon=True)
                self._renewer.start()

    def _release(self, slot: _Slot, *, over: bool) -> None:
        """Pass on or give back the slot of a call that is over, later if Redis is down; let any other expire."""
        with self._lock:
            expired = time.monotonic() >= slot.pass_on_until
            passed_on = over and not expired and self._pass_on(slot)
            if not passed_on:
                self._held.discard(slot.holder)
                if over:
                    self._over.add(slot.holder)
        if passed_on:
            self._sleep(YIELD_SECONDS)
            return
        if over:
            self._give_back(slot.holder)
            # Gives other processes a moment; otherwise a thread of this one would take the slot again.
            self._request_at = time.monotonic() + POLL_SECONDS[0] if expired else 0.0
        with self._lock:
            self._wake_first()

    def _pass_on(self, slot: _Slot) -> bool:
        """Pass the slot to the first of the queue, or the second while the first calls Redis; False if it is empty."""
        if not self._queue:
            return False
        waiter = self._queue.pop(1 if self._queue[0].requesting and len(self._queue) > 1 else 0)
        waiter.slot = slot
        waiter.woken.set()
        return True

    def _wake_first(self) -> None:
        if self._queue:
            self._queue[0].woken.set()

    def _renew(self) -> None:
        """Renew until nothing is held. Under the lock: a slot must not be renewed after it was given back."""
        while True:
            with self._lock:
                if not self._held and not self._over:
                    self._renewer = None
                    return
                with suppress(RedisError):
                    self._call(held=tuple(self._held))
                    self._give_back(*self._over)
            self._sleep(RENEW_SECONDS)

    def _give_back(self, *over: str) -> None:
        if not over:
            return
        with suppress(RedisError):
            self._redis.zrem(self._holders, *over)
            self._over.difference_update(over)


def _busy() -> NotSent:
    return NotSent("Desk has as many calls in flight as it allows", retry_after=RETRY_AFTER)
