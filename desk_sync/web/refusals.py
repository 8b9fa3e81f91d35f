"""The counts of refused deliveries, written to the store a few times a minute at most: refusals may come in floods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import Self

import structlog

from desk_sync.errors import DeliveryFault
from desk_sync.ports.inflow import InflowStore
from desk_sync.ports.now import Now

log = structlog.get_logger()

_LAST_WAIT = 2.0  # seconds


class RefusalCounter:
    """Counts the refused deliveries of each portal, to be used as a context. Its thread writes them every `pause`.

    What cannot be written is kept for the next time; there are only as many counts as portals and faults.
    """

    def __init__(
        self, inflow: Mapping[str, InflowStore], now: Now, *, pause: timedelta = timedelta(seconds=15)
    ) -> None:
        self._inflow = inflow
        self._now = now
        self._pause = pause.total_seconds()
        self._counts: Counter[tuple[str, DeliveryFault]] = Counter()
        self._lock = Lock()
        self._stopped = Event()
        self._thread = Thread(target=self._serve, name="refusals", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is counted, and stop."""
        self._stopped.set()
        self._thread.join(_LAST_WAIT)

    def count(self, portal: str, fault: DeliveryFault) -> None:
        """Count a refused delivery; returns at once."""
        with self._lock:
            self._counts[portal, fault] += 1

    def write(self) -> None:
        """Add the counts to the store."""
        for portal, counts in self._take().items():
            try:
                self._inflow[portal].refuse(counts, now=self._now())
            except Exception as error:  # noqa: BLE001 - the thread must go on, and the counts with it
                log.warning("refusals.not_counted", portal=portal, error=type(error).__name__)
                self._give_back(portal, counts)

    def _take(self) -> Mapping[str, Counter[DeliveryFault]]:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        by_portal: dict[str, Counter[DeliveryFault]] = {}
        for (portal, fault), number in counts.items():
            by_portal.setdefault(portal, Counter())[fault] = number
        return by_portal

    def _give_back(self, portal: str, counts: Mapping[DeliveryFault, int]) -> None:
        with self._lock:
            self._counts.update({(portal, fault): number for fault, number in counts.items()})

    def _serve(self) -> None:
        while not self._stopped.wait(self._pause):
            self.write()
        self.write()
