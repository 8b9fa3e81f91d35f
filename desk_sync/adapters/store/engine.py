"""Connections to the database: driver, journal, timeouts, and the translation of errors.

On SQLite every writing transaction starts with BEGIN IMMEDIATE: a reader that becomes a writer half way would fail.
Reading is autocommit. `busy_timeout` limits each wait for another transaction's lock, and for a connection.
"""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import URL, Connection, DateTime, Engine, StaticPool, create_engine, event, func, make_url, select
from sqlalchemy import exc as sql
from sqlalchemy.engine.interfaces import DBAPIConnection

from desk_sync.adapters.store.write_turn import WriteTurn
from desk_sync.errors import ConfigurationError, PermanentError, TemporaryError

log = structlog.get_logger()

INGEST_TIMEOUT = timedelta(seconds=1.5)
WORKER_TIMEOUT = timedelta(seconds=15)

# The WAL-reset bug (a checkpoint during a commit loses pages) was fixed in these releases: (major, minor) and patch.
_FIXED_IN: Mapping[tuple[int, int], int] = {(3, 44): 6, (3, 50): 7, (3, 51): 3}
_DRIVERS: Mapping[str, str] = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
_MEMORY = (None, "", ":memory:")
_RETRY_AFTER = timedelta(seconds=5)


def open_engine(url: str, *, busy_timeout: timedelta = WORKER_TIMEOUT) -> Engine:
    """Return an engine for `url`; it connects on first use. Only the owner can read a new SQLite file.

    A SQLite database in memory is one connection, for one thread. Raises ConfigurationError if the URL is not usable;
    the error does not contain the URL.
    """
    address = _address(url)
    opened = {"sqlite": _open_sqlite, "postgresql": _open_postgresql}[address.get_backend_name()](address, busy_timeout)
    log.info("database.opened", database=describe(opened))
    return opened


def describe(engine: Engine) -> str:
    """Return the database and the driver in use, on SQLite also the journal and why; no address, no password."""
    if engine.dialect.name == "postgresql":
        return f"PostgreSQL, through {engine.driver}"
    library: Any = engine.dialect.dbapi
    version = f"SQLite {library.sqlite_version}, through {library.__name__.partition('.')[0]}"
    if wal_is_safe(library.sqlite_version_info):
        return f"{version}: write-ahead log"
    return f"{version}: rollback journal, because this version's write-ahead log can lose data"


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Return True if this version of SQLite is free of the WAL-reset bug."""
    major, minor, patch = version[:3]
    return (major, minor) > max(_FIXED_IN) or patch >= _FIXED_IN.get((major, minor), patch + 1)


def read_clock(engine: Engine) -> datetime | None:
    """Return the time of the database server; None for a database that is a file."""
    if engine.dialect.name != "postgresql":
        return None
    with reading(engine) as connection:
        return connection.scalar(select(func.clock_timestamp(type_=DateTime(timezone=True))))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection in autocommit mode."""
    with translated_errors(), engine.connect().execution_options(**_AUTOCOMMIT[engine.dialect.name]) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction: committed durably at the end, rolled back by an exception."""
    with translated_errors(), engine.begin() as connection:
        yield connection


@contextmanager
def redoable(engine: Engine) -> Iterator[Connection]:
    """Open a transaction for work that is repeated if it is lost.

    On SQLite the commit does not wait for the disk: a crash of the machine may lose it and later `redoable` commits.
    The next transaction of `writing` makes it durable. A crash of the process loses nothing.
    """
    with translated_errors(), engine.connect().execution_options(durable=False) as connection, connection.begin():
        yield connection


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate errors of the database driver into TemporaryError, PermanentError and ConfigurationError."""
    try:
        yield
    except (sql.DBAPIError, sql.TimeoutError) as error:
        raise _translated(error) from error


# A SQLite connection is in autocommit mode unless the `begin` event below has opened a transaction.
_AUTOCOMMIT: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"without_begin": True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}


def _translated(error: sql.DBAPIError | sql.TimeoutError) -> TemporaryError | PermanentError | ConfigurationError:
    reason = str(getattr(error, "orig", None) or "no free connection").partition("\n")[0]
    if isinstance(error, sql.ProgrammingError) or "no such table" in reason:
        return ConfigurationError(
            f"the database is not of this version: {reason}", hint="run `desk-sync db upgrade` first"
        )
    if isinstance(error, (sql.OperationalError, sql.InterfaceError, sql.TimeoutError)):
        return TemporaryError(f"the database does not answer: {reason}", retry_after=_RETRY_AFTER)
    return PermanentError(f"the database refused: {type(error).__name__}")


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        return address.set(drivername=_DRIVERS[address.get_backend_name()])
    except (sql.ArgumentError, KeyError):
        raise ConfigurationError(
            "the database URL is not usable", hint="sqlite:////path/to/file, or postgresql://user:password@host/name"
        ) from None


_compact = partial(json.dumps, separators=(",", ":"))


def _open_postgresql(address: URL, busy_timeout: timedelta) -> Engine:
    seconds = busy_timeout.total_seconds()
    engine = create_engine(
        address,
        json_serializer=_compact,
        hide_parameters=True,
        pool_timeout=seconds,
        connect_args={"connect_timeout": max(2, round(seconds))},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = {_milliseconds(busy_timeout)}")
        connection.commit()

    return engine


def _open_sqlite(address: URL, busy_timeout: timedelta) -> Engine:
    library = _sqlite_library()
    journal = "WAL" if wal_is_safe(library.sqlite_version_info) else "DELETE"
    # SQLite changes the journal only while no other connection uses the file. The change to the faster journal can be
    # left to a later connection; the change to the safer one cannot.
    tolerated = [library.OperationalError] if journal == "WAL" else []
    pool: dict[str, Any] = {"pool_timeout": busy_timeout.total_seconds()}
    if address.database in _MEMORY:
        pool = {"poolclass": StaticPool}
    else:
        _create_private(str(address.database))
    engine = create_engine(
        address,
        json_serializer=_compact,
        module=library,
        hide_parameters=True,
        connect_args={"isolation_level": None, "timeout": 0},
        **pool,
    )

    turn = WriteTurn(busy_timeout, library.OperationalError)
    event.listen(engine, "checkin", turn.end)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_milliseconds(busy_timeout)}")
        with suppress(*tolerated):
            cursor.execute(f"PRAGMA journal_mode = {journal}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("without_begin"):
            return
        if journal == "WAL":
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA synchronous = {'FULL' if options.get('durable', True) else 'NORMAL'}")
        turn.begin(connection)

    return engine


def _sqlite_library() -> Any:
    """Return the packaged SQLite if it is installed and safe, else the one that Python is linked with."""
    try:
        packaged = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
    return packaged if wal_is_safe(packaged.sqlite_version_info) else sqlite3


def _create_private(path: str) -> None:
    """Create the file, with mode 0600, if it does not exist; SQLite gives its journals the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(f"cannot open the database file {path}: {error.strerror}") from error


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
