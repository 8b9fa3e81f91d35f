"""The doorbell: notify the workers of new work, without holding up an answer to Desk.

Ringing may take seconds (a broker that is gone) or for ever (a frozen one); a lost ring costs nothing (L2).
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
    """

    def __init__(self, ring: Callable[[], None], *, pause: timedelta = timedelta(milliseconds=50)) -> None:
        self._ring = ring
        self._pause = pause.total_seconds()
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
        while self._requested.wait() and not self._stopped.is_set():
            self._requested.clear()
            try:
                self._ring()
            except Exception as error:  # noqa: BLE001 - whatever a broker does, the next ring must be tried
                log.warning("doorbell.failed", error=type(error).__name__)
            self._stopped.wait(self._pause)
