"""The freshness of subscription data: two ages, and how long the data are valid.

A snapshot has the age of its reading, from the instant at which the source was read, and, if its data state a day, the
age of the data, from the beginning of that day in UTC. Both can make it out of date; by default only the reading's age.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from desk_sync.domain.account.subscription import Snapshot
from desk_sync.domain.format import format_duration, format_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessRule:
    """How long data are valid: `max_age` after they were read, and `max_data_age` after the day that they state.

    Without `max_data_age`, or in data that state no day, only the reading counts.
    """

    max_age: timedelta
    max_data_age: timedelta | None = None

    def stale_at(self, snapshot: Snapshot) -> datetime:
        """Return the last instant at which the snapshot is valid."""
        by_reading = snapshot.imported_at + self.max_age
        if self.max_data_age is None or snapshot.as_of is None:
            return by_reading
        return min(by_reading, _beginning(snapshot.as_of) + self.max_data_age)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotAge:
    """Both ages of a snapshot; `data` is None if its data state no day. It is valid until `stale_at`, included."""

    snapshot: Snapshot
    reading: timedelta
    data: timedelta | None
    stale_at: datetime
    is_stale: bool

    def __str__(self) -> str:
        """Return the ages for a person: "read 3 h ago, data of 2026-11-22 (1 day old), valid until …"."""
        read = "read just now" if self.reading < _MINUTE else f"read {format_duration(self.reading)} ago"
        stated = f"data of {self.snapshot.as_of} ({_days(self.data)})" if self.data is not None else "data of no date"
        validity = "out of date since" if self.is_stale else "valid until"
        return f"{read}, {stated}, {validity} {format_instant(self.stale_at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessPolicy:
    """The `usual` rule, and those of `sources` that have their own."""

    usual: FreshnessRule
    sources: Mapping[str, FreshnessRule] = field(default_factory=dict)

    def stale_at(self, snapshot: Snapshot) -> datetime:
        """Return the last instant at which the snapshot is valid, by the rule of its source."""
        return self.sources.get(snapshot.source, self.usual).stale_at(snapshot)

    def is_stale(self, snapshot: Snapshot, now: datetime) -> bool:
        return now > self.stale_at(snapshot)

    def age(self, snapshot: Snapshot, now: datetime) -> SnapshotAge:
        """Return the ages of the snapshot at `now`."""
        return SnapshotAge(
            snapshot=snapshot,
            reading=now - snapshot.imported_at,
            data=now - _beginning(snapshot.as_of) if snapshot.as_of else None,
            stale_at=self.stale_at(snapshot),
            is_stale=self.is_stale(snapshot, now),
        )


_MINUTE = timedelta(minutes=1)


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _days(age: timedelta) -> str:
    """Return an age in whole days: "of today", "1 day old"."""
    days = age // timedelta(days=1)
    if days < 0:
        return "in the future"
    return {0: "of today", 1: "1 day old"}.get(days, f"{days} days old")
