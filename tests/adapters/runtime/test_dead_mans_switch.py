"""The sign of life to an address outside, which may hold a secret."""

from __future__ import annotations

import pytest
import requests
import responses

from desk_sync.adapters.runtime.dead_mans_switch import DeadMansSwitch
from desk_sync.errors import TemporaryError


@pytest.fixture
def responses_mock():
    with responses.RequestsMock() as mock:
        yield mock


def test_without_an_address_nothing_is_called():
    DeadMansSwitch(None).call()


def test_its_address_is_requested(responses_mock):
    responses_mock.get("https://alive.example/secret")

    DeadMansSwitch("https://alive.example/secret").call()

    assert len(responses_mock.calls) == 1


@pytest.mark.parametrize(
    "answer", [{"status": 503}, {"body": requests.ConnectionError("https://alive.example/secret")}]
)
def test_an_error_does_not_contain_the_address(responses_mock, answer):
    responses_mock.get("https://alive.example/secret", **answer)

    with pytest.raises(TemporaryError) as error:
        DeadMansSwitch("https://alive.example/secret").call()

    assert "secret" not in str(error.value)
