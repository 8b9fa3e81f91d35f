"""Ask Desk what no delivery told us of; and the rings for it."""

from __future__ import annotations

from desk_sync import wiring
from desk_sync.ports.sweeps import SweepKind
from tasks import app


@app.task(name="desk_sync.sweep")
def sweep(*, portal: str, which: str) -> None:
    """Sweep the portal, unless another process has this turn."""
    wiring.worker_app().sweep(portal).run_if_due(SweepKind(which))


@app.task(name="desk_sync.sweep_all")
def sweep_all(*, which: str) -> None:
    """Ring for every portal of the mapping, which beat has not read."""
    for portal in wiring.worker_app().portals:
        sweep.apply_async(kwargs={"portal": portal, "which": which}, retry=False, expires=120)
