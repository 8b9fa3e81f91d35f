"""The loop of a worker: an error in it is a lost connection for Celery, once the worker was ready."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from celery.exceptions import WorkerLostError

from desk_sync.adapters.runtime import worker_faults
from desk_sync.adapters.runtime.worker_faults import BrokenLoop, LastingConsumer


@pytest.fixture
def consumer(monkeypatch) -> LastingConsumer:
    """A consumer whose connection can be lost with an OSError, without a worker."""
    monkeypatch.setattr(worker_faults, "PAUSE", 0)
    consumer = LastingConsumer.__new__(LastingConsumer)
    consumer.connection_errors, consumer.was_ready = (OSError,), True
    return consumer


def failing(error: Exception) -> Callable[..., None]:
    def loop() -> None:
        raise error

    return loop


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(WorkerLostError("Could not start worker processes"), id="a child was killed while it started"),
        pytest.param(AttributeError("'NoneType' object has no attribute 'fileno'"), id="kombu's state is broken"),
    ],
)
def test_an_error_counts_as_a_lost_connection(consumer, error):
    with pytest.raises(BrokenLoop) as raised:
        consumer._lasting(failing(error))

    assert isinstance(raised.value, consumer.connection_errors)


def test_before_the_worker_was_ready_it_ends_with_the_error(consumer):
    consumer.was_ready = False

    with pytest.raises(WorkerLostError):
        consumer._lasting(failing(WorkerLostError("no")))


def test_a_lost_connection_stays_one(consumer):
    with pytest.raises(ConnectionResetError):
        consumer._lasting(failing(ConnectionResetError()))
