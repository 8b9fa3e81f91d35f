"""The audit of all open clocks."""

from __future__ import annotations

from desk_sync.wiring import opening
from tasks import app


@app.task(name="desk_sync.audit")
def audit() -> None:
    """Audit all portals. Running it twice has no further effect."""
    opening.run_task("audit", lambda product: product.audit.run())
