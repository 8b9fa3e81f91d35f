"""Durability: a machine that fails may lose work that is repeated, but nothing that Desk or a person relies on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, event, text

from desk_sync.adapters.store import engine as store_engine
from desk_sync.adapters.store.engine import open_engine, redoable, writing
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.adapters.store.tickets import SqlTickets
from tests.contracts.store.steps import announce, begin, make_effect, make_look, take
from tests.support.makers import NOW, make_event

NORMAL, FULL = 1, 2
"""SQLite's levels of `synchronous`: a commit is in the file, or on the disk as well."""


@pytest.fixture
def database() -> str:
    """On PostgreSQL every commit is on the disk."""
    return "sqlite"


@pytest.fixture
def level(engine: Engine) -> Callable[[Callable[[], object]], set[int]]:
    """The levels of the commits that a call makes."""
    seen: list[int] = []

    @event.listens_for(engine, "commit")
    def see(connection: Connection) -> None:
        if not connection.get_execution_options().get("without_begin"):
            seen.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    def of(call: Callable[[], object]) -> set[int]:
        seen.clear()
        call()
        return set(seen)

    return of


def test_a_delivery_is_on_the_disk_before_it_is_answered(engine, level):
    assert level(lambda: SqlInbox(engine, "default").record([make_event()], now=NOW)) == {FULL}


def test_what_is_about_to_be_written_is_on_the_disk_before_the_call(engine, level):
    tickets = SqlTickets(engine, "default")
    tickets.look_now(["t1"], now=NOW)
    lease = take(tickets)
    begin(tickets, lease)

    assert level(lambda: announce(tickets, lease, make_effect())) == {FULL}


def test_a_notice_is_on_the_disk_before_it_is_sent(engine, level):
    notices = SqlNotices(engine, "default")

    assert level(lambda: notices.claim(now=NOW, until=NOW)) == {FULL}


def test_a_look_is_repeated_if_the_machine_fails_and_does_not_wait_for_the_disk(engine, level):
    tickets = SqlTickets(engine, "default")
    tickets.look_now(["t1"], now=NOW)

    def look() -> None:
        lease = take(tickets)
        begin(tickets, lease)
        tickets.finish_look(lease, make_look())

    assert level(look) == {NORMAL}


@pytest.mark.parametrize(
    ("safe", "levels"),
    [
        pytest.param(True, [FULL, NORMAL, FULL], id="write-ahead log"),
        pytest.param(False, [FULL, FULL, FULL], id="rollback journal: without the disk it could be torn"),
    ],
)
def test_each_transaction_has_its_own_level(tmp_path, monkeypatch, safe, levels):
    monkeypatch.setattr(store_engine, "wal_is_safe", lambda version: safe)
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    used = []
    for transaction in (writing, redoable, writing):
        with transaction(engine) as connection:
            used.append(connection.scalar(text("PRAGMA synchronous")))
    engine.dispose()

    assert used == levels
