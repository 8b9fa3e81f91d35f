"""The database of a source, which is not ours: SQLite, PostgreSQL, MySQL or MariaDB.

It is only read: connections cannot write, and no file is created. A statement, or a portion of rows where rows are
fetched in portions, has a time limit. Errors are told in the source's own words, and never advise on our own database.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, Select, create_engine, make_url
from sqlalchemy import exc as sql

from desk_sync.errors import ConfigurationError, DeskSyncError, PermanentError, TemporaryError
from desk_sync.ports.now import Now

STATEMENT_TIMEOUT = timedelta(minutes=5)
"""How long a source's database may take for one statement, or for one portion of rows."""
ROWS_AT_ONCE = 1000
_CONNECT_TIMEOUT = 10  # seconds
_NETWORK_MARGIN = timedelta(seconds=30)
_STEPS = 100_000
"""SQLite looks at the time after so many steps of its program."""


def open_foreign(url: str) -> Engine:
    """Return an engine, which connects on first use. Raises ConfigurationError, which does not name the URL."""
    try:
        address = make_url(url)
        opened = _OPENERS[address.get_backend_name()]
    except (sql.ArgumentError, KeyError):
        raise ConfigurationError(
            "the database URL of the source is not usable",
            hint="sqlite:////path/to/file, or postgresql://, mysql:// or mariadb://user:password@host/name",
        ) from None
    return opened(address)


@dataclass(frozen=True, slots=True)
class ForeignDatabase:
    """The database, and the table or view that is read, for messages."""

    engine: Engine
    table: str
    now: Now

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that cannot write, and whose statements have a time limit."""
        with self._own_errors(), self.engine.connect() as connection:
            _LIMITS[self.engine.dialect.name](connection, self.now)
            yield connection

    def columns(self, query: Select[Any]) -> list[str]:
        """Return the names of the columns of a query; it needs no more than the right to read its table."""
        with self.reading() as connection:
            return list(connection.execute(query).keys())

    def rows(self, query: Select[Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the rows, fetched in portions; bytes are texts in UTF-8."""
        with self.reading() as connection:
            found = connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
            for portion in found.mappings().partitions():
                yield from ({name: _text(value) for name, value in row.items()} for row in portion)
                _restart_sqlite(connection, self.now)

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            yield
        except (sql.DBAPIError, sql.TimeoutError) as error:
            raise self._translated(error) from error

    def _translated(self, error: sql.DBAPIError | sql.TimeoutError) -> DeskSyncError:
        original = getattr(error, "orig", None)
        reason = _reason(original)
        known = [meaning for code, meaning in _CODES.items() if code in _codes(original)]
        known += [meaning for words, meaning in _TEXTS.items() if words in reason]
        if known:
            return known[0](self.table, reason)
        if isinstance(error, sql.OperationalError | sql.InterfaceError | sql.TimeoutError):
            return TemporaryError(f"the source's database does not answer: {reason}")
        return PermanentError(f"the source's database refused: {reason}")


def _codes(original: object) -> Sequence[object]:
    """Return the codes of a driver's error: an SQLSTATE, or the number of MySQL and MariaDB, which is more exact."""
    return (getattr(original, "sqlstate", None), *_arguments(original)[:1])


def _reason(original: object) -> str:
    """Return the first line of the driver's message."""
    worded = next((each for each in _arguments(original)[1:2] if isinstance(each, str)), original)
    return str(worded or "no free connection").partition("\n")[0]


def _arguments(original: object) -> Sequence[object]:
    return original.args if isinstance(original, Exception) else ()


def _lacks_select(table: str, reason: str) -> DeskSyncError:
    return ConfigurationError(
        f"the user lacks SELECT on {table}: {reason}", hint=f"GRANT SELECT ON {table} to this user"
    )


def _no_table(table: str, _: str) -> DeskSyncError:
    return ConfigurationError(f"the database has no table or view {table}")


def _no_entrance(_: str, reason: str) -> DeskSyncError:
    return ConfigurationError(
        f"the source's database refuses the connection: {reason}", hint="check the database URL of the source"
    )


def _too_long(table: str, reason: str) -> DeskSyncError:
    return TemporaryError(f"a statement on {table} took longer than {STATEMENT_TIMEOUT}: {reason}")


