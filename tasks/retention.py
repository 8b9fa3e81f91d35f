"""Retention, and the rings for it."""

from __future__ import annotations

from desk_sync.wiring import opening
from desk_sync.wiring.process import DeskSync
from tasks import app


@app.task(name="desk_sync.retain")
def retain(*, portal: str) -> None:
    """Delete what is too old in the portal's tables. Running it twice has no further effect."""
    opening.run_task("retention", lambda product: _retain(product, portal), portal=portal)


def _retain(product: DeskSync, portal: str) -> None:
    if product.portal(portal).retention.run():
        ring(portal)


@app.task(name="desk_sync.retain_all")
def retain_all() -> None:
    """Ring for every portal of the mapping, which beat does not read."""
    opening.run_for_all("ring for retention", ring)


def ring(portal: str) -> None:
    retain.apply_async(kwargs={"portal": portal}, retry=False, expires=3600)
