"""The heartbeat, which shows that a ring reaches a worker, and the worker the database."""

from __future__ import annotations

from functools import cache
from typing import Any

from celery.signals import worker_ready

from desk_sync.wiring import checks, opening
from desk_sync.wiring.process import DeskSync
from tasks import app


@app.task(name="desk_sync.heartbeat")
def heartbeat() -> None:
    """Record a heartbeat. A late ring has expired: it would prove nothing."""
    opening.run_task("heartbeat", _beat)


def _beat(product: DeskSync) -> None:
    _check_once()
    product.beat()


@worker_ready.connect
def ring(**_: Any) -> None:
    """Ring once at the start, without waiting for beat."""
    heartbeat.apply_async(retry=False, expires=90)


@cache
def _check_once() -> None:
    checks.log_start(opening.worker_app())
