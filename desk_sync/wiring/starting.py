"""The start of a process: it refuses a database of another schema, and one that belongs to another portal.

A database that does not answer is no reason to refuse: the check is repeated in the background until there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread

import structlog

from desk_sync.errors import ConfigurationError, TemporaryError
from desk_sync.wiring.opening import check_start, open_database

log = structlog.get_logger()


@dataclass(slots=True)
class StartCheck:
    """Runs `check` on a thread of its own, and again after `pause` while the database does not answer.

    `refuse` is called if the check refuses. `refusal` is the reason; None as long as there is none.
    """

    check: Callable[[], None]
    refuse: Callable[[], None] = lambda: None
    pause: timedelta = timedelta(seconds=5)
    refusal: ConfigurationError | None = None
    _done: Event = field(default_factory=Event)

    def run(self, within: timedelta) -> None:
        """Start it and wait for its end, at most `within`. Raises the ConfigurationError that it ended with by then."""
        Thread(target=self._repeat, name="start check", daemon=True).start()
        self._done.wait(within.total_seconds())
        self.raise_refusal()

    def raise_refusal(self) -> None:
        if self.refusal:
            raise self.refusal

    def _repeat(self) -> None:
        while not self._has_ended():
            Event().wait(self.pause.total_seconds())
        self._done.set()

    def _has_ended(self) -> bool:
        try:
            self.check()
        except TemporaryError as error:
            log.warning("start.unchecked", error=str(error))
            return False
        except ConfigurationError as error:
            self.refusal = error
            log.error("start.refused", error=str(error))
            self.refuse()
        return True


def check_before(within: timedelta = timedelta(seconds=3)) -> None:
    """Check the database before this process becomes a worker or beat. Raises ConfigurationError."""
    with open_database() as app:
        StartCheck(lambda: check_start(app)).run(within)
