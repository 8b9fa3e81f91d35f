"""The circuit breaker of a portal: calls are paused while it does not answer, then one probe ends or extends the pause.

All processes share the pause in the store. Once it has run out, one of the next looks is elected; its probe is stored
as a short pause for the others. A probe that is answered ends the pause; one that fails begins a longer one.
"""

from __future__ import annotations

from datetime import timedelta
from threading import Lock

import structlog

from desk_sync.errors import TemporaryError
from desk_sync.ports.now import Now
from desk_sync.ports.portal import AllowanceStore, DeskPause

log = structlog.get_logger()

FAILURES = 5
SHORTEST = timedelta(seconds=5)
LONGEST = timedelta(minutes=2)
# As long as a call may take: after that the probe has been answered, or its process is dead.
PROBE = timedelta(seconds=20)
# More than the clocks of two hosts differ: a pause that begins later was stored before our clock was put back.
CLOCK_SKEW = timedelta(minutes=1)


class CircuitBreaker:
    """One process's side of the breaker. Safe to share between threads."""

    def __init__(self, allowances: AllowanceStore, portal: str, *, now: Now) -> None:
        self._allowances = allowances
        self._portal = portal
        self._now = now
        self._lock = Lock()
        self._failures = 0
        self._seen: DeskPause | None = None
        self._probe: DeskPause | None = None

    def admit(self, pause: DeskPause | None, limit: int) -> int:
        """Return the number of looks that may begin: `limit` without a pause, 1 if it has ended, 0 while it lasts."""
        self._seen = pause
        if pause is None:
            return limit
        return 0 if self._lasts(pause) else 1

    def check(self, pause: DeskPause | None) -> None:
        """Raise TemporaryError while the pause lasts."""
        self._seen = pause
        self.refuse()

    def refuse(self) -> None:
        """Raise TemporaryError while the pause that was read last lasts."""
        pause = self._seen
        if pause and self._lasts(pause):
            wait = max(pause.until - self._now(), timedelta(0))
            raise TemporaryError("calls to the portal are paused", retry_after=wait)

    def probe(self) -> None:
        """If a pause has ended, become the process that probes Desk, or raise TemporaryError."""
        ended = self._seen
        if ended is None or ended == self._probe:
            return
        now = self._now()
        probe = DeskPause(begun_at=now, until=now + PROBE, number=ended.number)
        if not self._allowances.exchange(ended, probe):
            raise TemporaryError("another worker is probing whether Desk answers again", retry_after=SHORTEST)
        self._seen = self._probe = probe

    def succeeded(self) -> None:
        """Record an answer of Desk: reset the failures, and remove a pause that has ended."""
        self._failures = 0
        ended = self._seen
        if ended is None or self._lasts(ended):
            return
        self._seen = None
        if self._allowances.exchange(ended, None):
            log.info("portal.resumed", portal=self._portal)

    def failed(self, cause: str) -> None:
        """Record a failure. FAILURES in a row, or one after a pause, begin a pause, longer than the one before."""
        with self._lock:
            self._failures += 1
            ended = self._seen is not None and not self._lasts(self._seen)
            if ended or self._failures >= FAILURES:
                self._pause(cause, None)

    def pause(self, cause: str, length: timedelta) -> None:
        """Begin a pause of that length."""
        with self._lock:
            self._pause(cause, length)

    def _pause(self, cause: str, length: timedelta | None) -> None:
        """Begin a pause. One that lasts is replaced only by one that ends much later: others met the same failure."""
        current = self._allowances.read().pause
        number = current.number + 1 if current else 1
        now = self._now()
        pause = DeskPause(begun_at=now, until=now + (length or _length(number)), number=number)
        self._failures = 0
        if current and self._lasts(current) and pause.until - current.until <= LONGEST:
            self._seen = current
            return
        self._seen = pause
        if self._allowances.exchange(current, pause):
            log.warning("portal.paused", portal=self._portal, cause=cause, until=pause.until, number=number)

    def _lasts(self, pause: DeskPause) -> bool:
        """Return True if this process must respect the pause now; its own probe pauses only the others."""
        return pause != self._probe and pause.begun_at - CLOCK_SKEW <= self._now() < pause.until


def _length(number: int) -> timedelta:
    """Return the length of a pause by its number, from 1: each is twice as long as the one before, up to LONGEST."""
    return min(SHORTEST * 2.0 ** (number - 1), LONGEST)
