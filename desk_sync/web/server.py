"""The web process: the receiver of every portal, on uvicorn."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from desk_sync import gc_tuning
from desk_sync.har import HarRecorder
from desk_sync.web import health, receiver
from desk_sync.web.connections import bounded
from desk_sync.web.doorbell import Doorbell
from desk_sync.web.metrics import BusinessMetrics, ProcessMetrics
from desk_sync.web.refusals import RefusalCounter
from desk_sync.wiring import checks
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.opening import check_start, open_receiver
from desk_sync.wiring.process import DeskSync
from desk_sync.wiring.starting import StartCheck
from tasks.drain import ring

START_WITHIN = timedelta(seconds=2)
"""How long the receiver waits for the check of its database before it answers the first delivery."""


def serve(*, host: str, port: int, har: Path | None = None) -> None:
    """Answer deliveries until interrupted. `har` is a file to record the traffic to, for the demo only."""
    with open_receiver() as desk_sync, ExitStack() as stack:
        doors = {portal: desk_sync.portal(portal).intake() for portal in desk_sync.portal_names}
        doorbells = {portal: Doorbell(partial(ring, portal)) for portal in desk_sync.portal_names}
        metrics = ProcessMetrics(business_metrics(desk_sync))
        extra_routes = [*health.routes(checks.ready(desk_sync)), metrics.route()]
        refusals = stack.enter_context(RefusalCounter({each.name: each.inflow for each in desk_sync.portals}, utc_now))
        app: ASGIApp = receiver.app(
            doors, doorbells, count=metrics.count, refused=refusals.count, extra_routes=extra_routes
        )
        # Not waited for: a database that hangs must not keep the receiver from answering 503.
        Thread(target=checks.log_start, args=(desk_sync,), name="startup", daemon=True).start()
        if har:
            app = HarRecorder(app, har, now=utc_now)
        gc_tuning.freeze()
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=bounded(metrics.count_cut),
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
        )
        server = uvicorn.Server(config)
        start = StartCheck(partial(check_start, desk_sync), refuse=lambda: setattr(server, "should_exit", True))
        start.run(START_WITHIN)
        with suppress(KeyboardInterrupt):
            server.run()
        start.raise_refusal()


def business_metrics(desk_sync: DeskSync) -> BusinessMetrics:
    """Return the metrics that are read from the store, of all portals."""
    return BusinessMetrics(
        metrics={portal: desk_sync.portal(portal).metrics for portal in desk_sync.portal_names},
        subscriptions=desk_sync.sources.subscriptions,
        pulls=desk_sync.sources.pulls,
        heartbeats=desk_sync.heartbeats,
        now=utc_now,
        failures=desk_sync.failures,
        strangers=desk_sync.belonging.strangers,
        inflow=desk_sync.inflow_watches,
    )
