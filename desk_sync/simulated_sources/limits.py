"""The limits of one simulated source: calls in a minute, on a day, and at once.

A refused call counts for none of them. Days are UTC's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from desk_sync.simulated_sources import refusal

MINUTE = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class SourceLimits:
    """`per_minute` calls within any minute, `per_day`, and `at_once`. `by_day` are the calls of each day so far."""

    now: Callable[[], datetime]
    per_minute: int = 100
    per_day: int = 2500
    at_once: int = 10
    by_day: dict[date, int] = field(default_factory=dict)
    most_at_once: int = 0
    _in_process: int = 0
    _lately: deque[datetime] = field(default_factory=deque)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Hold a place among the calls in process. Raises SourceRefusal if there is none."""
        if self._in_process >= self.at_once:
            raise refusal.too_many_at_once()
        self._in_process += 1
        self.most_at_once = max(self.most_at_once, self._in_process)
        try:
            yield
        finally:
            self._in_process -= 1

    def spend(self) -> None:
        """Count a call. Raises SourceRefusal if the minute's or the day's calls are used up."""
        now = self.now().astimezone(UTC)
        while self._lately and self._lately[0] <= now - MINUTE:
            self._lately.popleft()
        if self.by_day.get(now.date(), 0) >= self.per_day:
            raise refusal.day_used_up(self.per_day, until_tomorrow(now))
        if len(self._lately) >= self.per_minute:
            raise refusal.minute_used_up(self._lately[0] + MINUTE - now)
        self._lately.append(now)
        self.by_day[now.date()] = self.by_day.get(now.date(), 0) + 1


def until_tomorrow(now: datetime) -> timedelta:
    """Return the time until the next midnight (UTC)."""
    midnight = (now.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - now
