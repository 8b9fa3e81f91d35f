"""Whose turn it is to write to a SQLite file.

SQLite lets one write at a time. Who finds it taken sleeps in SQLite for longer and longer, up to 100 ms, and finds it
taken again by somebody who came later. Here one thread of each process asks, every few milliseconds and whenever a
transaction of its own process has ended, and the others queue behind it.
"""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Lock
from time import monotonic
from typing import Any

from sqlalchemy import Connection

ASK_EVERY_SECONDS = 0.002
BEGIN = "BEGIN IMMEDIATE"


class WriteTurn:
    """One process's way to the turn at one file. `patience` bounds each wait; `locked` is what the driver raises."""

    def __init__(self, timeout: timedelta, locked: type[Exception]) -> None:
        self._timeout = timeout.total_seconds()
        self._locked = locked
        self._as_before = f"PRAGMA busy_timeout = {timeout // timedelta(milliseconds=1)}"
        self._queue = Lock()
        self._ended = Event()

    def begin(self, connection: Connection) -> None:
        """Begin a writing transaction. Raises sqlalchemy.exc.OperationalError if it cannot be had in time."""
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            self._wait(driver)
            if not driver.in_transaction:
                connection.exec_driver_sql(BEGIN)  # a last time, for the error in SQLAlchemy's words
        finally:
            driver.execute(self._as_before)

    def end(self, *_: object) -> None:
        """A connection of ours has done its work."""
        self._ended.set()

    def _wait(self, driver: Any) -> None:
        """Until it is our turn, or no longer worth waiting."""
        end = monotonic() + self._timeout
        if not self._queue.acquire(timeout=self._timeout):
            return
        try:
            while self._is_anothers(driver) and monotonic() < end:
                self._ended.wait(ASK_EVERY_SECONDS)
                self._ended.clear()
        finally:
            self._queue.release()

    def _is_anothers(self, driver: Any) -> bool:
        try:
            driver.execute(BEGIN)
        except self._locked as error:
            return "locked" in str(error)
        return False
