"""A fixture that makes portals with a store each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from desk_sync.adapters.store.engine import open_engine
from tests.support.one_portal import MakePortal, OnePortal, open_portal


@pytest.fixture
def make_portal(tmp_path: Path, sqlite_template: Path) -> Iterator[MakePortal]:
    engines: list[Engine] = []

    def make() -> OnePortal:
        path = shutil.copy(sqlite_template, tmp_path / f"{len(engines)}.sqlite3")
        engines.append(open_engine(f"sqlite:///{path}"))
        return open_portal(engines[-1])

    yield make
    for engine in engines:
        engine.dispose()
