"""The door of a service that runs again and again: an error ends here, is logged and counted, and the next run retries.

Nothing that raises in one run may end the process or hold up the other tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from desk_sync.errors import describe
from desk_sync.logs import get_logger
from desk_sync.ports.metrics import UNCOUNTED, FailureCounts
from desk_sync.ports.now import Now

log = get_logger()

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDoor:
    """The door of one task, for one portal, or for all of them ("")."""

    task: str
    now: Now
    portal: str = ""
    failures: FailureCounts = UNCOUNTED

    def run(self, work: Callable[[], R]) -> R | None:
        """Return what the work returns; None if it raised an error."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the message of a foreign error may quote a ticket (L11)
            self._record(describe(error))
            return None

    def _record(self, error: str) -> None:
        log.error("task.failed", task=self.task, portal=self.portal, error=error)
        try:
            self.failures.count(self.portal, self.task, error, now=self.now())
        except Exception as uncounted:  # noqa: BLE001 - the store may be the cause
            log.warning("failure.uncounted", task=self.task, error=type(uncounted).__name__)
