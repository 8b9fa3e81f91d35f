"""Every test of the store runs on both databases, each time on a fresh one with the tables of this version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from desk_sync.adapters.store.bindings import SqlBindings
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.portals import SqlAllowances, SqlPortalFacts, SqlTokens
from desk_sync.adapters.store.reviews import SqlReviews
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.ports.subscriptions import FILE
from tests.support.postgres import Postgres

PORTAL = "default"


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url(postgres.new_database())


@pytest.fixture
def inbox(engine: Engine) -> SqlInbox:
    return SqlInbox(engine, PORTAL)


@pytest.fixture
def tickets(engine: Engine) -> SqlTickets:
    return SqlTickets(engine, PORTAL)


@pytest.fixture
def subscriptions(engine: Engine) -> SqlSubscriptions:
    return SqlSubscriptions(engine)


@pytest.fixture
def reviews(engine: Engine) -> SqlReviews:
    return SqlReviews(engine, PORTAL)


@pytest.fixture
def bindings(engine: Engine) -> SqlBindings:
    return SqlBindings(engine, (FILE,))


@pytest.fixture
def tokens(engine: Engine) -> SqlTokens:
    return SqlTokens(engine, PORTAL)


@pytest.fixture
def allowances(engine: Engine) -> SqlAllowances:
    return SqlAllowances(engine, PORTAL)


@pytest.fixture
def facts(engine: Engine) -> SqlPortalFacts:
    return SqlPortalFacts(engine, PORTAL)


@pytest.fixture
def rows(engine: Engine) -> Any:
    """A function that runs an SQL query and returns its rows as dictionaries."""

    def query(sql: str) -> list[dict[str, Any]]:
        with engine.connect() as connection:
            return [dict(row) for row in connection.exec_driver_sql(sql).mappings()]

    return query
