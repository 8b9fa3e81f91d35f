"""What any test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from tests.support.postgres import NoBinaries, Postgres, run_postgres


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
