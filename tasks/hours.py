"""Reading the calendars that a mapping takes from Desk, and the rings for it."""

from __future__ import annotations

from desk_sync.wiring import opening
from tasks import app


@app.task(name="desk_sync.refresh_hours")
def refresh(*, portal: str) -> None:
    """Read the due calendars from the portal's Desk. Running it twice reads once."""
    opening.run_task("hours", lambda product: product.portal(portal).refresh_hours(), portal=portal)


@app.task(name="desk_sync.refresh_all_hours")
def refresh_all() -> None:
    """Ring for every portal of the mapping, which beat does not read."""
    opening.run_for_all("ring for hours", _ring)


def _ring(portal: str) -> None:
    refresh.apply_async(kwargs={"portal": portal}, retry=False, expires=600)
