"""The doorbell: notify the workers of new work, without holding up an answer to Desk.

Ringing may take seconds (a broker that is gone) or for ever (a frozen one), or be refused (a broker that has become a
replica, or is out of memory); a lost ring costs nothing (L2).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

import structlog

log = structlog.get_logger()


class Doorbell:
    """Calls `ring` on a thread of its own; all requests during a ring become one more.

    The first ring after a silence is immediate; a `pause` follows each, since a ring costs more than a delivery.
    A ring that failed is repeated, after pauses that double up to `longest`.
    """

    def __init__(
        self,
        ring: Callable[[], None],
        *,
        pause: timedelta = timedelta(milliseconds=50),
        longest: timedelta = timedelta(seconds=2),
    ) -> None:
        self._ring = ring
        self._shortest = pause.total_seconds()
        self._longest = longest.total_seconds()
        self._requested = Event()
        self._stopped = Event()
        self._thread = Thread(target=self._serve, name="doorbell", daemon=True)

    def start(self) -> None:
        """Start, with a first ring: it opens the connection, and there may be earlier work."""
        self.ring()
        self._thread.start()

    def ring(self) -> None:
        """Request a ring; returns at once and never fails."""
        self._requested.set()

    def stop(self) -> None:
        """Stop ringing. A ring in progress is not waited for."""
        self._stopped.set()
        self._requested.set()

    def _serve(self) -> None:
        pause = self._shortest
        while self._requested.wait() and not self._stopped.is_set():
            self._requested.clear()
            failing = pause > self._shortest
            pause = self._shortest if self._attempt(failing=failing) else min(2 * pause, self._longest)
            self._stopped.wait(pause)

    def _attempt(self, *, failing: bool) -> bool:
        """Return True if the ring succeeded; otherwise request another. Log when `failing` begins and ends."""
        try:
            self._ring()
        except Exception as error:  # noqa: BLE001 - whatever a broker does, the next ring must be tried
            self._requested.set()
            if not failing:
                log.warning("doorbell.failed", error=type(error).__name__)
            return False
        if failing:
            log.info("doorbell.resumed")
        return True
