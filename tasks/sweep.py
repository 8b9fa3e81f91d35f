"""Sweeping Desk for changes without a delivery, and the rings for it."""

from __future__ import annotations

from functools import partial

from desk_sync.ports.sweeps import SweepKind
from desk_sync.wiring import opening
from tasks import app


@app.task(name="desk_sync.sweep")
def sweep(*, portal: str, which: str) -> None:
    """Sweep the portal, unless another process has this turn."""
    opening.run_task(
        f"sweep {which}", lambda product: product.portal(portal).sweep.run_if_due(SweepKind(which)), portal=portal
    )


@app.task(name="desk_sync.sweep_all")
def sweep_all(*, which: str) -> None:
    """Ring for every portal of the mapping, which beat does not read."""
    opening.run_for_all("ring for sweeps", partial(_ring, which))


def _ring(which: str, portal: str) -> None:
    sweep.apply_async(kwargs={"portal": portal, "which": which}, retry=False, expires=120)
