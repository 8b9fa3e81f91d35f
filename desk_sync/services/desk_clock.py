"""Desk's clock as one process knows it: by the answers that it got itself; without new ones, by those of all processes.

The offset is stored, so that a process that makes no calls knows it too. The host's clock may be set at any instant:
between two answers, Desk's time goes on by a clock that nobody sets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Lock

from desk_sync.domain.desk_clock import KEPT, SAME_CLOCK, AnswerDate, ClockOffset, measure
from desk_sync.errors import DeskSyncError
from desk_sync.logs import get_logger
from desk_sync.ports.desk_clock import DeskClockStore, MeasuredOffset
from desk_sync.ports.now import Now

log = get_logger()

REREAD = timedelta(seconds=15)
"""How long the stored offset is used before it is read again."""
SAVED = timedelta(minutes=1)
"""How often an offset that stays the same is stored, so that its age is known."""


class DeskClock:
    """The ports `DeskTime` and `AnswerClock` of one portal. Safe to share between threads."""

    def __init__(self, store: DeskClockStore, portal: str, *, now: Now, monotonic: Callable[[], float]) -> None:
        """`monotonic` is in seconds."""
        self._store = store
        self._portal = portal
        self._now = now
        self._monotonic = monotonic
        self._lock = Lock()
        self._answers: deque[AnswerDate] = deque(maxlen=KEPT)
        self._known = SAME_CLOCK
        self._read_at: timedelta | None = None
        self._saved: MeasuredOffset | None = None

    def steady(self) -> timedelta:
        return timedelta(seconds=self._monotonic())

    @property
    def offset(self) -> ClockOffset:
        """How far the host's clock is behind Desk's now; may read the store."""
        known = self._stored()
        with self._lock:
            now, steady = self._now(), self.steady()
            self._known = self._measured(known, steady, now)
            return self._known

    def now(self) -> datetime:
        """Return the present instant in Desk's time."""
        return self.offset.in_desk_time(self._now())

    def record(self, date: datetime, *, sent: timedelta) -> None:
        """Record the date of an answer, unless it is absurd, and store the offset that follows from it.

        If it cannot be stored, a later answer's is: the call that was answered does not fail for it.
        """
        received_at = self._now()
        answer = AnswerDate(date=date, sent=sent, received=self.steady(), received_at=received_at)
        if answer.is_absurd:
            return
        with self._lock:
            self._answers.append(answer)
        try:
            self._save(MeasuredOffset(offset=self.offset, measured_at=received_at))
        except DeskSyncError as error:
            log.warning("clock.not_stored", portal=self._portal, error=str(error))

    def _measured(self, known: ClockOffset, steady: timedelta, now: datetime) -> ClockOffset:
        answers: Sequence[AnswerDate] = [each for each in self._answers if each.is_fresh(steady, now)]
        return measure(answers, known, steady=steady, now=now) if answers else known

    def _stored(self) -> ClockOffset:
        """Return the last known offset; that of all processes, read again where this one has no new answer."""
        steady = self.steady()
        with self._lock:
            if self._read_at is not None and steady - self._read_at < REREAD:
                return self._known
            self._read_at = steady
        stored = self._store.read()
        return stored.offset if stored else self._known

    def _save(self, measured: MeasuredOffset) -> None:
        """Store an offset that is new, or was not stored for a while, and log one that is too large."""
        before = self._saved
        if before and before.offset == measured.offset and measured.measured_at - before.measured_at < SAVED:
            return
        self._store.save(measured)
        self._saved = measured
        if measured.offset.is_said and not (before and before.offset == measured.offset):
            write = log.error if measured.offset.is_alarming else log.warning
            hint = "synchronise this host's clock by NTP"
            write("clock.differs", portal=self._portal, seconds=measured.offset.behind.total_seconds(), hint=hint)
