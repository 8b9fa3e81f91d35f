"""Sending notices by mail and chat."""

from __future__ import annotations

from desk_sync.wiring import opening
from tasks import app


@app.task(name="desk_sync.notices")
def notices() -> None:
    """Send the due notices of every portal. A notice that another process is sending is not sent here."""
    opening.run_for_all("notices", lambda portal: opening.worker_app().portal(portal).send_notices.run())
