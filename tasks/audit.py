"""Go over all open clocks."""

from __future__ import annotations

from desk_sync import wiring
from tasks import app


@app.task(name="desk_sync.audit")
def audit() -> None:
    """Audit all portals; running it twice changes nothing more."""
    wiring.worker_app().audit.run()
