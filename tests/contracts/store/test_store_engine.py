"""Connections to the database: journals, locks, file modes, and the errors that callers get."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from time import monotonic

import pytest
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from desk_sync.adapters.store import engine as store_engine
from desk_sync.adapters.store.engine import describe, open_engine, read_clock, reading, wal_is_safe, writing
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.tables import portals
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.errors import ConfigurationError, TemporaryError
from tests.support.makers import NOW

SHORT = timedelta(milliseconds=100)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        pytest.param((3, 40, 1), False, id="never fixed in an older line"),
        pytest.param((3, 44, 5), False, id="3.44 before its fix"),
        pytest.param((3, 44, 6), True, id="3.44 from its fix on"),
        pytest.param((3, 45, 9), False, id="a line without a fix"),
        pytest.param((3, 50, 6), False, id="3.50 before its fix"),
        pytest.param((3, 50, 7), True, id="3.50 from its fix on"),
        pytest.param((3, 51, 2), False, id="3.51 before its fix"),
        pytest.param((3, 51, 3), True, id="3.51 from its fix on"),
        pytest.param((3, 52, 0), True, id="every later line"),
        pytest.param((4, 0, 0), True, id="every later major version"),
    ],
)
def test_the_write_ahead_log_is_used_where_it_loses_nothing(version, safe):
    assert wal_is_safe(version) is safe


@pytest.mark.parametrize(
    ("safe", "journal", "described"),
    [
        pytest.param(True, "wal", "write-ahead log", id="a fixed version"),
        pytest.param(False, "delete", "rollback journal", id="one that can lose data"),
    ],
)
def test_the_journal_follows_the_version_and_is_described(tmp_path, monkeypatch, safe, journal, described):
    monkeypatch.setattr(store_engine, "wal_is_safe", lambda version: safe)
    with capture_logs() as logs:
        engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    with reading(engine) as connection:
        used = connection.scalar(text("PRAGMA journal_mode"))
    engine.dispose()

    assert used == journal
    assert described in describe(engine)
    assert [(each["event"], each["database"]) for each in logs] == [("database.opened", describe(engine))]


def test_a_file_that_had_a_write_ahead_log_goes_back_to_the_rollback_journal(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    for safe in (True, False):
        monkeypatch.setattr(store_engine, "wal_is_safe", lambda version, safe=safe: safe)
        engine = open_engine(url)
        with reading(engine) as connection:
            used = connection.scalar(text("PRAGMA journal_mode"))
        engine.dispose()

    assert used == "delete"


def test_a_database_that_is_being_written_can_be_opened_before_the_journal_is_changed(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}", busy_timeout=SHORT)
    # The same library: two copies of SQLite in one process do not see each other's locks.
    writer = engine.dialect.dbapi.connect(tmp_path / "store.sqlite3", isolation_level=None)
    writer.execute("CREATE TABLE portals (name TEXT)")
    writer.execute("BEGIN IMMEDIATE")

    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM portals")) == 0
    writer.close()
    engine.dispose()


def test_the_library_that_python_is_linked_with_is_used_where_the_packaged_one_is_missing(monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(store_engine.importlib, "import_module", missing)

    assert open_engine("sqlite://").dialect.dbapi is sqlite3


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        pytest.param("synchronous", 2, id="a commit is on the disk"),
        pytest.param("foreign_keys", 1, id="references are checked"),
        pytest.param("busy_timeout", 1500, id="milliseconds"),
    ],
)
def test_a_connection_to_sqlite_is_set_up(tmp_path, pragma, value):
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}", busy_timeout=timedelta(seconds=1.5))
    with reading(engine) as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value
    engine.dispose()


def test_only_the_owner_can_read_the_files(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    migrate(engine)

    files = sorted(tmp_path.iterdir())
    assert len(files) > 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    engine.dispose()


def test_a_database_in_memory_serves_one_thread():
    engine = open_engine("sqlite://")
    migrate(engine)
    tickets = SqlTickets(engine, "default")
    tickets.look_now(["t1"], now=NOW)

    assert SqlMetrics(engine, "default").backlog(NOW).due == 1


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("mysql://root:canary@db.example/desk", id="a database that we do not know"),
        pytest.param("canary", id="no URL"),
        pytest.param("sqlite:////nowhere/at/all/store.sqlite3", id="a folder that is not there"),
    ],
)
def test_a_url_that_is_not_usable_is_refused_without_its_password(url):
    with pytest.raises(ConfigurationError) as refused:
        open_engine(url)

    assert "canary" not in f"{refused.value} {refused.value.hint} {refused.value.__cause__}"


def test_two_that_read_before_they_write_wait_for_each_other(engine, url):
    """A deferred transaction fails at once, without waiting, when it has to become a writer."""
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO portals (name, own_agent_id) VALUES ('default', '0')"))
    engines = [open_engine(url) for _ in range(2)]
    start = Barrier(2)

    def add(each) -> None:
        start.wait()
        for _ in range(50):
            with writing(each) as connection:
                count = int(connection.scalar(select(portals.c.own_agent_id).with_for_update()))
                connection.execute(update(portals).values(own_agent_id=str(count + 1)))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, engines))
    for each in engines:
        each.dispose()

    with reading(engine) as connection:
        assert connection.scalar(text("SELECT own_agent_id FROM portals")) == "100"


def test_a_reader_does_not_wait_for_a_writer(engine, url):
    reader = open_engine(url, busy_timeout=SHORT)
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO portals (name) VALUES ('default')"))
        with reading(reader) as other:
            assert other.scalar(text("SELECT count(*) FROM portals")) == 0
    reader.dispose()


def test_writers_wait_for_another_process_and_fail_only_after_their_timeout(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    engine, other, hasty = open_engine(url), open_engine(url), open_engine(url, busy_timeout=SHORT)
    migrate(engine)

    def write(number: int) -> None:
        with writing(engine) as connection:
            connection.execute(portals.insert().values(name=str(number)))

    with ThreadPoolExecutor(8) as pool:
        with writing(other):
            waiting = [pool.submit(write, number) for number in range(40)]
            with pytest.raises(TemporaryError, match="locked"), writing(hasty):
                pass
            assert not any(each.done() for each in waiting)
        for each in waiting:
            each.result(10)

    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM portals")) == 40
    for each in (engine, other, hasty):
        each.dispose()


def test_no_thread_waits_longer_than_its_timeout_behind_others_that_wait_in_vain(tmp_path):
    timeout, url = timedelta(seconds=0.5), f"sqlite:///{tmp_path / 'store.sqlite3'}"
    engine, other = open_engine(url, busy_timeout=timeout), open_engine(url)

    def wait_in_vain(_: int) -> float:
        began = monotonic()
        with pytest.raises(TemporaryError, match="locked"), writing(engine):
            pass
        return monotonic() - began

    with writing(other), ThreadPoolExecutor(4) as pool:
        waited = list(pool.map(wait_in_vain, range(4)))
    for each in (engine, other):
        each.dispose()

    assert max(waited) < 1.8 * timeout.total_seconds()


def test_a_transaction_that_fails_leaves_nothing(engine):
    def write_and_fail() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO portals (name) VALUES ('default')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM portals")) == 0


def test_all_connections_in_use_is_a_temporary_error(url):
    engine = open_engine(url, busy_timeout=SHORT)
    held = [engine.connect() for _ in range(15)]
    with pytest.raises(TemporaryError, match="no free connection"):
        SqlMetrics(engine, "default").backlog(NOW)
    for each in held:
        each.close()
    engine.dispose()


def test_a_server_that_is_down_is_a_temporary_error_and_its_password_stays_secret():
    engine = open_engine("postgresql://desk:canary@127.0.0.1:9/desk")
    with pytest.raises(TemporaryError) as failed:
        SqlMetrics(engine, "default").backlog(NOW)

    assert "canary" not in f"{failed.value} {failed.value.__cause__}"
    assert failed.value.retry_after > timedelta(0)


def test_a_database_without_our_tables_is_refused_with_a_hint(empty_url):
    engine = open_engine(empty_url)
    with pytest.raises(ConfigurationError) as refused:
        SqlTickets(engine, "default").look_now(["t1"], now=NOW)
    engine.dispose()

    assert refused.value.hint == "run `desk-sync db upgrade` first"


def test_what_was_being_written_is_in_no_error(engine):
    with pytest.raises(ConfigurationError) as refused, writing(engine) as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:text)"), {"text": "canary"})

    assert "canary" not in f"{refused.value} {refused.value.__cause__}"


def test_an_existing_file_keeps_its_mode(tmp_path: Path):
    file = tmp_path / "store.sqlite3"
    file.touch(mode=0o640)
    open_engine(f"sqlite:///{file}").dispose()

    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_the_clock_of_a_server_is_read_and_a_file_has_none(engine, database):
    server_time = read_clock(engine)

    assert (server_time is None) == (database == "sqlite")
    assert server_time is None or abs(server_time - datetime.now(UTC)) < timedelta(seconds=5)
