"""The state of each source of subscription data: the ages and the size of its data, and its pulls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from desk_sync.domain.account.freshness import SnapshotAge
from desk_sync.ports.pulling.pulls import PullState
from desk_sync.ports.subscriptions import SnapshotGrowth


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """The state of one source at `now`. Without data, `age` and `growth` are None. A source is pulled, or imported."""

    name: str
    now: datetime
    is_pulled: bool
    state: PullState
    age: SnapshotAge | None = None
    growth: SnapshotGrowth | None = None

    @property
    def is_empty(self) -> bool:
        """Return True if the source has data without any account."""
        return self.growth is not None and not self.growth.size.accounts

    @property
    def was_never_pulled(self) -> bool:
        return self.is_pulled and self.state.pulled_at is None

    @property
    def under_way_since(self) -> datetime | None:
        """The beginning of the run, if a process has the turn."""
        return self.state.begun_at if self.state.is_under_way(self.now) else None

    @property
    def overdue_since(self) -> datetime | None:
        """The instant at which the next pull was due, if it has not begun."""
        due_at = self.state.due_at
        return due_at if due_at and due_at < self.now and not self.state.is_under_way(self.now) else None

    def data(self) -> str:
        """Return the size of the data and their ages."""
        if self.age is None or self.growth is None:
            return "no data"
        return f"{'empty' if self.is_empty else self.growth}, {self.age}"

    def pulls(self) -> Iterator[str]:
        """Yield what a person should know about the pulls."""
        if self.was_never_pulled:
            yield "never pulled"
        if self.under_way_since:
            holder = f" by {self.state.held_by}" if self.state.held_by else ""
            progress = self.state.progress or "it has just begun"
            yield f"under way since {self.under_way_since:%F %T}Z{holder}: {progress}"
        if self.state.waiting:
            yield f"waits: {self.state.waiting}"
        elif self.overdue_since:
            yield f"overdue since {self.overdue_since:%F %T}Z"
        if self.state.failing_since:
            yield f"refused since {self.state.failing_since:%F %T}Z: {self.state.error}"
        if self.state.flawed:
            yield f"{self.state.flawed} accounts or rows could not be read"
        yield from self.state.remarks
