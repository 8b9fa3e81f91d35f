"""The client of Zoho's APIs: temporary failures are repeated, others raised, and the rate of calls is limited."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.adapters.subscriptions.lenient import country
from desk_sync.adapters.subscriptions.zoho_api import CallAllowance, CallPace
from desk_sync.errors import AllowanceSpent, ConfigurationError, NotPermitted, PermanentError, TemporaryError
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


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        pytest.param("7", 7, id="seconds"),
        pytest.param("60", 60, id="a minute"),
        pytest.param("Mon, 23 Nov 2026 08:00:00 GMT", 1, id="a date that has passed"),
        pytest.param("soon", 5, id="a word"),
        pytest.param("", 5, id="nothing"),
    ],
)
def test_a_short_pause_is_slept_through(host, retry_after, pause):
    pauses = []
    replies = [Reply("", status=429, headers={"Retry-After": retry_after})]
    host.answers.append(lambda _: replies.pop(0) if replies else Reply({}))
    make_api(host, sleep=pauses.append).get("/x")

    assert pauses == [pause]


@pytest.mark.parametrize(
    ("reply", "pause"),
    [
        pytest.param(Reply("", status=429, headers={"Retry-After": "900"}), timedelta(minutes=15), id="15 minutes"),
        pytest.param(Reply("", status=503, headers={"Retry-After": "259200"}), timedelta(days=3), id="three days"),
        pytest.param(Reply("", status=429, headers={"Retry-After": "9" * 30}), timedelta(days=366), id="for ever"),
        pytest.param(Reply({"code": 45, "message": "m"}, status=429), timedelta(hours=1), id="the day's calls"),
    ],
)
def test_a_long_pause_is_raised_whole_and_no_call_is_made_before(host, api, reply, pause):
    host.answers.append(lambda _: reply)

    with pytest.raises(AllowanceSpent) as raised:
        api.get("/x")

    assert (raised.value.retry_after, len(host.requests)) == (pause, 1)


@pytest.mark.parametrize("code", [43, 44, "44"])
def test_too_many_calls_in_a_minute_are_repeated_after_one_whatever_the_status(host, code):
    pauses = []
    replies = [Reply({"code": code, "message": "blocked"}, status=200)]
    host.answers.append(lambda _: replies.pop(0) if replies else Reply({}))
    make_api(host, sleep=pauses.append).get("/x")

    assert pauses == [60]


def test_the_api_s_own_words_are_shown_without_addresses(host, api):
    host.answers.append(lambda _: Reply({"code": 11, "message": "no access for canary@x.example"}, status=400))

    with pytest.raises(PermanentError, match=r"400 to /x: code 11, no access for \(an address\)"):
        api.get("/x")


def test_what_is_called_before_each_call_is_not_repeated_when_it_fails(host, api):
    calls = []

    def refuse():
        calls.append(1)
        raise TemporaryError("the time is over")

    with pytest.raises(TemporaryError, match="the time is over"):
        api.working(refuse).get("/x")

    assert (len(calls), host.requests) == (1, [])


def test_pulls_and_look_ups_are_counted_apart(host):
    counted = []
    allowance = CallAllowance(for_look_ups=lambda: counted.append("look-up"), for_pulls=lambda: counted.append("pull"))
    host.answers.append(lambda _: Reply({}))
    api = make_api(host, allowance=allowance)
    api.within(timedelta(seconds=5)).get("/x")
    api.working(lambda: counted.append("work")).get("/x")

    assert counted == ["look-up", "pull", "work"]


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
