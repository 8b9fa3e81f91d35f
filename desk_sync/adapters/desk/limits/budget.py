"""The call budget of a portal (L13): slots in Redis, credits and pauses in the store.

Desk's answers give the credits left for the day. When few are left, only the most urgent tickets may cost a call, and
down to half of that reserve those that were never looked at: some are as urgent, but the ids of others may be invented
(SECURITY.md). The time of their renewal is unknown (each data centre has its own midnight), so one look per quarter of
an hour is let through to read the new number.

Answers come out of order. Desk counted the credits of a call between its sending and its answer, so a level that is
higher than the known one is later for certain only if its call was sent after the known one came: then the credits
were renewed, or more were bought (decision 6). The order of the answers of one day does not change their outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from desk_sync.adapters.desk.limits.breaker import CLOCK_SKEW, LONGEST, CircuitBreaker
from desk_sync.domain.backoff import lies_ahead
from desk_sync.errors import TemporaryError
from desk_sync.ports.now import Now
from desk_sync.ports.portal import AllowanceStore, CreditLevel
from desk_sync.ports.tickets import UNSEEN

MOST_URGENT = 1
RECHECK_AFTER = timedelta(minutes=15)
SAVE_EVERY_SECONDS = 1.0


class InFlight(Protocol):
    """A bound on the calls in flight; `RedisSlots` holds it over all processes."""

    def slot(self, within: timedelta) -> AbstractContextManager[None]:
        """Hold a slot during a request. Raises TemporaryError if none is free in time."""
        ...

    def ready(self) -> bool:
        """Return True if slots can be given out at all."""
        ...


class PortalBudget:
    """The port `CallBudget` for one portal. Safe to share between threads."""

    def __init__(
        self,
        portal: str,
        *,
        slots: InFlight,
        allowances: AllowanceStore,
        reserve: int,
        now: Now,
        clock: Callable[[], float] = time.monotonic,
        longest_pause: timedelta = LONGEST,
    ) -> None:
        self._slots = slots
        self._allowances = allowances
        self._breaker = CircuitBreaker(allowances, portal, now=now, longest=longest_pause)
        self._meter = CreditMeter(allowances, reserve=reserve, now=now, clock=clock)

    def admit(self, limit: int) -> int:
        may = self._breaker.admit(self._allowances.read().pause, limit)
        return may if may and self._slots.ready() else 0

    def check(self, urgency: int) -> None:
        known = self._allowances.read()
        self._breaker.check(known.pause)
        self._meter.check(known.credits, urgency)
        self._breaker.probe()

    @contextmanager
    def slot(self, within: timedelta) -> Iterator[None]:
        self._breaker.enter()
        with self._slots.slot(within):
            self._breaker.refuse()  # a pause may have begun during the wait
            yield

    def spent(self, left: int | None, *, sent_at: datetime) -> None:
        self._breaker.succeeded()
        self.counted(left, sent_at=sent_at)

    def counted(self, left: int | None, *, sent_at: datetime) -> None:
        if left is not None:
            self._meter.record(left, sent_at)

    def exhausted(self, wait: timedelta) -> None:
        self._meter.exhausted()
        self._breaker.pause("the day's credits are gone", wait)

    def failed(self, cause: str, about: str | None = None) -> None:
        self._breaker.failed(cause, about)

    @property
    def is_ill(self) -> bool:
        return self._breaker.is_ill


class CreditMeter:
    """Stores the credits left for the day, and keeps a reserve of them for the most urgent tickets."""

    def __init__(self, allowances: AllowanceStore, *, reserve: int, now: Now, clock: Callable[[], float]) -> None:
        self._allowances = allowances
        self._reserve = reserve
        self._now = now
        self._clock = clock
        self._lock = Lock()
        self._latest: CreditLevel | None = None
        self._on_its_way: CreditLevel | None = None
        self._saved: int | None = None
        self._save_at = clock()

    def record(self, left: int, sent_at: datetime) -> None:
        """Save the credits left: at most once a second, but at once where a part of the reserve begins or ends.

        `sent_at` is the instant at which their call was sent.
        """
        with self._lock:
            level = CreditLevel(left=left, at=self._now())
            if not _replaces(self._latest, level, sent_at):
                return
            self._latest = level
            crossed = self._saved is None or self._scarce(left) != self._scarce(self._saved)
            if not crossed and self._clock() < self._save_at:
                return
            self._saved, self._save_at = left, self._clock() + SAVE_EVERY_SECONDS
            self._on_its_way = level
        try:
            self._save(level, sent_at)
        finally:
            with self._lock:
                if self._on_its_way is level:
                    self._on_its_way = None

    def exhausted(self) -> None:
        """Record that none are left."""
        self.record(0, self._now())

    def _save(self, level: CreditLevel, sent_at: datetime) -> None:
        """Save the level unless another process knows a later one; repeat while others save theirs."""
        while _replaces(known := self._allowances.read().credits, level, sent_at):
            if self._allowances.exchange_credits(known, level):
                return

    def check(self, stored: CreditLevel | None, urgency: int) -> None:
        """Raise TemporaryError if the credits left are kept for more urgent tickets."""
        kept = self._kept_from(urgency)
        known = self._later(stored)
        if stored is None or known is None or known.left >= kept:
            return
        now, recheck_at = self._now(), known.at + RECHECK_AFTER
        recent = lies_ahead(recheck_at, now, RECHECK_AFTER + CLOCK_SKEW)
        if not recent and self._allowances.elect(stored, now=now):
            return
        raise TemporaryError(
            f"{known.left} credits are left today, and {kept} are kept for the most urgent tickets",
            retry_after=recheck_at - now if recent else RECHECK_AFTER,
        )

    def _later(self, stored: CreditLevel | None) -> CreditLevel | None:
        """Return the stored level, or the one that this process received since, and is storing."""
        latest = self._on_its_way
        if latest is None or (stored and latest.at < stored.at) or latest.at > self._now() + CLOCK_SKEW:
            return stored
        return latest

    def _kept_from(self, urgency: int) -> int:
        """Return how many of the day's credits a ticket of this urgency may not touch."""
        if urgency == UNSEEN:
            return self._reserve // 2
        return 0 if urgency <= MOST_URGENT else self._reserve

    def _scarce(self, left: int) -> tuple[bool, bool]:
        return left < self._reserve, left < self._reserve // 2


def _replaces(known: CreditLevel | None, new: CreditLevel, sent_at: datetime) -> bool:
    """Return True unless the new level is higher than the known one, and may be from before it.

    A known level that lies in the future was recorded before our clock was put back, and orders nothing.
    """
    if known is None or new.left <= known.left:
        return True
    return sent_at >= known.at or known.at > new.at + CLOCK_SKEW
