"""What any test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from desk_sync import gc_tuning as collector
from desk_sync.adapters.store.upgrade import upgrade
from tests.support.postgres import NoBinaries, Postgres, run_postgres

collector.spare()
# How long an example takes says more about the machine than about the product.
settings.register_profile("here", deadline=None, max_examples=40)
settings.load_profile("here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real processes first: they mostly wait, and nobody should wait for them at the end."""
    items.sort(key=lambda item: item.path.parent.name not in ("faults", "acceptance"))


def pytest_collection_finish() -> None:
    """The tests themselves stay until the end."""
    collector.keep()


@pytest.fixture(autouse=True)
def own_log_settings() -> Iterator[None]:
    """The log settings that a command in a test makes for its process end with the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; ask it for a database of your own."""
    try:
        with run_postgres() as server:
            yield server
    except NoBinaries as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in it, to be copied: that is quicker than to make them."""
    path = tmp_path_factory.mktemp("store") / "template.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path
