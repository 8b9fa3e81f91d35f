"""Doors for the worker: ids in, one service called, nothing out. `celery -A tasks worker`, `celery -A tasks beat`."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import setup_logging

from desk_sync import wiring

app = Celery("desk_sync")
app.config_from_object("celery_config")


@setup_logging.connect
def log_as_we_do(**_: Any) -> None:
    """Celery's own lines go the way of ours."""
    wiring.configure_logs()
