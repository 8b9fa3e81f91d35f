"""The circuit breaker of a portal: calls are paused while it does not answer, then one probe ends or extends the pause.

All processes share the pause in the store. Once it has run out, one of the next calls is elected; its probe is stored
as a short pause for the others. A probe that is answered ends the pause; one that fails begins a longer one.

A failure that may concern one record alone, such as a refusal of permission, counts once for each record: one ticket
that Desk refuses again and again pauses nothing, two in a row without an answer in between do.
"""

from __future__ import annotations

from datetime import timedelta
from threading import Lock

import structlog

from desk_sync.domain.backoff import doubled
from desk_sync.errors import NotSent
from desk_sync.ports.now import Now
from desk_sync.ports.portal import AllowanceStore, DeskPause

log = structlog.get_logger()

FAILURES = 5
REFUSALS = 2
"""How many records Desk refuses in a row before the portal is held to be the cause."""
SHORTEST = timedelta(seconds=5)
# Two hours of pauses are fewer than a hundred probes, and work resumes within three minutes after the last one.
LONGEST = timedelta(seconds=90)
# As long as a call may take: after that the probe has been answered, or its process is dead.
PROBE = timedelta(seconds=20)
# More than the clocks of two hosts differ: a pause that begins later was stored before our clock was put back.
CLOCK_SKEW = timedelta(minutes=1)


class CircuitBreaker:
    """One process's side of the breaker. Safe to share between threads."""

    def __init__(self, allowances: AllowanceStore, portal: str, *, now: Now, longest: timedelta = LONGEST) -> None:
        self._allowances = allowances
        self._longest = longest
        self._portal = portal
        self._now = now
        self._lock = Lock()
        self._failures = 0
        self._refused: frozenset[str] = frozenset()
        self._seen: DeskPause | None = None
        self._probe: DeskPause | None = None

    @property
    def is_ill(self) -> bool:
        """True while a pause is known, and after a failure until the next answer."""
        return self._seen is not None or self._failures > 0 or bool(self._refused)

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
            raise NotSent("calls to the portal are paused", retry_after=wait)

    def probe(self) -> None:
        """If a pause has ended, become the process that probes Desk, or raise NotSent."""
        ended = self._seen
        if ended is None or ended == self._probe:
            return
        now = self._now()
        probe = DeskPause(begun_at=now, until=now + PROBE, number=ended.number)
        if self._allowances.exchange(ended, probe):
            self._seen = self._probe = probe
            return
        self._seen = self._allowances.read().pause
        if self._seen is not None:
            raise NotSent("another worker is probing whether Desk answers again", retry_after=SHORTEST)

    def enter(self) -> None:
        """Raise TemporaryError while a call must not be made: during a pause, and after it for all but one probe."""
        self.refuse()
        self.probe()

    def succeeded(self) -> None:
        """Record an answer of Desk: reset the failures, and remove a pause that has ended."""
        self._failures, self._refused = 0, frozenset()
        ended = self._seen
        if ended is None or self._lasts(ended):
            return
        self._seen = None
        if self._allowances.exchange(ended, None):
            log.info("portal.resumed", portal=self._portal)

    def failed(self, cause: str, about: str | None = None) -> None:
        """Record a failure. FAILURES in a row, or one after a pause, begin a pause, longer than the one before.

        With `about`, the record that the failure may concern alone, REFUSALS of different records do the same.
        """
        with self._lock:
            if about is None:
                self._failures += 1
            else:
                self._refused |= {about}
            ended = self._seen is not None and not self._lasts(self._seen)
            if ended or self._failures >= FAILURES or len(self._refused) >= REFUSALS:
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
        pause = DeskPause(begun_at=now, until=now + (length or doubled(SHORTEST, number, self._longest)), number=number)
        self._failures, self._refused = 0, frozenset()
        if current and self._lasts(current) and pause.until - current.until <= self._longest:
            self._seen = current
            return
        self._seen = pause
        if self._allowances.exchange(current, pause):
            log.warning("portal.paused", portal=self._portal, cause=cause, until=pause.until, number=number)

    def _lasts(self, pause: DeskPause) -> bool:
        """Return True if this process must respect the pause now; its own probe pauses only the others."""
        return pause != self._probe and pause.begun_at - CLOCK_SKEW <= self._now() < pause.until
