"""Calendars from Desk: read every day, and before the first use; the last good reading stays in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from desk_sync.domain.commitment.regions import SourcedCalendar
from desk_sync.domain.plan.policy import Policy
from desk_sync.errors import DeskSyncError, TemporaryError
from desk_sync.logs import get_logger
from desk_sync.ports.hours import DeskHours, KeptHours, StoredHours
from desk_sync.ports.now import Now

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursFromDesk:
    """Stores the business hours of one portal's Desk, and puts them into the policy.

    `every` is the period between readings, `again` the pause after one that failed.
    """

    desk: DeskHours
    kept: KeptHours
    now: Now
    every: timedelta = timedelta(days=1)
    again: timedelta = timedelta(minutes=10)

    def complete(self, policy: Policy) -> Policy:
        """Return the policy with its calendars from Desk. Raises TemporaryError while one of them was never read."""
        names = policy.commitment.regions.desk_hours
        return policy.with_hours({name: self._calendar(name) for name in names}) if names else policy

    def refresh(self, names: Iterable[str]) -> None:
        """Read the calendars that are due. It never raises for an answer of Desk, or for none."""
        for name in names:
            if self._is_due(self.kept.recall(name)):
                self._read(name)

    def _calendar(self, name: str) -> SourcedCalendar:
        known = self.kept.recall(name)
        if known is None or (known.calendar is None and self._is_due(known)):
            known = self._read(name)
        if known.calendar is None:
            raise TemporaryError(f'no calendar "{name}" from Desk: {known.problem}', retry_after=self.again)
        return SourcedCalendar(calendar=known.calendar, origin=f'"{name}" of Desk as of {known.since:%F %H:%M}Z')

    def _is_due(self, known: StoredHours | None) -> bool:
        pause = self.again if known and known.problem else self.every
        return known is None or not timedelta(0) <= self.now() - known.tried_at < pause

    def _read(self, name: str) -> StoredHours:
        now = self.now()
        before = self.kept.recall(name) or StoredHours(tried_at=now)
        try:
            calendar = self.desk.business_hours(name)
        except DeskSyncError as error:
            log.error("hours.refused", hours=name, error=str(error), in_force_since=before.since)
            stored = replace(before, tried_at=now, problem=str(error))
        else:
            since = before.since if calendar == before.calendar else now
            stored = StoredHours(tried_at=now, calendar=calendar, since=since, read_at=now)
            log.info("hours.read", hours=name, since=since)
        self.kept.keep(name, stored)
        return stored
