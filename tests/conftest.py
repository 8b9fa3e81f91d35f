"""Fixtures for all tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine

from desk_sync import gc_tuning
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.upgrade import upgrade
from tests.support.mariadb import MariaDb, NoMariaDb, run_mariadb
from tests.support.postgres import NoBinaries, Postgres, run_postgres

gc_tuning.relax()
# The time of an example depends more on the machine than on the product.
settings.register_profile("here", deadline=None, max_examples=40)
settings.load_profile("here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests with real processes first: they mostly wait, so other tests can run beside them."""
    items.sort(key=lambda item: item.path.parent.name not in ("faults", "acceptance"))


def pytest_collection_finish() -> None:
    """Exclude the collected tests from garbage collection: they live until the end."""
    gc_tuning.freeze()


@pytest.fixture(autouse=True)
def own_log_settings() -> Iterator[None]:
    """Reset the log settings that a command made during the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; `new_database` creates a database for one test."""
    try:
        with run_postgres() as server:
            yield server
    except NoBinaries as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB server, as a source; `new_database` creates a database for one test."""
    try:
        with run_mariadb() as server:
            yield server
    except NoMariaDb as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all tables, to be copied: that is faster than creating the tables."""
    path = tmp_path_factory.mktemp("store") / "template.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The database's name in SQLAlchemy."""
    return str(request.param)


@pytest.fixture
def url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh database with all tables."""
    if database == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), tmp_path / 'store.sqlite3')}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url(postgres.new_database(like=request.getfixturevalue("postgres_template")))


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    name = postgres.new_database()
    upgrade(postgres.url(name))
    return name


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()
