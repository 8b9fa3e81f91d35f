"""Take the calendars that a mapping has from Desk; and the rings for it."""

from __future__ import annotations

from desk_sync import wiring
from tasks import app


@app.task(name="desk_sync.refresh_hours")
def refresh(*, portal: str) -> None:
    """Ask the portal's Desk for the calendars that are due; running it twice asks once."""
    wiring.worker_app().refresh_hours(portal)


@app.task(name="desk_sync.refresh_all_hours")
def refresh_all() -> None:
    """Ring for every portal of the mapping, which beat has not read."""
    for portal in wiring.worker_app().portals:
        refresh.apply_async(kwargs={"portal": portal}, retry=False, expires=600)
