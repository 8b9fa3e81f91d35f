"""How much may be asked of a portal's Desk (L13): slots in Redis, credits and pauses in the store.

Credits are what Desk's answers say is left of the day. When they come near their end, only the most urgent tickets may
still cost a call; when the day begins anew is not known (each data centre has its own midnight), so one look in a
quarter of an hour is let through to hear how they stand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from threading import Lock
from typing import Protocol

from desk_sync.adapters.desk.limits.breaker import AHEAD, CircuitBreaker
from desk_sync.errors import TemporaryError
from desk_sync.ports.now import Now
from desk_sync.ports.portal import AllowanceStore, CreditLevel

MOST_URGENT = 1
ASK_AGAIN = timedelta(minutes=15)
SAVE_EVERY_SECONDS = 1.0


class InFlight(Protocol):
    """What bounds the calls that are in flight; `Slots` does, for all processes."""

    def slot(self, within: timedelta) -> AbstractContextManager[None]:
        """Around every request. Raises TemporaryError if there is no slot in time."""
        ...

    def ready(self) -> bool:
        """Whether slots are given out at all."""
        ...


class PortalBudget:
    """The port `Budget` for one portal. Safe to share between threads."""

    def __init__(
        self,
        portal: str,
        *,
        slots: InFlight,
        allowances: AllowanceStore,
        reserve: int,
        now: Now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = slots
        self._allowances = allowances
        self._breaker = CircuitBreaker(allowances, portal, now=now)
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
        self._breaker.refuse()
        with self._slots.slot(within):
            self._breaker.refuse()  # a pause may have begun while we waited
            yield

    def spent(self, left: int | None) -> None:
        self._breaker.succeeded()
        if left is not None:
            self._meter.hear(left)

    def exhausted(self, wait: timedelta) -> None:
        self._meter.hear(0)
        self._breaker.pause("the day's credits are gone", wait)

    def failed(self, cause: str) -> None:
        self._breaker.failed(cause)


class CreditMeter:
    """Keeps the count of a day's credits in the store, and a reserve of them for the most urgent tickets."""

    def __init__(self, allowances: AllowanceStore, *, reserve: int, now: Now, clock: Callable[[], float]) -> None:
        self._allowances = allowances
        self._reserve = reserve
        self._now = now
        self._clock = clock
        self._lock = Lock()
        self._saved: int | None = None
        self._save_at = clock()

    def hear(self, left: int) -> None:
        """Saved at most once a second, and at once where the reserve begins or ends."""
        with self._lock:
            crossed = self._saved is None or self._is_scarce(left) != self._is_scarce(self._saved)
            if not crossed and self._clock() < self._save_at:
                return
            self._saved, self._save_at = left, self._clock() + SAVE_EVERY_SECONDS
        self._allowances.save_credits(CreditLevel(left=left, at=self._now()))

    def check(self, known: CreditLevel | None, urgency: int) -> None:
        """Raises TemporaryError if what is left is kept for more urgent tickets."""
        if urgency <= MOST_URGENT or known is None or not self._is_scarce(known.left):
            return
        wait = known.at + ASK_AGAIN - self._now()
        recent = timedelta(0) < wait <= ASK_AGAIN + AHEAD
        if not recent and self._allowances.elect(known, now=self._now()):
            return
        raise TemporaryError(
            f"{known.left} credits are left today, and {self._reserve} are kept for the most urgent tickets",
            retry_after=wait if recent else ASK_AGAIN,
        )

    def _is_scarce(self, left: int) -> bool:
        return left < self._reserve
