"""Turns at writing to a SQLite file.

SQLite allows one writer at a time. Its busy handler backs off up to 100 ms and is unfair: late arrivals can overtake.
Instead, one thread of each process retries, every 2 ms and whenever a transaction of its own process has ended, and the
other threads queue behind it.
"""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Lock
from time import monotonic
from typing import Any

from sqlalchemy import Connection

RETRY_SECONDS = 0.002
BEGIN = "BEGIN IMMEDIATE"


class WriteTurn:
    """The queue of one process for writing to one file.

    `timeout` limits each wait. `locked` is the driver's exception if another connection writes.
    """

    def __init__(self, timeout: timedelta, locked: type[Exception]) -> None:
        self._timeout = timeout.total_seconds()
        self._locked = locked
        self._restore_timeout = f"PRAGMA busy_timeout = {timeout // timedelta(milliseconds=1)}"
        self._queue = Lock()
        self._ended = Event()

    def begin(self, connection: Connection) -> None:
        """Begin a writing transaction. Raises sqlalchemy.exc.OperationalError if the file is locked for too long."""
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            self._wait(driver)
            if not driver.in_transaction:
                connection.exec_driver_sql(BEGIN)  # the last try, which raises SQLAlchemy's error
        finally:
            driver.execute(self._restore_timeout)

    def end(self, *_: object) -> None:
        """Wake the waiting thread: a connection of this process has ended its work."""
        self._ended.set()

    def _wait(self, driver: Any) -> None:
        """Wait until a transaction has begun, or the timeout is over."""
        end = monotonic() + self._timeout
        if not self._queue.acquire(timeout=self._timeout):
            return
        try:
            while self._is_locked(driver) and monotonic() < end:
                self._ended.wait(RETRY_SECONDS)
                self._ended.clear()
        finally:
            self._queue.release()

    def _is_locked(self, driver: Any) -> bool:
        try:
            driver.execute(BEGIN)
        except self._locked as error:
            return "locked" in str(error)
        return False
