"""Faults in a worker's main process, which are survived there: Celery would end the process.

Users report such ends for years, of kombu's state after a lost connection (`'NoneType' object has no attribute …`,
celery/kombu#659, #2582) and of messages that cannot be read (celery/celery#4308).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import sleep
from typing import Any

import structlog
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


class BrokenLoop(OSError):
    """The loop of a worker ended with an error that is no lost connection; Celery connects again, as after one."""


class LastingConsumer(Consumer):
    """Celery's consumer, which begins again with a new connection after any error, not after a lost connection only.

    A child that is killed while the worker starts is such an error: Celery's pool replaces it. Before the worker was
    ready for the first time it ends as usual: the cause is then a setting, which a person must see.
    """

    loop: Callable[..., None]

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.was_ready = False
        self.loop = partial(self._lasting, self.loop)

    def on_ready(self) -> None:
        super().on_ready()
        self.was_ready = True

    def _lasting(self, loop: Callable[..., None], *args: Any) -> None:
        try:
            loop(*args)
        except self.connection_errors:
            raise
        except Exception as error:
            if not self.was_ready:
                raise
            survive(BROKEN_LOOP, error)
            sleep(PAUSE)
            raise BrokenLoop(type(error).__name__) from error

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:  # noqa: BLE001 - closing a connection that is half gone may fail in any way
            self.connection: Any = None
            survive(BROKEN_LOOP, error)
