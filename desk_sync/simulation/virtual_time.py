"""Virtual time: it stands still until something is to happen, and then it is that instant."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count


class VirtualTime:
    """A clock, and what is to happen at which instant. What falls on one instant happens in the order it was put in."""

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
        """Let time pass until the instant; an earlier one changes nothing."""
        self._now = max(self._now, instant)

    def put(self, at: datetime, happen: Callable[[], object]) -> None:
        heapq.heappush(self._entries, (at, next(self._numbers), happen))

    @property
    def next_at(self) -> datetime | None:
        return self._entries[0][0] if self._entries else None

    def run_due(self) -> None:
        """Let happen what is due, and what that puts in for now."""
        while self._entries and self._entries[0][0] <= self._now:
            heapq.heappop(self._entries)[2]()
