"""The web process: the receiver of every portal, on uvicorn."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from desk_sync import wiring
from desk_sync.har import Recorder
from desk_sync.web import receiver
from desk_sync.web.doorbell import Doorbell
from tasks.drain import ring


def serve(*, host: str, port: int, har: Path | None = None) -> None:
    """Answer deliveries until interrupted. `har` records what was on the wire, for the demo only."""
    with wiring.open_receiver() as desk_sync:
        doors = {portal: desk_sync.door(portal) for portal in desk_sync.portals}
        doorbells = {portal: Doorbell(partial(ring, portal)) for portal in desk_sync.portals}
        app: ASGIApp = receiver.app(doors, doorbells)
        if har:
            app = Recorder(app, har, now=wiring.now)
        uvicorn.run(
            app, host=host, port=port, log_config=None, access_log=False, server_header=False, date_header=False
        )
