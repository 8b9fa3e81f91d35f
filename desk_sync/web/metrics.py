"""Figures for Prometheus: /metrics. What stands in SQL is read there when it is asked for, and never kept beside it.

Names of portals, statuses and verdicts are the only labels: no addresses, no ids of tickets, no secrets (L11, L12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
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
from desk_sync.ports.metrics import HeartbeatStore, MetricsStore, WorkBacklog
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import PullStore, SubscriptionStore
from desk_sync.services.health import age_of_oldest
from desk_sync.web.single_flight import SingleFlight

log = structlog.get_logger()

Read = Callable[[WorkBacklog, datetime], float]

WITHIN = timedelta(seconds=5)
BEGINNING = datetime.min.replace(tzinfo=UTC)

# One gauge for each portal, from its backlog.
BACKLOG: Mapping[str, tuple[str, Read]] = {
    "oldest_due_age_seconds": (
        "Age of the oldest work that is due and undone, work that was put off included; parked tickets apart.",
        lambda backlog, now: age_of_oldest([backlog.oldest_at], now).total_seconds(),
    ),
    "oldest_due_step_age_seconds": (
        "Age of the oldest step of an escalation, or change of a clock, that is due and undone, of parked tickets too.",
        lambda backlog, now: age_of_oldest([backlog.step_at], now).total_seconds(),
    ),
    "tickets_due": ("Tickets that are due a look, in nobody's hands.", lambda backlog, _: backlog.due),
    "tickets_put_off": ("Tickets whose look failed and comes again later.", lambda backlog, _: backlog.put_off),
    "tickets_leased": ("Tickets in a worker's hands.", lambda backlog, _: backlog.leased),
    "tickets_parked": ("Tickets that were given up and wait for a person.", lambda backlog, _: backlog.parked),
    "events_unprocessed": ("Events that were stored and had no look yet.", lambda backlog, _: backlog.events),
    "notices_waiting": (
        "What people outside Desk are still to be told.",
        lambda backlog, _: backlog.notices,
    ),
    "events_stranded": ("Events whose look is due at no time: a fault.", lambda backlog, _: backlog.stranded),
}


class ProcessMetrics:
    """The web process's figures: counted deliveries, and gauges that `business` reads."""

    def __init__(self, business: Collector) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._deliveries = Counter(
            "desk_sync_deliveries",
            "Deliveries by how they were answered.",
            ["portal", "status"],
            registry=self._registry,
        )
        self._registry.register(business)
        self._text = SingleFlight(partial(generate_latest, self._registry))

    def route(self) -> Route:
        return Route("/metrics", self.answer)

    def count(self, portal: str, status: HTTPStatus) -> None:
        """Count a delivery by how it was answered."""
        self._deliveries.labels(portal, int(status)).inc()

    async def answer(self, _: Request) -> Response:
        """503 if the store does not answer: a figure that is missing must not look like one that is good."""
        try:
            text = await self._text.result(within=WITHIN)
        except (DeskSyncError, TimeoutError) as error:
            log.warning("metrics.failed", error=type(error).__name__)
            return PlainTextResponse("the store does not answer", HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(text, media_type=CONTENT_TYPE_LATEST)


class BusinessMetrics(Collector):
    """What the store says about the portals. Raises what the store raises."""

    def __init__(
        self,
        figures: Mapping[str, MetricsStore],
        subscriptions: SubscriptionStore,
        pulls: PullStore,
        heartbeats: HeartbeatStore,
        now: Now,
    ) -> None:
        self._figures = figures
        self._subscriptions = subscriptions
        self._pulls = pulls
        self._heartbeats = heartbeats
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        now = self._now()
        backlogs = {portal: figures.backlog(now) for portal, figures in self._figures.items()}
        for name, (meaning, read) in BACKLOG.items():
            gauge = GaugeMetricFamily(f"desk_sync_{name}", meaning, labels=["portal"])
            for portal, backlog in backlogs.items():
                gauge.add_metric([portal], read(backlog, now))
            yield gauge
        yield from self._told()
        yield self._verdicts()
        yield from self._ages(now)

    def _told(self) -> Iterator[CounterMetricFamily]:
        """The share of the first in the second is what a sweep alarms about."""
        meaning = "Changes to tickets that no delivery told of, and that a sweep found."
        missed = CounterMetricFamily("desk_sync_missed", meaning, labels=["portal"])
        changes = CounterMetricFamily("desk_sync_changes", "Changes to tickets that sweeps met.", labels=["portal"])
        meaning = "What people were to be told and nobody could be, as all their channels had refused."
        unheard = CounterMetricFamily("desk_sync_unheard", meaning, labels=["portal"])
        for portal, figures in self._figures.items():
            told = figures.deliveries()
            missed.add_metric([portal], told.missed)
            changes.add_metric([portal], told.changes)
            unheard.add_metric([portal], figures.unheard(BEGINNING))
        yield from (missed, changes, unheard)

    def _verdicts(self) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily("desk_sync_decisions", "Open tickets by verdict.", labels=["portal", "verdict"])
        for portal, figures in self._figures.items():
            for verdict, count in figures.verdicts().items():
                gauge.add_metric([portal, verdict], count)
        return gauge

    def _ages(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        """What has never been has no age, and no line."""
        ages = GaugeMetricFamily(
            "desk_sync_subscription_data_age_seconds", "Age of each source's subscription data.", labels=["source"]
        )
        for snapshot in self._subscriptions.current():
            ages.add_metric([snapshot.source], (now - snapshot.imported_at).total_seconds())
        yield ages
        refused = GaugeMetricFamily(
            "desk_sync_source_refused_seconds",
            "Since when a source's pulls are refused; 0: the last was taken.",
            labels=["source"],
        )
        for source, state in self._pulls.states().items():
            refused.add_metric([source], (now - (state.failing_since or now)).total_seconds())
        yield refused
        instants = {
            "heartbeat_age_seconds": ("Age of a worker's last sign of life.", self._heartbeats.last()),
        }
        for name, (meaning, at) in instants.items():
            if at:
                yield GaugeMetricFamily(f"desk_sync_{name}", meaning, value=(now - at).total_seconds())
