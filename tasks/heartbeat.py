"""The sign of life: that a ring reaches a worker, and the worker the database."""

from __future__ import annotations

from functools import cache
from typing import Any

from celery.signals import worker_ready

from desk_sync import checks, wiring
from tasks import app


@app.task(name="desk_sync.heartbeat")
def heartbeat() -> None:
    """Leave the sign of life. A ring that comes late has expired: an old one proves nothing."""
    _check_once()
    wiring.worker_app().beat()


@worker_ready.connect
def ring(**_: Any) -> None:
    """The first ring, so that nobody waits for beat's."""
    heartbeat.apply_async(retry=False, expires=90)


@cache
def _check_once() -> None:
    checks.log_start(wiring.worker_app())
