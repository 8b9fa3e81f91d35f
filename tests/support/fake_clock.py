"""The port `DeskTime` with an offset that the test sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from desk_sync.domain.desk_clock import ClockOffset


@dataclass(slots=True)
class FakeClock:
    """A host's clock that is `behind` Desk's."""

    behind: timedelta = timedelta(0)

    @property
    def offset(self) -> ClockOffset:
        return ClockOffset(self.behind)
