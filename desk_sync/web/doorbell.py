"""The doorbell: tell the workers that there is work, where nobody waits for it.

Ringing may take seconds (a broker that is gone) or for ever (a frozen one); a ring that is lost costs nothing (L2).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

import structlog

log = structlog.get_logger()


class Doorbell:
    """Calls `ring` on a thread of its own; however often it is asked for meanwhile, it rings once more.

    The first ring after a silence is at once; between two of them there is a `pause`, since a ring costs more than a
    delivery does.
    """

    def __init__(self, ring: Callable[[], None], *, pause: timedelta = timedelta(milliseconds=50)) -> None:
        self._ring = ring
        self._pause = pause.total_seconds()
        self._asked = Event()
        self._stopped = Event()
        self._thread = Thread(target=self._serve, name="doorbell", daemon=True)

    def start(self) -> None:
        """Begin, with a first ring: it opens the connection, and there may be work from before."""
        self.ring()
        self._thread.start()

    def ring(self) -> None:
        """Ask for a ring; returns at once and never fails."""
        self._asked.set()

    def stop(self) -> None:
        """Ring no more. A ring that is under way is not waited for."""
        self._stopped.set()
        self._asked.set()

    def _serve(self) -> None:
        while self._asked.wait() and not self._stopped.is_set():
            self._asked.clear()
            try:
                self._ring()
            except Exception as error:  # noqa: BLE001 - whatever a broker does, the next ring must be tried
                log.warning("doorbell.failed", error=type(error).__name__)
            self._stopped.wait(self._pause)
