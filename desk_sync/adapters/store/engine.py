"""The way into the database: which library, which journal, who waits how long, and what a failure means.

On SQLite every writing transaction starts with BEGIN IMMEDIATE, so that a reader never has to become a writer half way;
reading is autocommit. `busy_timeout` bounds every wait for another transaction's lock, and for a connection.
"""

from __future__ import annotations

import importlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
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

# The WAL-reset bug (a checkpoint against a commit loses pages) was mended in these releases, each in its own line.
_MENDED_IN: Mapping[tuple[int, int], int] = {(3, 44): 6, (3, 50): 7, (3, 51): 3}
_DRIVERS: Mapping[str, str] = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
_MEMORY = (None, "", ":memory:")
_RETRY_AFTER = timedelta(seconds=5)


def open_engine(url: str, *, busy_timeout: timedelta = WORKER_TIMEOUT) -> Engine:
    """An engine for `url`; connects on first use. A new SQLite file can be read by its owner only.

    A SQLite database in memory is one connection, for one thread. Raises ConfigurationError for a URL that is none
    of ours, without repeating it.
    """
    address = _address(url)
    opened = {"sqlite": _open_sqlite, "postgresql": _open_postgresql}[address.get_backend_name()](address, busy_timeout)
    log.info("database.opened", database=describe(opened))
    return opened


def describe(engine: Engine) -> str:
    """Which database and library are used, and on SQLite which journal and why; no address, no password."""
    if engine.dialect.name == "postgresql":
        return f"PostgreSQL, through {engine.driver}"
    library: Any = engine.dialect.dbapi
    version = f"SQLite {library.sqlite_version}, through {library.__name__.partition('.')[0]}"
    if wal_is_safe(library.sqlite_version_info):
        return f"{version}: write-ahead log"
    return f"{version}: rollback journal, because this version's write-ahead log can lose data"


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether a SQLite of this version is free of the WAL-reset bug."""
    major, minor, patch = version[:3]
    return (major, minor) > max(_MENDED_IN) or patch >= _MENDED_IN.get((major, minor), patch + 1)


def read_clock(engine: Engine) -> datetime | None:
    """What time the database server has; None for a database that is a file."""
    if engine.dialect.name != "postgresql":
        return None
    with reading(engine) as connection:
        return connection.scalar(select(func.clock_timestamp(type_=DateTime(timezone=True))))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection on which every statement stands alone."""
    with answering(), engine.connect().execution_options(**_ALONE[engine.dialect.name]) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end, for good, rolled back by an exception."""
    with answering(), engine.begin() as connection:
        yield connection


@contextmanager
def redoable(engine: Engine) -> Iterator[Connection]:
    """One transaction of work that is done again if it is lost.

    On SQLite it does not wait for the disk: a machine that fails, and everybody who saw the change with it, may lose it
    and what came after it. The next transaction of `writing` makes it durable. A process that dies loses nothing.
    """
    with answering(), engine.connect().execution_options(durable=False) as connection, connection.begin():
        yield connection


@contextmanager
def answering() -> Iterator[None]:
    """Turn what the database driver raises into what our callers act on."""
    try:
        yield
    except (sql.DBAPIError, sql.TimeoutError) as error:
        raise _meaning(error) from error


# SQLite's connections commit each statement by themselves, unless the `begin` event below has opened a transaction.
_ALONE: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"without_begin": True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}


def _meaning(error: sql.DBAPIError | sql.TimeoutError) -> TemporaryError | PermanentError | ConfigurationError:
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


def _open_postgresql(address: URL, busy_timeout: timedelta) -> Engine:
    seconds = busy_timeout.total_seconds()
    engine = create_engine(
        address, hide_parameters=True, pool_timeout=seconds, connect_args={"connect_timeout": max(2, round(seconds))}
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
    # SQLite changes the journal only while nobody else works. The faster one can wait, the safer one cannot.
    may_wait = [library.OperationalError] if journal == "WAL" else []
    pool: dict[str, Any] = {"pool_timeout": busy_timeout.total_seconds()}
    if address.database in _MEMORY:
        pool = {"poolclass": StaticPool}
    else:
        _keep_to_owner(str(address.database))
    engine = create_engine(
        address, module=library, hide_parameters=True, connect_args={"isolation_level": None, "timeout": 0}, **pool
    )

    turn = WriteTurn(busy_timeout, library.OperationalError)
    event.listen(engine, "checkin", turn.end)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_milliseconds(busy_timeout)}")
        with suppress(*may_wait):
            cursor.execute(f"PRAGMA journal_mode = {journal}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        asked = connection.get_execution_options()
        if asked.get("without_begin"):
            return
        if journal == "WAL":
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA synchronous = {'FULL' if asked.get('durable', True) else 'NORMAL'}")
        turn.begin(connection)

    return engine


def _sqlite_library() -> Any:
    """The SQLite to use: the packaged one where it is there and safe, else the one that Python is linked with."""
    try:
        packaged = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
    return packaged if wal_is_safe(packaged.sqlite_version_info) else sqlite3


def _keep_to_owner(path: str) -> None:
    """Make a file that does not exist yet; SQLite gives its journals the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(f"cannot open the database file {path}: {error.strerror}") from error


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
