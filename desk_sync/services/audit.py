"""The auditor: goes over all open clocks, makes again what is missing, and falls silent when something is wrong.

An address outside is called after each audit that found everything in order; who watches it raises the alarm when the
calls stop (the dead man's switch).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from desk_sync.errors import DeskSyncError
from desk_sync.ports.clocks import OpenClocks
from desk_sync.ports.metrics import MetricsStore
from desk_sync.ports.now import Now

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What an audit found: tickets whose next look was missing, and portals whose oldest work, or step, is too old."""

    remade: int
    late: int

    @property
    def passed(self) -> bool:
        return not self.remade and not self.late


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Audits all portals together. `report` tells the address outside; `patience` is how old owed work may be."""

    clocks: Sequence[OpenClocks]
    figures: Sequence[MetricsStore]
    report: Callable[[], None]
    now: Now
    timeout: timedelta = timedelta(minutes=5)

    def run(self) -> AuditResult:
        """Audit once. Never raises for an address that does not answer: it will miss our call."""
        now = self.now()
        backlogs = [figures.backlog(now) for figures in self.figures]
        oldest = [min(filter(None, (each.oldest_at, each.step_at)), default=now) for each in backlogs]
        found = AuditResult(
            remade=sum(clocks.remake(now=now) for clocks in self.clocks),
            late=sum(now - at > self.timeout for at in oldest),
        )
        if found.passed:
            self._report()
        else:
            log.error("audit.failed", remade=found.remade, late=found.late)
        return found

    def _report(self) -> None:
        try:
            self.report()
        except DeskSyncError as error:
            log.warning("audit.unheard", error=str(error))
