"""Reading the calendars that a mapping takes from Desk, and the rings for it."""

from __future__ import annotations

from desk_sync.wiring import opening
from tasks import app


@app.task(name="desk_sync.refresh_hours")
def refresh(*, portal: str) -> None:
    """Read the due calendars from the portal's Desk. Running it twice reads once."""
    opening.worker_app().portal(portal).refresh_hours()


@app.task(name="desk_sync.refresh_all_hours")
def refresh_all() -> None:
    """Ring for every portal of the mapping, which beat does not read."""
    for portal in opening.worker_app().portal_names:
        refresh.apply_async(kwargs={"portal": portal}, retry=False, expires=600)
