"""The main task, looking at due tickets, and the messages that start it ("rings")."""

from __future__ import annotations

from desk_sync.wiring import opening
from desk_sync.wiring.process import DeskSync
from tasks import app


@app.task(name="desk_sync.drain")
def drain(*, portal: str) -> None:
    """Look at every due ticket of the portal. Running it twice has no further effect."""
    opening.run_task("drain", lambda product: _drain(product, portal), portal=portal)


def _drain(product: DeskSync, portal: str) -> None:
    if product.portal(portal).drain.run():
        ring(portal)


@app.task(name="desk_sync.ring")
def ring_for_all() -> None:
    """Ring for every portal of the mapping, which beat does not read."""
    opening.run_for_all("ring", ring)


def ring(portal: str) -> None:
    """Send a worker the message that there is work. It may fail or be lost: beat rings again."""
    drain.apply_async(kwargs={"portal": portal}, retry=False, expires=15)
