"""Celery's settings as plain values. Celery is the doorbell: pending work is stored in SQL.

A lost or repeated message changes nothing, so there are no results, countdowns or retries here.
"""

from __future__ import annotations

import os
from datetime import timedelta

from celery.schedules import crontab

_redis = os.environ.get("DESK_SYNC_REDIS_URL", "redis://127.0.0.1:6379/0")
if _file := os.environ.get("DESK_SYNC_REDIS_URL_FILE"):
    with open(_file) as _secret:
        _redis = _secret.read().strip()

# A third of the time between two sweeps of recent changes: one that is not due ignores the ring, and one that failed is
# tried again at the next.
_sweep_ring = timedelta(seconds=float(os.environ.get("DESK_SYNC_SWEEP_EVERY") or 180) / 3)

# The scheme unix:// of redis-py is redis+socket:// in Celery.
broker_url = "redis+socket://" + _redis.removeprefix("unix://") if _redis.startswith("unix://") else _redis
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_transport_options = {
    "visibility_timeout": 300,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 10,
    "socket_keepalive": True,
}

imports = (
    "tasks.audit",
    "tasks.drain",
    "tasks.heartbeat",
    "tasks.hours",
    "tasks.notices",
    "tasks.pull",
    "tasks.retention",
    "tasks.sweep",
)
task_default_queue = "desk_sync"
# A pull may take an hour and must not delay tickets.
task_routes = {"desk_sync.pull": {"queue": "desk_sync_pulls"}}
task_ignore_result = True
task_store_errors_even_if_ignored = False
task_acks_late = True
task_reject_on_worker_lost = True
task_serializer = "json"
accept_content = ["json"]
worker_prefetch_multiplier = 1
worker_consumer = "desk_sync.adapters.runtime.worker_faults:LastingConsumer"  # goes on after any error
worker_max_tasks_per_child = 1000
worker_hijack_root_logger = False
worker_redirect_stdouts = False  # redirection would catch and drop our own lines, which go to stderr
worker_cancel_long_running_tasks_on_connection_loss = False
worker_concurrency = 2  # one may drain for minutes; the other runs heartbeats and sweeps
timezone = "UTC"

# Beat only rings. Beat may run twice, late or not at all: every ring finds the same rows.
beat_scheduler = "celery.beat:Scheduler"
beat_schedule = {
    "ring": {
        "task": "desk_sync.ring",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 15},
    },
    "heartbeat": {
        "task": "desk_sync.heartbeat",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 90},
    },
    "audit": {
        "task": "desk_sync.audit",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 280},
    },
    "hours": {
        "task": "desk_sync.refresh_all_hours",
        "schedule": timedelta(minutes=15),
        "options": {"expires": 600},
    },
    "notices": {
        "task": "desk_sync.notices",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 30},
    },
    "pull": {
        "task": "desk_sync.pull_due",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 55},
    },
    "sweep": {
        "task": "desk_sync.sweep_all",
        "schedule": _sweep_ring,
        "kwargs": {"which": "recent"},
        "options": {"expires": 55},
    },
    "sweep replies": {
        "task": "desk_sync.sweep_all",
        "schedule": _sweep_ring,
        "kwargs": {"which": "replies"},
        "options": {"expires": 55},
    },
    "sweep in full": {
        "task": "desk_sync.sweep_all",
        "schedule": crontab(hour=2, minute=10),
        "kwargs": {"which": "full"},
        "options": {"expires": 3600},
    },
    "retention": {
        "task": "desk_sync.retain_all",
        "schedule": crontab(hour=0, minute=40),
        "options": {"expires": 3600},
    },
}
