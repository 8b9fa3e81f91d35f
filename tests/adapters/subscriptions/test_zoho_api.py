"""The client of Zoho's APIs: temporary failures are repeated, others raised, and the rate of calls is limited."""

from __future__ import annotations

import pytest

from desk_sync.adapters.subscriptions.lenient import country
from desk_sync.adapters.subscriptions.zoho_api import CallPace
from desk_sync.errors import ConfigurationError, NotPermitted, PermanentError, TemporaryError
from tests.adapters.desk.portal import ACCESS_TOKEN
from tests.adapters.subscriptions.conftest import at, make_api
from tests.support.zoho_host import Reply


def test_the_token_is_sent(host, api):
    host.answers.append(at("/x", {}))
    api.get("/x", email="a+b@c.example")

    assert host.requests[0].headers["Authorization"] == f"Zoho-oauthtoken {ACCESS_TOKEN}"
    assert host.requests[0].query == {"email": "a+b@c.example"}


def test_a_token_is_sent_to_no_other_host(host):
    host.url, kept = "https://evil.example", host.url
    try:
        with pytest.raises(ConfigurationError):
            make_api(host)
    finally:
        host.url = kept


def test_a_temporary_failure_is_repeated(host, api):
    replies = [Reply("", status=503), Reply("<html>", status=502), Reply({"ok": True})]
    host.answers.append(lambda _: replies.pop(0))

    assert api.get("/x").body == {"ok": True}


def test_the_requested_pause_is_kept_up_to_a_minute(host):
    pauses = []
    replies = [Reply("", status=429, headers={"Retry-After": each}) for each in ("7", "900", "9" * 30)]
    host.answers.append(lambda _: replies.pop(0) if replies else Reply({}))
    make_api(host, sleep=pauses.append).get("/x")

    assert pauses == [7, 60, 5]


@pytest.mark.parametrize(
    ("reply", "error", "calls"),
    [
        pytest.param(Reply("", status=500), TemporaryError, 4, id="broken for long"),
        pytest.param(Reply(b"<html>maintenance", status=200), TemporaryError, 4, id="a page"),
        pytest.param(Reply("", status=403), NotPermitted, 1, id="no scope"),
        pytest.param(Reply("", status=400), PermanentError, 1, id="a mistake of ours"),
        pytest.param(Reply("", status=302, headers={"Location": "/y"}), PermanentError, 1, id="a redirect"),
    ],
)
def test_a_lasting_failure_is_raised(host, api, reply, error, calls):
    host.answers.append(lambda _: reply)

    with pytest.raises(error) as raised:
        api.get("/x", email="canary@customer.example")

    assert len(host.requests) == calls
    assert "canary" not in str(raised.value)


def test_the_pace_spaces_calls_evenly():
    waits = []
    pace = CallPace(30, clock=lambda: 100.0, sleep=waits.append)
    for _ in range(3):
        pace.wait()

    assert waits == [2.0, 4.0]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Japan", ("JP",)),
        ("U.S.A", ("US",)),
        ("United Kingdom", ("GB",)),
        ("de", ("DE",)),
        ("Nowhere", ()),
        ("", ()),
    ],
)
def test_a_country_is_recognised_by_its_english_name(name, codes):
    assert country(name) == codes
