"""Calendars from Desk: asked for every day, and before the first use; the last good answer stays in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from desk_sync.domain.commitment.regions import SourcedCalendar
from desk_sync.domain.plan.policy import Policy
from desk_sync.errors import DeskSyncError, TemporaryError
from desk_sync.ports.hours import DeskHours, KeptHours, StoredHours
from desk_sync.ports.now import Now

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursFromDesk:
    """Keeps what one portal's Desk says of its business hours, and puts it into the policy.

    They are asked for `every` so often, and `again` so soon after a try that brought nothing.
    """

    desk: DeskHours
    kept: KeptHours
    now: Now
    every: timedelta = timedelta(days=1)
    again: timedelta = timedelta(minutes=10)

    def complete(self, policy: Policy) -> Policy:
        """The policy with every calendar that it takes from Desk. Raises TemporaryError while one was never read."""
        names = policy.commitment.regions.taken
        return policy.with_hours({name: self._described(name) for name in names}) if names else policy

    def refresh(self, names: Iterable[str]) -> None:
        """Ask for what is due. Never raises for what Desk says, or does not."""
        for name in names:
            if self._is_due(self.kept.recall(name)):
                self._ask(name)

    def _described(self, name: str) -> SourcedCalendar:
        known = self.kept.recall(name)
        if known is None or (known.calendar is None and self._is_due(known)):
            known = self._ask(name)
        if known.calendar is None:
            raise TemporaryError(f'no calendar "{name}" from Desk: {known.problem}', retry_after=self.again)
        return SourcedCalendar(calendar=known.calendar, origin=f'"{name}" of Desk as of {known.since:%F %H:%M}Z')

    def _is_due(self, known: StoredHours | None) -> bool:
        pause = self.again if known and known.problem else self.every
        return known is None or not timedelta(0) <= self.now() - known.tried_at < pause

    def _ask(self, name: str) -> StoredHours:
        now = self.now()
        before = self.kept.recall(name) or StoredHours(tried_at=now)
        try:
            calendar = self.desk.business_hours(name)
        except DeskSyncError as error:
            log.error("hours.refused", hours=name, error=str(error), in_force_since=before.since)
            told = replace(before, tried_at=now, problem=str(error))
        else:
            since = before.since if calendar == before.calendar else now
            told = StoredHours(tried_at=now, calendar=calendar, since=since, read_at=now)
            log.info("hours.read", hours=name, since=since)
        self.kept.keep(name, told)
        return told
