"""`desk-sync installation`: which one this is, who else writes, and what a person settled."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from desk_sync.adapters.store.engine import open_engine, reading
from desk_sync.adapters.store.inflow_tables import installation
from desk_sync.adapters.store.installations import SqlInstallation
from desk_sync.adapters.store.upgrade import upgrade
from desk_sync.cli.commands import app
from desk_sync.ports.portal import InstallationMark
from tests.support.makers import NOW

OLDER = "00000000000001"


@pytest.fixture
def url(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    upgrade(url)
    monkeypatch.setenv("DESK_SYNC_DATABASE_URL", url)
    return url


@pytest.fixture
def engine(url):
    engine = open_engine(url)
    yield engine
    engine.dispose()


def run(*arguments):
    return CliRunner().invoke(app, ["installation", *arguments])


def crowd(engine):
    """Let an older installation have written after this one on two tickets."""
    store = SqlInstallation(engine, "default", lambda: NOW, lambda: "0f0f0f")
    store.wrote("1", NOW)
    later = NOW + timedelta(minutes=1)
    for ticket_id in ("1", "2"):
        store.see(ticket_id, [InstallationMark(installation=OLDER, made_at=later, edited_at=later)])


def test_it_shows_the_id_and_no_others(url):
    result = run("show", "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (len(found["installation"]), found["others"], found["alarms"]) == (14, [], [])


def test_an_older_one_is_an_alarm_until_a_person_settles_it(engine):
    crowd(engine)
    shown = run("show")
    cleared = run("clear", "--why", "the old host is switched off", "--by", "Ada")

    assert shown.exit_code == 1
    assert f"installation {OLDER}, which is older than this one" in shown.stdout
    assert cleared.exit_code == 0
    assert run("show").exit_code == 0
    with reading(engine) as connection:
        kept = connection.execute(select(installation.c.cleared_by, installation.c.cleared_why)).one()
    assert tuple(kept) == ("Ada", "the old host is switched off")


def test_to_settle_it_needs_a_reason(url):
    assert run("clear").exit_code == 2
