"""Doors for the worker: ids in, one service called, nothing out. `celery -A tasks worker`, `celery -A tasks beat`."""

from __future__ import annotations

from celery import Celery

app = Celery("desk_sync")
app.config_from_object("celery_config")
