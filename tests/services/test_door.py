"""The door of a service: an error ends there, and is logged and counted."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from desk_sync.adapters.store.failures import SqlFailures
from desk_sync.errors import TemporaryError
from desk_sync.ports.metrics import UNCOUNTED
from desk_sync.services.door import ServiceDoor


def failing(error):
    def work():
        raise error

    return work


@pytest.fixture
def failures(world):
    return SqlFailures(world.engine)


@pytest.fixture
def door(world, failures):
    return ServiceDoor(task="sweep", portal="default", now=world.now, failures=failures)


def test_what_the_work_returns_goes_through(door, failures):
    assert door.run(lambda: 4711) == 4711
    assert failures.totals() == {}


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        pytest.param(TemporaryError("Desk is down"), "Desk is down", id="an error of ours, by its message"),
        pytest.param(OverflowError("secret"), "OverflowError in test_door.py:", id="another, by its place"),
    ],
)
def test_an_error_ends_here_and_is_logged_and_counted(door, failures, error, logged):
    with capture_logs() as lines:
        assert door.run(failing(error)) is None
        assert door.run(failing(error)) is None

    assert [(line["event"], line["task"], line["portal"]) for line in lines] == [
        ("task.failed", "sweep", "default")
    ] * 2
    assert lines[0]["error"].startswith(logged)
    assert "secret" not in repr(lines)
    assert failures.totals() == {("default", "sweep"): 2}


def test_each_task_of_each_portal_has_its_count(world, failures):
    for portal, task in [("default", "sweep"), ("default", "drain"), ("other", "drain"), ("other", "drain")]:
        ServiceDoor(task=task, portal=portal, now=world.now, failures=failures).run(failing(KeyError()))

    assert failures.totals() == {("default", "sweep"): 1, ("default", "drain"): 1, ("other", "drain"): 2}


def test_a_store_that_fails_too_raises_nothing(world, door):
    class Broken:
        def count(self, *_, **__):
            raise OSError("disk")

        def totals(self):
            return {}

    with capture_logs() as lines:
        ServiceDoor(task="audit", now=world.now, failures=Broken()).run(failing(KeyError()))

    assert [line["event"] for line in lines] == ["task.failed", "failure.uncounted"]


def test_without_a_store_failures_are_only_logged(world):
    with capture_logs() as lines:
        ServiceDoor(task="audit", now=world.now).run(failing(KeyError()))

    assert [line["event"] for line in lines] == ["task.failed"]
    assert UNCOUNTED.totals() == {}
