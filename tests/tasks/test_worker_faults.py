"""Faults that a worker's main process survives are counted, and a store that fails does not end it either."""

from __future__ import annotations

import pytest

from desk_sync.adapters.runtime.worker_faults import BROKEN_LOOP, GARBLED, survive
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.failures import SqlFailures
from desk_sync.adapters.store.upgrade import upgrade
from desk_sync.wiring import broker  # noqa: F401 - it counts


@pytest.fixture
def database(tmp_path, monkeypatch) -> str:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    monkeypatch.setenv("DESK_SYNC_DATABASE_URL", url)
    return url


def test_each_fault_is_counted_as_a_failed_task_of_no_portal(database):
    upgrade(database)

    for fault in (GARBLED, GARBLED, BROKEN_LOOP):
        survive(fault, ValueError("quotes a message"))

    engine = open_engine(database)
    assert SqlFailures(engine).totals() == {("", "worker: garbled message"): 2, ("", "worker: broken loop"): 1}
    engine.dispose()


def test_a_fault_that_cannot_be_counted_is_survived_all_the_same(database):
    survive(GARBLED, ValueError("no table yet"))
