"""Virtual time: a clock that jumps from one scheduled action to the next."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count


class VirtualTime:
    """A clock with scheduled actions. Actions of one instant run in the order in which they were scheduled."""

    def __init__(self, start: datetime) -> None:
        self._start = self._now = start
        self._numbers = count()
        self._entries: list[tuple[datetime, int, Callable[[], object]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (self._now - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.move_to(self._now + timedelta(seconds=seconds))

    def move_to(self, instant: datetime) -> None:
        """Advance the clock to the instant; an earlier instant changes nothing."""
        self._now = max(self._now, instant)

    def schedule(self, at: datetime, action: Callable[[], object]) -> None:
        heapq.heappush(self._entries, (at, next(self._numbers), action))

    @property
    def next_at(self) -> datetime | None:
        return self._entries[0][0] if self._entries else None

    def run_due(self) -> None:
        """Run the due actions, and those that they schedule for now."""
        while self._entries and self._entries[0][0] <= self._now:
            heapq.heappop(self._entries)[2]()


@dataclass(frozen=True, slots=True)
class HostClock:
    """The clock of the product's host, `ahead` of virtual time, which is the simulated Desk's."""

    virtual_time: VirtualTime
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.virtual_time.now() + self.ahead

    def in_virtual_time(self, instant: datetime) -> datetime:
        """Return an instant of the host's clock in virtual time."""
        return instant - self.ahead
