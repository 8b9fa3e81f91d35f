"""Retention: delete what is too old, in small pieces, so that no transaction is long and deliveries pass in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.retention import RetentionStore

log = get_logger()

Step = Callable[[datetime], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionAges:
    """How long things are kept; a later age is at least as long as an earlier one.

    `details`: processed deliveries, sent notices; of ended tickets also decisions, messages, and what was read of the
    conversation. `keys`: the keys of the effects of ended tickets. `tickets`: ended tickets, with what reports need.
    """

    details: timedelta = timedelta(days=30)
    keys: timedelta = timedelta(days=400)
    tickets: timedelta = timedelta(days=1100)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", max(self.keys, self.details))
        object.__setattr__(self, "tickets", max(self.tickets, self.keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The retention of one portal. It can be repeated, and run in several processes.

    A run takes `span` at most, so that a worker gets to its other tasks, and rests after each piece, so that other
    writers get their turn.
    """

    store: RetentionStore
    ages: RetentionAges
    now: Now
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    span: timedelta = timedelta(seconds=20)
    rest: timedelta = timedelta(milliseconds=10)

    def run(self) -> bool:
        """Delete what is too old. Return True if some of it may be left, so that the caller rings again."""
        now, end = self.now(), self.monotonic() + self.span.total_seconds()
        pieces = 0
        for step, age in self._steps():
            while step(now - age):
                pieces += 1
                if self.monotonic() >= end:
                    log.info("retention.interrupted", pieces=pieces)
                    return True
                self.sleep(self.rest.total_seconds())
        self.store.end_run(now=now)
        log.info("retention.ended", pieces=pieces)
        return False

    def _steps(self) -> Iterator[tuple[Step, timedelta]]:
        """Yield the steps, each with the age of what it deletes: of a ticket, what depends on it before itself."""
        store, ages = self.store, self.ages
        yield store.delete_deliveries, ages.details
        yield store.shrink_tickets, ages.details
        yield store.delete_notices, ages.details
        yield store.delete_partners, ages.details
        yield store.delete_keys, ages.keys
        yield store.delete_tickets, ages.tickets
