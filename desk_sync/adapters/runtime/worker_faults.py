"""Faults in a worker's main process, which are survived there: Celery would end the process.

Users report such ends for years, of kombu's state after a lost connection (`'NoneType' object has no attribute …`,
celery/kombu#659, #2582) and of messages that cannot be read (celery/celery#4308).
"""

from __future__ import annotations

from time import sleep
from typing import Any

import structlog
from celery.exceptions import WorkerLostError
from celery.utils.dispatch import Signal
from celery.worker.consumer import Consumer

from desk_sync.errors import where

log = structlog.get_logger()

PAUSE = 1.0  # seconds
GARBLED, BROKEN_LOOP = "garbled message", "broken loop"

survived: Signal = Signal(name="worker_fault_survived", providing_args={"fault", "error"})
"""Sent for each fault, to be counted: `fault` is GARBLED or BROKEN_LOOP, `error` the name of the exception's class."""


def survive(fault: str, error: Exception) -> None:
    """Log the fault, and have it counted. The error's message may quote the garbled one, so it is not logged."""
    log.error("worker.recovered", fault=fault, error=type(error).__name__, where=where(error))
    survived.send(sender=None, fault=fault, error=type(error).__name__)


class LastingConsumer(Consumer):
    """Celery's consumer, which begins again with a new connection after any error, not after a lost connection only.

    Before it was ready for the first time it ends as usual: the cause is then a setting, which a person must see.
    """

    def on_ready(self) -> None:
        super().on_ready()
        self.connection_errors = (*self.conninfo.connection_errors, Exception)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        self._recover(exc)
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:  # noqa: BLE001 - closing a connection that is half gone may fail in any way
            self.connection: Any = None
            survive(BROKEN_LOOP, error)

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        self._recover(exc)
        super().on_connection_error_before_connected(exc)

    def _recover(self, error: Exception) -> None:
        """Report an error that is no lost connection. Raises it again if there are no processes to work with."""
        if isinstance(error, WorkerLostError):
            raise error
        if not isinstance(error, self.conninfo.connection_errors):
            survive(BROKEN_LOOP, error)
            sleep(PAUSE)
