"""The web process: the receiver of every portal, on uvicorn."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from desk_sync import checks, wiring
from desk_sync import gc_tuning as collector
from desk_sync.har import HarRecorder
from desk_sync.web import health, receiver
from desk_sync.web.doorbell import Doorbell
from desk_sync.web.metrics import BusinessMetrics, ProcessMetrics
from tasks.drain import ring


def serve(*, host: str, port: int, har: Path | None = None) -> None:
    """Answer deliveries until interrupted. `har` records what was on the wire, for the demo only."""
    with wiring.open_receiver() as desk_sync:
        doors = {portal: desk_sync.door(portal) for portal in desk_sync.portals}
        doorbells = {portal: Doorbell(partial(ring, portal)) for portal in desk_sync.portals}
        metrics = ProcessMetrics(_business(desk_sync))
        beside = [*health.routes(checks.ready(desk_sync)), metrics.route()]
        app: ASGIApp = receiver.app(doors, doorbells, count=metrics.count, beside=beside)
        # Nobody waits for it: a database that hangs must not keep the receiver from answering 503.
        Thread(target=checks.log_start, args=(desk_sync,), name="startup", daemon=True).start()
        if har:
            app = HarRecorder(app, har, now=wiring.now)
        collector.keep()
        uvicorn.run(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
        )


def _business(desk_sync: wiring.DeskSync) -> BusinessMetrics:
    return BusinessMetrics(
        figures={portal: desk_sync.figures(portal) for portal in desk_sync.portals},
        subscriptions=desk_sync.subscriptions,
        pulls=desk_sync.pulls,
        heartbeats=desk_sync.heartbeats,
        now=wiring.now,
    )
