"""What any test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import NoBinaries, Postgres, run_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; ask it for a database of your own."""
    try:
        with run_postgres() as server:
            yield server
    except NoBinaries as error:
        pytest.skip(str(error))
