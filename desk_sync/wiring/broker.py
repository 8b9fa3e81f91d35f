"""The broker of worker, beat and receiver, for Celery's application."""

from __future__ import annotations

from typing import Any

from desk_sync import settings
from desk_sync.adapters.runtime.celery_broker import BrokerProtocol
from desk_sync.adapters.runtime.worker_faults import survived
from desk_sync.adapters.store.engine import INGEST_TIMEOUT, open_engine
from desk_sync.adapters.store.failures import SqlFailures
from desk_sync.wiring.environment import utc_now

__all__ = ["BrokerProtocol"]


def _count(fault: str, error: str, **_: Any) -> None:
    """Count a fault of a worker's main process, as a failed task.

    By a connection for this one count: the processes of the tasks are forked from this one, and must not share it.
    """
    url = settings.load().database_url.get_secret_value()
    engine = open_engine(url, busy_timeout=INGEST_TIMEOUT)
    try:
        SqlFailures(engine).count("", f"worker: {fault}", error, now=utc_now())
    finally:
        engine.dispose()


survived.connect(_count)
