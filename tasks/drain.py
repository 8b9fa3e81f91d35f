"""The main job, look at what is due; and the rings for it."""

from __future__ import annotations

from desk_sync import wiring
from tasks import app


@app.task(name="desk_sync.drain")
def drain(*, portal: str) -> None:
    """Look at every ticket of the portal that is due; running it twice changes nothing more."""
    if wiring.worker_app().drain(portal):
        ring(portal)


@app.task(name="desk_sync.ring")
def ring_for_all() -> None:
    """Ring for every portal of the mapping, which beat has not read."""
    for portal in wiring.worker_app().portals:
        ring(portal)


def ring(portal: str) -> None:
    """Tell a worker that there is work. May fail or be lost: beat rings again."""
    drain.apply_async(kwargs={"portal": portal}, retry=False, expires=15)
