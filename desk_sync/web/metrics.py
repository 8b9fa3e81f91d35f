"""Metrics for Prometheus: /metrics. Values in SQL are read at each request and never cached.

The only labels are names of portals, sources, tasks and fields, statuses, verdicts, and reasons of ours: no addresses,
ticket ids or secrets (L11, L12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

import structlog
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from desk_sync.errors import DeskSyncError
from desk_sync.ports.metrics import UNCOUNTED, FailureCounts, HeartbeatStore, MetricsStore, WorkBacklog
from desk_sync.ports.now import Now
from desk_sync.ports.pulling.pulls import PullStore
from desk_sync.ports.subscriptions import SubscriptionStore
from desk_sync.services.watch.health import age_of_oldest
from desk_sync.services.watch.inflow import InflowWatch
from desk_sync.web.connections import CutReason
from desk_sync.web.single_flight import SingleFlight

log = structlog.get_logger()

Read = Callable[[WorkBacklog, datetime], float]

WITHIN = timedelta(seconds=5)

# One gauge each, per portal, from its backlog.
BACKLOG: Mapping[str, tuple[str, Read]] = {
    "oldest_due_age_seconds": (
        "Age of the oldest work that is due and not done, including work that was put off; without parked tickets.",
        lambda backlog, now: age_of_oldest([backlog.oldest_at], now).total_seconds(),
    ),
    "oldest_due_step_age_seconds": (
        "Age of the oldest step of an escalation, or change of a clock, that is due and not done; parked tickets too.",
        lambda backlog, now: age_of_oldest([backlog.step_at], now).total_seconds(),
    ),
    "tickets_due": ("Tickets that are due for a look and not leased.", lambda backlog, _: backlog.due),
    "tickets_put_off": ("Tickets whose look failed and will be repeated later.", lambda backlog, _: backlog.put_off),
    "tickets_leased": ("Tickets that are leased by a worker.", lambda backlog, _: backlog.leased),
    "tickets_parked": (
        "Tickets that are parked until a person or a change brings them back.",
        lambda backlog, _: backlog.parked,
    ),
    "events_unprocessed": ("Stored events whose ticket had no look yet.", lambda backlog, _: backlog.events),
    "notices_waiting": ("Messages to people outside Desk that are not sent yet.", lambda backlog, _: backlog.notices),
    "events_stranded": (
        "Events whose ticket is not scheduled for a look: a fault.",
        lambda backlog, _: backlog.stranded,
    ),
}


class ProcessMetrics:
    """The metrics of the web process: counted deliveries, and the gauges that `business` reads."""

    def __init__(self, business: Collector) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._deliveries = Counter(
            "desk_sync_deliveries",
            "Deliveries by the status of the answer.",
            ["portal", "status"],
            registry=self._registry,
        )
        self._cuts = Counter(
            "desk_sync_connections_cut",
            "Connections that a limit closed, by the reason.",
            ["reason"],
            registry=self._registry,
        )
        self._registry.register(business)
        self._text = SingleFlight(partial(generate_latest, self._registry))

    def route(self) -> Route:
        return Route("/metrics", self.answer)

    def count(self, portal: str, status: HTTPStatus) -> None:
        """Count a delivery by the status of its answer."""
        self._deliveries.labels(portal, int(status)).inc()

    def count_cut(self, reason: CutReason) -> None:
        """Count a connection that a limit closed."""
        self._cuts.labels(reason.value).inc()

    async def answer(self, _: Request) -> Response:
        """Return the metrics, or 503 if the store does not answer: missing values must not look like good ones."""
        try:
            text = await self._text.result(within=WITHIN)
        except (DeskSyncError, TimeoutError) as error:
            log.warning("metrics.failed", error=type(error).__name__)
            return PlainTextResponse("the store does not answer", HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(text, media_type=CONTENT_TYPE_LATEST)


class BusinessMetrics(Collector):
    """The portals' metrics, read from the store. Raises the errors of the store."""

    def __init__(
        self,
        metrics: Mapping[str, MetricsStore],
        subscriptions: SubscriptionStore,
        pulls: PullStore,
        heartbeats: HeartbeatStore,
        now: Now,
        failures: FailureCounts = UNCOUNTED,
        strangers: Callable[[], Mapping[str, int]] = dict,
        inflow: Sequence[InflowWatch] = (),
    ) -> None:
        self._metrics = metrics
        self._subscriptions = subscriptions
        self._pulls = pulls
        self._heartbeats = heartbeats
        self._failures = failures
        self._strangers = strangers
        self._inflow = inflow
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        now = self._now()
        backlogs = {portal: metrics.backlog(now) for portal, metrics in self._metrics.items()}
        for name, (meaning, read) in BACKLOG.items():
            gauge = GaugeMetricFamily(f"desk_sync_{name}", meaning, labels=["portal"])
            for portal, backlog in backlogs.items():
                gauge.add_metric([portal], read(backlog, now))
            yield gauge
        yield from self._sweeps(now)
        yield from self._desk_clocks(now)
        yield from self._counters()
        yield from self._windows()
        yield self._verdicts()
        yield self._held_back()
        yield from self._retention(now)
        yield self._tickets_of_strangers()
        yield from self._ages(now)

    def _sweeps(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        """Yield the progress of the sweeps; a kind that never ended well has no age and no sample."""
        labels = ["portal", "sweep"]
        meaning = "Age of the instant that a sweep reached."
        age = GaugeMetricFamily("desk_sync_sweep_age_seconds", meaning, labels=labels)
        meaning = "Sweeps that failed in a row; two are an alarm."
        failures = GaugeMetricFamily("desk_sync_sweep_failures", meaning, labels=labels)
        for portal, metrics in self._metrics.items():
            for which, done in metrics.sweeps().items():
                failures.add_metric([portal, which], done.failures)
                if done.reached:
                    age.add_metric([portal, which], (now - done.reached).total_seconds())
        yield from (age, failures)

    def _desk_clocks(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        """Yield the offset of the clocks, and its age; a portal whose Desk never answered has no sample."""
        meaning = "Seconds by which the host's clock is behind Desk's; over 60, or under -60, is an alarm."
        behind = GaugeMetricFamily("desk_sync_clock_behind_seconds", meaning, labels=["portal"])
        meaning = "Age of the last answer by which that difference was measured."
        age = GaugeMetricFamily("desk_sync_clock_measured_age_seconds", meaning, labels=["portal"])
        for portal, metrics in self._metrics.items():
            if measured := metrics.desk_clock():
                behind.add_metric([portal], measured.offset.behind.total_seconds())
                age.add_metric([portal], (now - measured.measured_at).total_seconds())
        yield from (behind, age)

    def _retention(self, now: datetime) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Yield how much was deleted, when retention last came to its end, and the size of the database."""
        meaning = "Rows that retention deleted, and tickets that it shrunk."
        deleted = CounterMetricFamily("desk_sync_deleted", meaning, labels=["portal", "kind"])
        age = GaugeMetricFamily("desk_sync_retention_age_seconds", "Age of the last complete run.", labels=["portal"])
        for portal, metrics in self._metrics.items():
            for kind, number in metrics.deletions().items():
                deleted.add_metric([portal, kind], number)
            if ended_at := metrics.retained_at():
                age.add_metric([portal], (now - ended_at).total_seconds())
        size = GaugeMetricFamily("desk_sync_database_bytes", "Size of the database, by its use.", labels=["part"])
        for found in [metrics.database_size() for metrics in self._metrics.values()][:1]:
            size.add_metric(["filled"], found.used - found.free)
            size.add_metric(["free"], found.free)
        yield from (deleted, age, size)

    def _counters(self) -> Iterator[CounterMetricFamily]:
        """Yield the counters; a sweep raises an alarm about the share of `missed` in `changes`."""
        meaning = "Changes to tickets that a sweep found and no delivery had reported."
        missed = CounterMetricFamily("desk_sync_missed", meaning, labels=["portal"])
        changes = CounterMetricFamily("desk_sync_changes", "Changes to tickets that sweeps found.", labels=["portal"])
        meaning = "Messages that reached no recipient, since every channel had refused."
        undelivered = CounterMetricFamily("desk_sync_unheard", meaning, labels=["portal"])
        for portal, metrics in self._metrics.items():
            deliveries = metrics.deliveries()
            missed.add_metric([portal], deliveries.missed)
            changes.add_metric([portal], deliveries.changes)
            undelivered.add_metric([portal], metrics.undelivered())
        meaning = "Tasks of the worker that ended with an error, and are tried again."
        failed = CounterMetricFamily("desk_sync_task_failures", meaning, labels=["portal", "task"])
        for labels, count in self._failures.totals().items():
            failed.add_metric(labels, count)
        yield from (missed, changes, undelivered, failed)

    def _windows(self) -> Iterator[GaugeMetricFamily]:
        """Yield what came in within the last hours: counts that fall again, unlike those of `_counters`."""
        labels = ["portal", "hours"]
        meaning = "Changes to tickets by others within the last hours."
        changes = GaugeMetricFamily("desk_sync_recent_changes", meaning, labels=labels)
        meaning = "Changes of the last hours that no delivery reported."
        missed = GaugeMetricFamily("desk_sync_recent_missed", meaning, labels=labels)
        meaning = "Deliveries that were refused within a day, by the fault."
        refused = GaugeMetricFamily("desk_sync_recent_refused", meaning, labels=["portal", "fault"])
        meaning = "Alarms about deliveries that do not arrive."
        stopped = GaugeMetricFamily("desk_sync_deliveries_stopped", meaning, labels=["portal"])
        for watch in self._inflow:
            windows = watch.windows()
            for window in windows:
                changes.add_metric([watch.portal, str(window.hours)], window.changes)
                missed.add_metric([watch.portal, str(window.hours)], window.missed)
            for fault, count in windows[-1].refused.items():
                refused.add_metric([watch.portal, fault], count)
            stopped.add_metric([watch.portal], len(watch.alarms()))
        yield from (changes, missed, refused, stopped)

    def _verdicts(self) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily("desk_sync_decisions", "Open tickets by verdict.", labels=["portal", "verdict"])
        for portal, metrics in self._metrics.items():
            for verdict, count in metrics.verdicts().items():
                gauge.add_metric([portal, verdict], count)
        return gauge

    def _held_back(self) -> GaugeMetricFamily:
        meaning = "Tickets on which a field is held back, since Desk does not accept its value."
        gauge = GaugeMetricFamily("desk_sync_held_back_fields", meaning, labels=["portal", "field"])
        for portal, metrics in self._metrics.items():
            for name, tickets in metrics.held_back_tickets().items():
                gauge.add_metric([portal, name], tickets)
        return gauge

    def _tickets_of_strangers(self) -> GaugeMetricFamily:
        meaning = "Open tickets of portals that the mapping does not name any more: nothing looks at them."
        gauge = GaugeMetricFamily("desk_sync_tickets_of_other_portals", meaning, labels=["portal"])
        for portal, tickets in self._strangers().items():
            gauge.add_metric([portal], tickets)
        return gauge

    def _ages(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        """Yield the ages; an event that never happened has no age and no sample."""
        ages = GaugeMetricFamily(
            "desk_sync_subscription_data_age_seconds", "Age of each source's subscription data.", labels=["source"]
        )
        for snapshot in self._subscriptions.current():
            ages.add_metric([snapshot.source], (now - snapshot.imported_at).total_seconds())
        yield ages
        refused = GaugeMetricFamily(
            "desk_sync_source_refused_seconds",
            "Seconds since a source's pulls began to fail; 0 if the last succeeded.",
            labels=["source"],
        )
        for source, state in self._pulls.states().items():
            refused.add_metric([source], (now - (state.failing_since or now)).total_seconds())
        yield refused
        instants = {
            "heartbeat_age_seconds": ("Age of the last heartbeat of a worker.", self._heartbeats.last()),
        }
        for name, (meaning, at) in instants.items():
            if at:
                yield GaugeMetricFamily(f"desk_sync_{name}", meaning, value=(now - at).total_seconds())
