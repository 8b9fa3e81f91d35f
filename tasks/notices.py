"""Tell people outside Desk; and the rings for it."""

from __future__ import annotations

from desk_sync import wiring
from tasks import app


@app.task(name="desk_sync.notices")
def notices() -> None:
    """Send what is due in every portal; a notice that another process has begun is not begun again."""
    product = wiring.worker_app()
    for portal in product.portals:
        product.send_notices(portal).run()