_Meaning = Callable[[str, str], DeskSyncError]
_CODES: Mapping[object, _Meaning] = {
    # PostgreSQL
    "42501": _lacks_select,
    "42P01": _no_table,
    "3F000": _no_table,
    "28P01": _no_entrance,
    "28000": _no_entrance,
    "3D000": _no_entrance,
    "57014": _too_long,
    # MySQL and MariaDB: SELECT on a table, on a column; the database; the view's own tables
    1142: _lacks_select,
    1143: _lacks_select,
    1356: _lacks_select,
    1146: _no_table,
    1044: _no_entrance,
    1045: _no_entrance,
    1049: _no_entrance,
    1698: _no_entrance,
    1969: _too_long,
    3024: _too_long,
}
_TEXTS: Mapping[str, _Meaning] = {
    "permission denied": _lacks_select,
    "password authentication failed": _no_entrance,
    "unable to open database file": _no_entrance,
    "no such table": _no_table,
    "interrupted": _too_long,
}
"""The errors of SQLite, and of connections to PostgreSQL, which have no code."""


def _text(value: object) -> object:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | bytearray | memoryview) else value


def _open_sqlite(address: URL) -> Engine:
    """Open a file that is never written: neither created, nor changed to another journal."""
    library = _sqlite_library()
    name = f"file:{quote(address.database or '')}?mode=ro"

    def connect() -> Any:
        return library.connect(name, uri=True, timeout=_CONNECT_TIMEOUT, check_same_thread=False)

    return create_engine("sqlite://", module=library, creator=connect, poolclass=NullPool, hide_parameters=True)


def _open_postgresql(address: URL) -> Engine:
    address = address.set(drivername="postgresql+psycopg")
    arguments = {"connect_timeout": _CONNECT_TIMEOUT}
    return create_engine(address, connect_args=arguments, poolclass=NullPool, hide_parameters=True)


def _open_mysql(address: URL) -> Engine:
    network = (STATEMENT_TIMEOUT + _NETWORK_MARGIN).total_seconds()
    arguments = {"connect_timeout": _CONNECT_TIMEOUT, "read_timeout": network, "write_timeout": network}
    address = address.set(drivername=f"{address.get_backend_name()}+pymysql")
    try:
        return create_engine(address, connect_args=arguments, poolclass=NullPool, hide_parameters=True)
    except ImportError:
        raise ConfigurationError(
            "the driver for MySQL and MariaDB is not installed", hint="pip install 'desk-sync[mysql]'"
        ) from None


_OPENERS: Mapping[str, Callable[[URL], Engine]] = {
    "sqlite": _open_sqlite,
    "postgresql": _open_postgresql,
    "mysql": _open_mysql,
    "mariadb": _open_mysql,
}


def _limit_postgresql(connection: Connection, _: Now) -> None:
    """Rows are fetched by a cursor of the server, within a transaction; each portion is a statement."""
    connection.execution_options(postgresql_readonly=True)
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_milliseconds()}")


def _limit_mysql(connection: Connection, _: Now) -> None:
    """The limit is for the whole statement: rows are sent while it runs. MariaDB counts seconds, MySQL milliseconds."""
    is_mariadb = getattr(connection.dialect, "is_mariadb", False)
    limit = f"max_statement_time = {STATEMENT_TIMEOUT.total_seconds()}"
    connection.exec_driver_sql(f"SET SESSION {limit if is_mariadb else f'max_execution_time = {_milliseconds()}'}")
    connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
    connection.rollback()


def _restart_sqlite(connection: Connection, now: Now) -> None:
    """Give SQLite the whole time again for what it does next; other databases count by themselves."""
    if connection.dialect.name != "sqlite":
        return
    until = now() + STATEMENT_TIMEOUT
    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(lambda: now() > until, _STEPS)


_LIMITS: Mapping[str, Callable[[Connection, Now], None]] = {
    "sqlite": _restart_sqlite,
    "postgresql": _limit_postgresql,
    "mysql": _limit_mysql,
    "mariadb": _limit_mysql,
}


def _milliseconds() -> int:
    return STATEMENT_TIMEOUT // timedelta(milliseconds=1)


def _sqlite_library() -> Any:
    """Return the packaged SQLite if it is installed, else the one that Python is linked with."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
