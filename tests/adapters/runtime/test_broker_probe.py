"""The check that Redis answers and accepts writes: with a real one, a frozen one, one that refuses, and none."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

import pytest

from desk_sync.adapters.runtime.broker_probe import greet
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.errors import ConfigurationError, TemporaryError
from tests.support.refusals import REFUSALS, refusing

PASSWORD = "canary-password"


@pytest.fixture(scope="module")
def broker():
    with EmbeddedBroker.start() as broker:
        yield broker


def test_a_broker_is_named_with_its_version(broker):
    name, _, version = greet(broker.url).partition(" ")

    assert name in {"valkey", "redis"}
    assert version[0].isdigit()


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in REFUSALS])
def test_a_broker_that_refuses_to_write_is_no_broker(broker, kind):
    with refusing(broker.url, kind), pytest.raises(TemporaryError, match="refuses to write"):
        greet(broker.url)

    assert greet(broker.url)


def test_a_frozen_broker_is_not_waited_for(broker):
    os.kill(broker.process.pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(TemporaryError, match="TimeoutError"):
            greet(broker.url, timeout=timedelta(seconds=0.2))
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param(f"redis://:{PASSWORD}@127.0.0.1:1/0", TemporaryError, id="no server"),
        pytest.param(f"amqp://guest:{PASSWORD}@127.0.0.1/", ConfigurationError, id="no Redis"),
    ],
)
def test_an_error_does_not_contain_the_password(url, error):
    with pytest.raises(error) as caught:
        greet(url)

    assert PASSWORD not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"
