"""The id of an installation, and the marks of others, on both databases."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from desk_sync.adapters.store import inflow_tables as tables
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.installations import KEPT, SqlInstallation
from desk_sync.ports.portal import InstallationMark, OtherInstallation
from tests.contracts.store.conftest import PORTAL
from tests.support.makers import NOW

OTHER = "0000000a000001"
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def installation(engine):
    return SqlInstallation(engine, PORTAL, lambda: NOW, lambda: "0f0f0f")


def mark(installation, minutes):
    at = NOW + minutes * A_MINUTE
    return InstallationMark(installation=installation, made_at=at, edited_at=at)


def share(installation, ticket_id, minutes=1):
    installation.see(ticket_id, [mark(installation.own(), 0), mark(OTHER, minutes)])


def others(installation):
    return installation.others(lambda department_id: department_id == "")


def test_processes_that_start_together_agree_on_the_id(engine, installation):
    second = SqlInstallation(engine, PORTAL, lambda: NOW + A_MINUTE, lambda: "abcdef")

    assert installation.own() == second.own() == SqlInstallation(engine, "x", lambda: NOW, lambda: "111111").own()


def test_others_are_counted_by_their_tickets(installation):
    for ticket_id in ("1", "2", "2"):
        share(installation, ticket_id)

    assert others(installation) == [OtherInstallation(installation=OTHER, tickets=2, seen_at=NOW)]


def test_portals_are_apart(engine, installation):
    share(installation, "1")

    assert others(SqlInstallation(engine, "other", lambda: NOW, lambda: "0")) == []


def test_a_bounded_number_of_marks_is_kept(installation):
    for number in range(KEPT + 20):
        share(installation, str(number))

    assert KEPT - 1 <= sum(each.tickets for each in others(installation)) <= KEPT


def test_what_was_cleared_counts_again_with_a_later_mark(engine, installation):
    share(installation, "1")
    installation.clear(now=NOW, by="Ada", why="switched off")
    assert others(installation) == []

    later = SqlInstallation(engine, PORTAL, lambda: NOW + A_MINUTE, lambda: "0")
    share(later, "1")
    assert others(later) == []
    share(later, "1", minutes=7)

    assert [each.tickets for each in others(later)] == [1]


def test_nothing_is_noticed_before_this_one_has_written(installation):
    installation.see("1", [mark(OTHER, 1)])
    installation.see("1", [])

    assert others(installation) == []


def test_the_first_writing_counts_and_is_known_to_every_process(engine, installation):
    second = SqlInstallation(engine, PORTAL, lambda: NOW, lambda: "0")
    installation.wrote("1", NOW)
    installation.wrote("2", NOW + 9 * A_MINUTE)

    second.see("3", [mark(OTHER, 0), mark(OTHER, 5)])
    second.see("4", [mark(OTHER, 0)])

    assert others(second) == [OtherInstallation(installation=OTHER, tickets=1, seen_at=NOW)]


def test_an_edit_of_a_comment_that_the_other_made_before_is_no_mark_of_it(installation):
    before = InstallationMark(installation=OTHER, made_at=NOW - A_MINUTE, edited_at=NOW + A_MINUTE)
    installation.wrote("1", NOW)
    installation.see("1", [before])

    assert others(installation) == []


def test_our_edit_of_a_comment_that_a_predecessor_made_is_when_we_began(installation):
    edited = InstallationMark(installation=installation.own(), made_at=NOW - 9 * A_MINUTE, edited_at=NOW)
    installation.see("1", [edited, mark(OTHER, -5)])

    assert others(installation) == []


def test_comments_without_a_mark_cost_nothing_and_make_no_id(engine, installation):
    installation.see("1", [])

    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.installation)) == 0


@pytest.fixture
def copy(url, engine, request, tmp_path):
    """Copy the database, as a person does who tries something on the data of production; return the copy's engine."""
    engines = []

    def copy():
        engine.dispose()
        if engine.dialect.name == "sqlite":
            target = f"sqlite:///{shutil.copy(engine.url.database, tmp_path / 'copy.sqlite3')}"
        else:
            postgres = request.getfixturevalue("postgres")
            target = postgres.url(postgres.new_database(like=engine.url.database))
        engines.append(open_engine(target))
        return engines[-1]

    yield copy
    for each in engines:
        each.dispose()


def test_a_copy_is_another_installation_and_notices_its_original(installation, copy):
    installation.wrote("1", NOW)
    copied = SqlInstallation(copy(), PORTAL, lambda: NOW + A_MINUTE, lambda: "c0c0c0")
    original = installation.own()

    assert copied.own() > original
    assert SqlInstallation(copied.engine, PORTAL, lambda: NOW, lambda: "111111").own() == copied.own()
    copied.wrote("1", NOW + 2 * A_MINUTE)
    for ticket_id in ("1", "2"):
        copied.see(ticket_id, [mark(original, 1)])
    assert others(copied) == []
    for ticket_id in ("1", "2"):
        copied.see(ticket_id, [mark(original, 3)])

    assert others(copied) == [OtherInstallation(installation=original, tickets=2, seen_at=NOW + A_MINUTE)]
    assert SqlInstallation(installation.engine, PORTAL, lambda: NOW, lambda: "222222").own() == original


def test_a_database_from_before_its_place_was_stored_keeps_its_id(engine, installation, copy):
    original = installation.own()
    with engine.begin() as connection:
        connection.execute(update(tables.installation).values(place=None))

    assert SqlInstallation(engine, PORTAL, lambda: NOW, lambda: "111111").own() == original
    assert SqlInstallation(copy(), PORTAL, lambda: NOW, lambda: "222222").own() != original


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_was_put_back_and_one_that_was_moved_keep_their_id(engine, installation, tmp_path):
    original, file = installation.own(), Path(engine.url.database)
    engine.dispose()
    shutil.copy(file, tmp_path / "new.sqlite3")
    (tmp_path / "new.sqlite3").replace(file)

    assert SqlInstallation(engine, PORTAL, lambda: NOW, lambda: "111111").own() == original
    engine.dispose()
    moved = open_engine(f"sqlite:///{file.rename(tmp_path / 'moved.sqlite3')}")
    assert SqlInstallation(moved, PORTAL, lambda: NOW, lambda: "222222").own() == original
    moved.dispose()
