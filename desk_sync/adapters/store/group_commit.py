"""Group commit: deliveries that arrive while one transaction is under way share the next one.

One thread commits for the whole process, with full durability. It does not wait for a group to fill: a group is what
has arrived by the time that the thread is free. Each delivery has its own future; one that was cancelled in time is
left out, and one that cannot be stored fails alone.
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
    """The committer of one process, to be used as a context. At most `most_waiting` deliveries may wait for it."""

    def __init__(self, engine: Engine, *, most_waiting: int = 10_000) -> None:
        self._engine = engine
        self._most_waiting = most_waiting
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="group commit", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Commit what waits, then stop, after 5 seconds at the latest. Deliveries must not be submitted any more."""
        self._waiting.put(None)
        self._thread.join(_LAST_WAIT)

    def submit(self, delivery: DeliveryRow) -> Future[RecordedDelivery]:
        """Queue the delivery to be recorded; the future is done after the commit (L1).

        Raises TemporaryError if too many deliveries are waiting.
        """
        if self._waiting.qsize() >= self._most_waiting:
            raise TemporaryError(f"{self._most_waiting} deliveries are already waiting for the database")
        future: Future[RecordedDelivery] = Future()
        self._waiting.put((delivery, future))
        return future

    def _serve(self) -> None:
        while first := self._waiting.get():
            self._commit(self._group(first))

    def _group(self, first: _Waiting) -> Sequence[_Waiting]:
        """Return `first` and what else waits, up to about CHUNK events, so that other writers get their turn."""
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
            self._waiting.put(None)  # `_serve` stops at it
        return more

    def _commit(self, group: Sequence[_Waiting]) -> None:
        """Record the deliveries that are not cancelled together; if that fails, each alone."""
        present = [each for each in group if not each[1].cancelled()]
        try:
            answers = record_all(self._engine, [delivery for delivery, _ in present])
        except Exception as error:  # noqa: BLE001 - it goes to the callers; the thread must go on
            self._fail(present, error)
            return
        for (_, future), recorded in zip(present, answers, strict=True):
            if future.set_running_or_notify_cancel():
                future.set_result(recorded)

    def _fail(self, group: Sequence[_Waiting], error: Exception) -> None:
        if len(group) > 1:
            log.warning("group.split", deliveries=len(group), error=type(error).__name__, where=where(error))
            for each in group:
                self._commit([each])
            return
        for _, future in group:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)


@dataclass(frozen=True, slots=True)
class GroupInbox:
    """One portal's inbox, which records deliveries by group commit."""

    committer: GroupCommit
    portal: str

    def submit(self, events: Sequence[Event], *, now: datetime) -> Future[RecordedDelivery]:
        return self.committer.submit(DeliveryRow(portal=self.portal, events=events, at=now))
