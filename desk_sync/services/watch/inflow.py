"""Deliveries that stop: an alarm over hours, for portals in which a single sweep finds too few changes to judge.

A window is some hours, the one under way included. What comes in during a window is compared with what changed in Desk
by others; our own writes are left out. An alarm ends when the newest changes are delivered again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_sync.errors import DeliveryFault
from desk_sync.ports.inflow import InflowHour, InflowStore
from desk_sync.ports.now import Now
from desk_sync.services.sweep import MissedAlarm

WINDOWS = (1, 6, 24)
"""The lengths of the windows in hours."""
HOUR = timedelta(hours=1)
SKEW = timedelta(minutes=10)
"""How much earlier than a change, which Desk's clock dates, its delivery may have come by ours."""

WEBHOOK_HINT = (
    "check in Desk that our webhook is enabled and that its calls succeed; docs/operating.md, “Deliveries stop”"
)

FROM_DESK = frozenset(
    {
        DeliveryFault.WRONG_ORGANISATION,
        DeliveryFault.WRONG_WEBHOOK,
        DeliveryFault.EXPIRED,
        DeliveryFault.EARLY,
        DeliveryFault.BAD_EVENTS,
        DeliveryFault.OTHER_PORTAL,
    }
)
"""The faults of deliveries that Zoho signed. Anybody can cause the others, so that alone they are no alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InflowWindow:
    """What came in within the last hours. `delivered`: at least one delivery was stored."""

    hours: int
    counted: Sequence[InflowHour]
    delivered: bool

    @property
    def changes(self) -> int:
        return sum(_changes(each) for each in self.counted)

    @property
    def missed(self) -> int:
        return sum(each.missed for each in self.counted)

    @property
    def refused(self) -> Mapping[DeliveryFault, int]:
        """How many deliveries were refused, by their fault."""
        total: Counter[DeliveryFault] = Counter()
        for each in self.counted:
            total.update(each.refused)
        return total

    @property
    def span(self) -> str:
        return "the last hour" if self.hours == 1 else f"the last {self.hours} hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class InflowWatch:
    """The inflow of one portal. `alarm` has the share and the number of missed changes from which on it is one."""

    inflow: InflowStore
    now: Now
    alarm: MissedAlarm

    @property
    def portal(self) -> str:
        return self.inflow.portal

    def windows(self) -> Sequence[InflowWindow]:
        """Return the windows, the shortest first."""
        now = self.now()
        hours = [each for each in self.inflow.hours(_beginning(now, max(WINDOWS))) if each.at <= now]
        return [self._window(length, hours, now) for length in WINDOWS]

    def alarms(self) -> Sequence[str]:
        """Return the alarms in words, of the shortest window that shows each; none while deliveries arrive."""
        found: dict[str, str] = {}
        for window in self.windows():
            for kind, text in self._judge(window):
                found.setdefault(kind, text)
        return tuple(found.values())

    def _window(self, length: int, hours: Sequence[InflowHour], now: datetime) -> InflowWindow:
        since = _beginning(now, length)
        counted = [each for each in hours if each.at >= since]
        return InflowWindow(hours=length, counted=counted, delivered=self.inflow.delivered_since(since - SKEW))

    def _judge(self, window: InflowWindow) -> Iterator[tuple[str, str]]:
        """Yield the alarms that a window shows, by their kinds."""
        expected, least = self.alarm.share < 1, self.alarm.least
        if expected and window.changes >= least and not window.delivered:
            yield "changes", f"no delivery in {window.span}, in which Desk had {window.changes} changes"
        elif self._is_missing(window.changes, window.missed) and self._goes_on(window):
            yield "changes", f"{window.missed} of {window.changes} changes of {window.span} came without a delivery"
        genuine = {fault: count for fault, count in window.refused.items() if fault in FROM_DESK}
        if sum(genuine.values()) >= least and not window.delivered:
            yield "refusals", f"every delivery of {window.span} was refused: {listed(genuine)}"

    def _is_missing(self, changes: int, missed: int) -> bool:
        share = self.alarm.share
        return share < 1 and missed >= self.alarm.least and missed > share * changes

    def _goes_on(self, window: InflowWindow) -> bool:
        """Return True unless the newest changes, as many as make an alarm, were delivered well."""
        changes = missed = 0
        for hour in reversed(window.counted):
            if changes < self.alarm.least:
                changes, missed = changes + _changes(hour), missed + hour.missed
        return missed > self.alarm.share * changes


def listed(refused: Mapping[DeliveryFault, int]) -> str:
    """Return the refused deliveries in words, the most frequent fault first."""
    by_number = sorted(refused.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{count} {fault}" for fault, count in by_number)


def _changes(hour: InflowHour) -> int:
    """Return the changes of an hour: Desk's index may show a change too late for a sweep to count it as new."""
    return max(hour.changes, hour.missed)


def _beginning(now: datetime, hours: int) -> datetime:
    """Return the beginning of the first hour of a window."""
    return (now - hours * HOUR).replace(minute=0, second=0, microsecond=0)
