"""Leave a portal in peace that does not answer: a pause, then one probe, then everybody again or a longer pause.

What all processes share is the pause in the store. It lasts, or it has ended and waits for somebody's next look: one of
those who come is elected, and its probe stands in the store as a short pause to all others. A probe that is answered
ends the pause; one that fails, begins the next.
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
# As long as a call may take: by then the probe has been answered, or whoever made it is dead.
PROBE = timedelta(seconds=20)
# The clocks of two hosts are not so far apart: a pause that begins later was made before ours was put back.
AHEAD = timedelta(minutes=1)


class CircuitBreaker:
    """One process's part in it. Safe to share between threads."""

    def __init__(self, allowances: AllowanceStore, portal: str, *, now: Now) -> None:
        self._allowances = allowances
        self._portal = portal
        self._now = now
        self._lock = Lock()
        self._failures = 0
        self._seen: DeskPause | None = None
        self._probe: DeskPause | None = None

    def admit(self, pause: DeskPause | None, limit: int) -> int:
        """How many looks may begin, with that pause in the store: `limit`, one if it has ended, none if it lasts."""
        self._seen = pause
        if pause is None:
            return limit
        return 0 if self._lasts(pause) else 1

    def check(self, pause: DeskPause | None) -> None:
        """Raises TemporaryError if the pause lasts."""
        self._seen = pause
        self.refuse()

    def refuse(self) -> None:
        """Raises TemporaryError if the pause that was seen last lasts."""
        pause = self._seen
        if pause and self._lasts(pause):
            wait = max(pause.until - self._now(), timedelta(0))
            raise TemporaryError("calls to the portal are paused", retry_after=wait)

    def probe(self) -> None:
        """If a pause has ended: become the one who tries whether Desk answers, or raise TemporaryError."""
        ended = self._seen
        if ended is None or ended == self._probe:
            return
        now = self._now()
        probe = DeskPause(begun_at=now, until=now + PROBE, number=ended.number)
        if not self._allowances.exchange(ended, probe):
            raise TemporaryError("another worker tries whether Desk answers again", retry_after=SHORTEST)
        self._seen = self._probe = probe

    def succeeded(self) -> None:
        """Desk answered: no failure counts any more, and a pause that has ended is over."""
        self._failures = 0
        ended = self._seen
        if ended is None or self._lasts(ended):
            return
        self._seen = None
        if self._allowances.exchange(ended, None):
            log.info("portal.resumed", portal=self._portal)

    def failed(self, cause: str) -> None:
        """Enough failures in a row, or one after a pause, begin a pause; each is longer than the one before."""
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
        """A pause that lasts is replaced only by one that ends much later: others met the same failure."""
        found = self._allowances.read().pause
        number = found.number + 1 if found else 1
        now = self._now()
        then = DeskPause(begun_at=now, until=now + (length or _length(number)), number=number)
        self._failures = 0
        if found and self._lasts(found) and then.until - found.until <= LONGEST:
            self._seen = found
            return
        self._seen = then
        if self._allowances.exchange(found, then):
            log.warning("portal.paused", portal=self._portal, cause=cause, until=then.until, number=number)

    def _lasts(self, pause: DeskPause) -> bool:
        """To us: our own probe stands in nobody's way but that of others."""
        return pause != self._probe and pause.begun_at - AHEAD <= self._now() < pause.until


def _length(number: int) -> timedelta:
    """Of the pause with that number, from 1: each is twice as long as the one before."""
    return min(SHORTEST * 2.0 ** (number - 1), LONGEST)
