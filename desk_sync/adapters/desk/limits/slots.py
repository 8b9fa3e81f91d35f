"""How many calls a portal has in flight, counted in Redis for all processes on all hosts (L13).

Who has a call in flight holds a slot: a member of a sorted set, with the instant at which it runs out. That is longer
than any request takes, so a slot whose holder died or stood still comes back when its call is over. Holders announce
themselves again and again: if Redis was lost, flushed or frozen, or its clock moved, nobody gets a slot for one quiet
second, and then everybody who has a call in flight stands in the set again. No Redis, no slot, no call.

A process in which several threads wait passes a slot on from one to the next for a moment, before it gives it back,
so that Redis is not asked twice for each call.
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
from redis.retry import Retry
from tenacity import nap

from desk_sync.adapters.zoho.transport import ANSWER_SECONDS, CONNECT_SECONDS, DeadlineAdapter
from desk_sync.errors import TemporaryError

LEASE = timedelta(seconds=CONNECT_SECONDS + ANSWER_SECONDS + 2)
QUIET = timedelta(seconds=1)
# A holder must get through once in the quiet second, also if its first try meets a Redis that does not answer.
ANNOUNCE_SECONDS = 0.25
REDIS_SECONDS = 0.5
POLL_SECONDS = (0.005, 0.03)
# Added to the longest request, it must stay below the lease; others wait for as long, and calls go on without Redis.
PASS_ON_SECONDS = 0.5
# Who passed a slot on steps aside for so long. Else it would read its answer first, and the slot stand idle meanwhile.
ASIDE_SECONDS = 0.0005
RETRY_AFTER = timedelta(seconds=2)

# KEYS: the holders with the instants at which their slots run out, and what the script remembers from call to call.
# ARGV: limit, lease and quiet time; who asks for a slot, or nothing; who holds one. Milliseconds, by Redis' own clock.
# `heard_at` is the epoch: without it, or after a silence in which holders should have announced themselves, nobody
# knows who is in flight, and slots are given out from `open_at` on. A slot that runs out later than a new one would is
# from before the clock was put back.
_ASK = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local limit, lease, quiet = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local heard_at = tonumber(redis.call('HGET', KEYS[2], 'heard_at'))
local open_at = tonumber(redis.call('HGET', KEYS[2], 'open_at'))
local silent = heard_at and now - heard_at > quiet and redis.call('EXISTS', KEYS[1]) == 1
if not heard_at or now < heard_at or silent then
    open_at = now + quiet
end
redis.call('HSET', KEYS[2], 'heard_at', now, 'open_at', open_at)
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
    """A client that rather fails within a second than waits for a Redis that is gone or frozen."""
    return Redis.from_url(
        url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    """Who holds it, and until when it may be passed on, by the monotonic clock."""

    holder: str
    pass_on_until: float


class _Waiter:
    """One in the line: called when a slot was passed on to it, or it is the first."""

    def __init__(self) -> None:
        self.called = Event()
        self.slot: _Slot | None = None
        self.asking = False


class RedisSlots:
    """One process's way to the slots of one portal. Safe to share between threads."""

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
        self._script = redis.register_script(_ASK)
        self._holders = f"desk_sync:{{{portal}}}:slots"
        self._keys = [self._holders, f"desk_sync:{{{portal}}}:epoch"]
        self._limit = limit
        self._times = [lease // timedelta(milliseconds=1), quiet // timedelta(milliseconds=1)]
        self._sleep = sleep
        self._process = uuid4().hex
        self._numbers = count(1)
        self._ask_at = 0.0
        self._lock = Lock()
        self._line: list[_Waiter] = []
        self._held: set[str] = set()
        self._over: set[str] = set()
        self._announcer: Thread | None = None

    @contextmanager
    def slot(self, within: timedelta) -> Iterator[None]:
        """Holds a slot, which is waited for no longer than `within`. Raises TemporaryError if there is none."""
        slot = self._wait(DeadlineAdapter(within.total_seconds()))
        over = True
        try:
            yield
        except requests.ReadTimeout:
            over = False  # Desk may still be at work on the call: its slot runs out by itself
            raise
        finally:
            self._let_go(slot, over=over)

    def ready(self) -> bool:
        """Whether Redis answers. If a quiet second is needed, it begins now, and not with the first call."""
        try:
            self._call()
        except RedisError:
            return False
        return True

    def _wait(self, deadline: DeadlineAdapter) -> _Slot:
        """The first in the line asks Redis, or a hundred threads would keep it busy; the others wait to be called."""
        me = _Waiter()
        with self._lock:
            self._line.append(me)
        slot = None
        try:
            while not (slot := me.slot or self._ask(me, deadline)):
                if deadline.passed:
                    raise _busy()
                me.called.wait(self._pause(me, deadline))
                me.called.clear()
            return slot
        finally:
            self._leave(me, slot)

    def _ask(self, me: _Waiter, deadline: DeadlineAdapter) -> _Slot | None:
        """Not sooner than a while after Redis had none, nor while all slots are ours; but once more at the end."""
        now = time.monotonic()
        if not deadline.passed and (now < self._ask_at or not self._may_ask(me)):
            return None
        holder = f"{self._process}:{next(self._numbers)}"
        me.asking = True
        try:
            granted = self._call(holder)
        except RedisError as error:
            reason = f"no call to Desk without Redis: {type(error).__name__}"
            raise TemporaryError(reason, retry_after=RETRY_AFTER) from None
        finally:
            me.asking = False
        if granted:
            self._hold(holder)
            return _Slot(holder, now + PASS_ON_SECONDS)
        self._ask_at = now + random.uniform(*POLL_SECONDS)  # noqa: S311 - so that processes do not ask together
        return None

    def _pause(self, me: _Waiter, deadline: DeadlineAdapter) -> float:
        """Seconds until there is something to do, unless one is called before."""
        if not self._may_ask(me):
            return deadline.left()
        return min(max(self._ask_at - time.monotonic(), 0), deadline.left())

    def _may_ask(self, me: _Waiter) -> bool:
        return self._line[:1] == [me] and not self._has_all

    @property
    def _has_all(self) -> bool:
        return len(self._held) >= self._limit

    def _leave(self, me: _Waiter, taken: _Slot | None) -> None:
        """Call the next. What was passed on meanwhile to one who gave up, or took another, is let go."""
        with self._lock:
            if me in self._line:
                self._line.remove(me)
            spare = me.slot if me.slot is not taken else None
            if not self._has_all:
                self._call_first()
        if spare:
            self._let_go(spare, over=True)

    def _call(self, wanted: str = "", held: tuple[str, ...] = ()) -> bool:
        return bool(self._script(keys=self._keys, args=[self._limit, *self._times, wanted, *held]))

    def _hold(self, holder: str) -> None:
        with self._lock:
            self._held.add(holder)
            if self._announcer is None:
                self._announcer = Thread(target=self._announce, name="slots", daemon=True)
                self._announcer.start()

    def _let_go(self, slot: _Slot, *, over: bool) -> None:
        """A slot whose call is over is passed on or given back, later if Redis does not answer; any other runs out."""
        with self._lock:
            had_its_time = time.monotonic() >= slot.pass_on_until
            passed_on = over and not had_its_time and self._pass_on(slot)
            if not passed_on:
                self._held.discard(slot.holder)
                if over:
                    self._over.add(slot.holder)
        if passed_on:
            self._sleep(ASIDE_SECONDS)
            return
        if over:
            self._give_back(slot.holder)
            # A moment for other processes, where one of our own would have it again.
            self._ask_at = time.monotonic() + POLL_SECONDS[0] if had_its_time else 0.0
        with self._lock:
            self._call_first()

    def _pass_on(self, slot: _Slot) -> bool:
        """To the first in the line, or to the second while the first is asking Redis; False if nobody waits."""
        if not self._line:
            return False
        waiter = self._line.pop(1 if self._line[0].asking and len(self._line) > 1 else 0)
        waiter.slot = slot
        waiter.called.set()
        return True

    def _call_first(self) -> None:
        if self._line:
            self._line[0].called.set()

    def _announce(self) -> None:
        """Until nothing is held. Under the lock, or a slot could be announced after it was given back."""
        while True:
            with self._lock:
                if not self._held and not self._over:
                    self._announcer = None
                    return
                with suppress(RedisError):
                    self._call(held=tuple(self._held))
                    self._give_back(*self._over)
            self._sleep(ANNOUNCE_SECONDS)

    def _give_back(self, *over: str) -> None:
        if not over:
            return
        with suppress(RedisError):
            self._redis.zrem(self._holders, *over)
            self._over.difference_update(over)


def _busy() -> TemporaryError:
    return TemporaryError("Desk has as many calls in flight as it allows", retry_after=RETRY_AFTER)
