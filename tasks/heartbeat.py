"""The heartbeat, which shows that a ring reaches a worker, and the worker the database."""

from __future__ import annotations

from functools import cache
from typing import Any

from celery.signals import worker_ready

from desk_sync.wiring import checks, opening
from tasks import app


@app.task(name="desk_sync.heartbeat")
def heartbeat() -> None:
    """Record a heartbeat. A late ring has expired: it would prove nothing."""
    _check_once()
    opening.worker_app().beat()


@worker_ready.connect
def ring(**_: Any) -> None:
    """Ring once at the start, without waiting for beat."""
    heartbeat.apply_async(retry=False, expires=90)


@cache
def _check_once() -> None:
    checks.log_start(opening.worker_app())
