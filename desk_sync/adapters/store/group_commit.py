"""Group commit: deliveries that come while one transaction is under way share the next one.

One thread commits for the whole process, with full durability. Nobody waits for a delivery to become part of a group:
a group is what has come by the time that the thread is free. Each delivery is answered by a future of its own; one that
was cancelled in time is left out, and one that cannot be stored fails alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Self, TypeAlias

import structlog
from sqlalchemy import Engine

from desk_sync.adapters.store.inbox import DeliveryRow, record_all
from desk_sync.adapters.store.values import CHUNK
from desk_sync.domain.ticket.event import Event
from desk_sync.errors import TemporaryError, where
from desk_sync.ports.tickets import RecordedDelivery

log = structlog.get_logger()

_LAST_WAIT = 5.0  # seconds

_Waiting: TypeAlias = tuple[DeliveryRow, "Future[RecordedDelivery]"]


class GroupCommit:
    """The committer of one process; works while it is entered. `most_waiting` deliveries may wait for it."""

    def __init__(self, engine: Engine, *, most_waiting: int = 10_000) -> None:
        self._engine = engine
        self._most_waiting = most_waiting
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="group commit", daemon=True)

    def __enter__(self) -> Self:
        """Begin to commit."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Commit what waits, then end; a database that hangs is left alone. Nothing may be submitted any more."""
        self._waiting.put(None)
        self._thread.join(_LAST_WAIT)

    def submit(self, delivery: DeliveryRow) -> Future[RecordedDelivery]:
        """Have the delivery recorded; the future is done when it is committed, and not before (L1).

        Raises TemporaryError if too many are waiting.
        """
        if self._waiting.qsize() >= self._most_waiting:
            raise TemporaryError(f"{self._most_waiting} deliveries wait for the database already")
        future: Future[RecordedDelivery] = Future()
        self._waiting.put((delivery, future))
        return future

    def _serve(self) -> None:
        while first := self._waiting.get():
            self._commit(self._group(first))

    def _group(self, first: _Waiting) -> Sequence[_Waiting]:
        """`first` and whoever else waits, up to a number of events that keeps the database's other writers going."""
        group, events = [first], len(first[0].events)
        while events < CHUNK and (more := self._next()):
            group.append(more)
            events += len(more[0].events)
        return group

    def _next(self) -> _Waiting | None:
        try:
            more = self._waiting.get_nowait()
        except Empty:
            return None
        if more is None:
            self._waiting.put(None)  # for `_serve` to find
        return more

    def _commit(self, group: Sequence[_Waiting]) -> None:
        """Record those whose callers have not gone; if it fails, each alone, so that none suffers for another."""
        present = [each for each in group if not each[1].cancelled()]
        try:
            answers = record_all(self._engine, [delivery for delivery, _ in present])
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller must hear of it and the thread must go on
            self._fail(present, error)
            return
        for (_, future), recorded in zip(present, answers, strict=True):
            if future.set_running_or_notify_cancel():
                future.set_result(recorded)

    def _fail(self, group: Sequence[_Waiting], error: Exception) -> None:
        if len(group) > 1:
            log.warning("group.parted", deliveries=len(group), error=type(error).__name__, where=where(error))
            for each in group:
                self._commit([each])
            return
        for _, future in group:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)


@dataclass(frozen=True, slots=True)
class GroupInbox:
    """One portal's deliveries, on their way into the group."""

    committer: GroupCommit
    portal: str

    def submit(self, events: Sequence[Event], *, now: datetime) -> Future[RecordedDelivery]:
        return self.committer.submit(DeliveryRow(portal=self.portal, events=events, at=now))
