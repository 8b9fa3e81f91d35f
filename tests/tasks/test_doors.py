"""The worker's tasks: an error ends at the task's door, is counted, and holds up no other portal."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from desk_sync.adapters.store.failures import SqlFailures
from desk_sync.services.retention import Retention
from desk_sync.settings import Settings
from desk_sync.wiring import opening
from desk_sync.wiring.opening import open_database
from desk_sync.wiring.process import DeskSync
from tasks import audit, drain, heartbeat, hours, notices, pull, retention, sweep

TASKS = {
    "audit": lambda: audit.audit(),
    "drain": lambda: drain.drain(portal="default"),
    "heartbeat": lambda: heartbeat.heartbeat(),
    "hours": lambda: hours.refresh(portal="default"),
    "notices": lambda: notices.notices(),
    "pull x": lambda: pull.pull(source="x"),
    "retention": lambda: retention.retain(portal="default"),
    "sweep recent": lambda: sweep.sweep(portal="default", which="recent"),
    "ring": lambda: drain.ring_for_all(),
    "ring for hours": lambda: hours.refresh_all(),
    "ring for pulls": lambda: pull.pull_due(),
    "ring for retention": lambda: retention.retain_all(),
    "ring for sweeps": lambda: sweep.sweep_all(which="recent"),
}


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """The product of a worker; no portal is set up, and no broker answers."""
    with open_database(Settings(database_url=f"sqlite:///{tmp_path / 'desk.sqlite3'}")) as desk_sync:
        desk_sync.upgrade()
        monkeypatch.setattr(opening, "worker_app", lambda: desk_sync)
        yield desk_sync


def refuse(*_, **__):
    raise OSError("secret")


@pytest.fixture
def broken(worker, monkeypatch):
    """Nothing in the process works, except for the counting of failures."""
    for name in ("portal", "beat"):
        monkeypatch.setattr(DeskSync, name, refuse)
    for task in (drain.drain, hours.refresh, pull.pull, retention.retain, sweep.sweep):
        monkeypatch.setattr(task, "apply_async", refuse)
    monkeypatch.setattr(pull, "rings_waiting", refuse)
    monkeypatch.setattr(heartbeat, "_check_once", lambda: None)
    return worker


@pytest.mark.parametrize("name", TASKS)
def test_an_error_of_a_task_ends_at_its_door_and_is_counted(broken, name):
    with capture_logs() as lines:
        TASKS[name]()

    assert "secret" not in repr(lines)
    assert name in {task for _, task in SqlFailures(broken.engine).totals()}


def test_without_a_product_a_task_only_logs(monkeypatch):
    monkeypatch.setattr(opening, "worker_app", refuse)

    with capture_logs() as lines:
        audit.audit()

    facts = [(line["event"], line["task"], line["error"].partition(" in ")[0]) for line in lines]
    assert facts == [("task.failed", "audit", "OSError")]


def test_a_portal_that_fails_holds_up_no_other(worker, monkeypatch):
    reached = []

    def work(portal):
        reached.append(portal)
        if portal == "first":
            refuse()

    monkeypatch.setattr(DeskSync, "portal_names", ("first", "second"))

    opening.run_for_all("notices", work)

    assert reached == ["first", "second"]
    assert SqlFailures(worker.engine).totals() == {("first", "notices"): 1}


@pytest.mark.parametrize(
    ("left", "rung"), [pytest.param(True, ["default"], id="more"), pytest.param(False, [], id="no")]
)
def test_retention_that_is_not_at_its_end_rings_again(worker, monkeypatch, left, rung):
    rings = []
    monkeypatch.setattr(retention, "ring", rings.append)
    monkeypatch.setattr(Retention, "run", lambda _: left)

    retention.retain(portal="default")

    assert rings == rung
