"""The auditor: checks all open clocks and sweeps, plans missing looks again, reports each audit without a fault.

The report is a call to an external monitor, which raises an alarm when the calls stop (a dead man's switch).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from desk_sync.errors import DeskSyncError
from desk_sync.logs import get_logger
from desk_sync.ports.metrics import MetricsStore
from desk_sync.ports.now import Now
from desk_sync.ports.tickets import OpenClocks
from desk_sync.services.sweep import FAILURES_ALARMED
from desk_sync.services.watch.inflow import WEBHOOK_HINT, InflowWatch
from desk_sync.services.watch.installations import HINT, InstallationWatch

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """Counts of an audit: `remade` looks that were missing, `late` portals whose oldest due work or step is too old.

    `unswept` are kinds of sweeps of a portal that failed again and again: a lost delivery is not made up for. `off` are
    portals whose Desk has a clock that differs from the host's by more than a minute. `strangers` are open tickets of
    portals that are not named any more: nothing looks at them. `stopped` are alarms about deliveries that do not
    arrive, `crowded` those about other installations on a portal.
    """

    remade: int
    late: int
    unswept: int
    off: int
    strangers: int = 0
    stopped: int = 0
    crowded: int = 0

    @property
    def passed(self) -> bool:
        return not any(asdict(self).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Audits all portals together. `report` calls the external monitor; due work may be `timeout` old.

    `clocks` are those of each portal, with the version of its mapping: after a change every open ticket is looked at.
    `strangers` returns the open tickets of portals that are not named any more.
    """

    clocks: Sequence[tuple[OpenClocks, str]]
    metrics: Sequence[MetricsStore]
    report: Callable[[], None]
    now: Now
    timeout: timedelta = timedelta(minutes=5)
    strangers: Callable[[], Mapping[str, int]] = dict
    inflow: Sequence[InflowWatch] = ()
    installations: Sequence[InstallationWatch] = ()

    def run(self) -> AuditResult:
        """Audit once. A monitor that does not answer raises no error: the missing call is the alarm."""
        now = self.now()
        for clocks, version in self.clocks:
            if marked := clocks.requeue_by_policy(version, now=now):
                log.info("mapping.changed", version=version, tickets=marked)
        backlogs = [metrics.backlog(now) for metrics in self.metrics]
        oldest = [min(filter(None, (each.oldest_at, each.step_at)), default=now) for each in backlogs]
        strangers = self.strangers()
        found = AuditResult(
            remade=sum(clocks.requeue_unplanned(now=now) for clocks, _ in self.clocks),
            late=sum(now - at > self.timeout for at in oldest),
            unswept=sum(done.failures >= FAILURES_ALARMED for each in self.metrics for done in each.sweeps().values()),
            off=sum(known.offset.is_alarming for each in self.metrics if (known := each.desk_clock())),
            strangers=sum(strangers.values()),
            stopped=sum(self._alarm(watch) for watch in self.inflow),
            crowded=sum(self._warn(watch) for watch in self.installations),
        )
        if found.passed:
            self._report()
        else:
            log.error("audit.failed", **asdict(found) | {"strangers": dict(strangers)})
        return found

    def _alarm(self, watch: InflowWatch) -> int:
        """Raise the alarms of a portal's deliveries; return how many there are."""
        alarms = watch.alarms()
        for alarm in alarms:
            log.error("deliveries.stopped", portal=watch.portal, alarm=alarm, hint=WEBHOOK_HINT)
        return len(alarms)

    def _warn(self, watch: InstallationWatch) -> int:
        """Raise the alarms about other installations on a portal; return how many there are."""
        alarms = list(watch.alarms())
        for alarm in alarms:
            log.error("installation.crowded", portal=watch.portal, alarm=alarm, hint=HINT)
        return len(alarms)

    def _report(self) -> None:
        try:
            self.report()
        except DeskSyncError as error:
            log.warning("audit.not_reported", error=str(error))
