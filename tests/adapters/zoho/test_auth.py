from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
import requests
import responses

from desk_sync.adapters.zoho.auth import OAuthCredentials, authorization
from desk_sync.adapters.zoho.transport import DeadlineAdapter
from desk_sync.errors import ConfigurationError, CredentialsRefused, NotPermitted, TemporaryError
from tests.adapters.desk.portal import (
    ACCESS_TOKEN,
    ACCOUNTS,
    CLIENT_SECRET,
    DESK,
    NOW,
    REFRESH_TOKEN,
    TOKEN_URL,
    FakeTokens,
    dripping,
    http,
    make_access,
    make_token,
    serving,
)

GRANTED = {
    "access_token": "1000.new",
    "scope": "Desk.tickets.READ Desk.tickets.UPDATE",
    "api_domain": "https://www.zohoapis.eu",
    "token_type": "Bearer",
    "expires_in": 3600,
}
SECRETS = (CLIENT_SECRET, REFRESH_TOKEN, ACCESS_TOKEN, "1000.new")


@pytest.fixture
def zoho():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def soon() -> DeadlineAdapter:
    return DeadlineAdapter(0.5)


def test_a_stored_token_is_used_as_long_as_it_lasts(zoho):
    tokens = FakeTokens(make_token(minutes=6))

    assert make_access(tokens).token(soon()) == make_token(minutes=6)
    assert not zoho.calls


def test_a_fresh_token_is_read_from_the_store_once(zoho):
    tokens = FakeTokens(make_token(minutes=6))
    access = make_access(tokens)
    first = access.token(soon())
    tokens.token = make_token("1000.of-another-process")

    assert access.token(soon()) == first
    assert access.token(soon(), refused=first) == tokens.token == access.token(soon())


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(None, id="the first token of all"),
        pytest.param(make_token(minutes=-1), id="expired"),
        pytest.param(make_token(minutes=4), id="valid, but about to expire"),
    ],
)
def test_a_new_token_is_fetched_stored_and_used(zoho, stored):
    zoho.post(TOKEN_URL, json=GRANTED)
    tokens = FakeTokens(stored)

    token = make_access(tokens).token(soon())

    assert token.access_token == "1000.new"
    assert token.expires_at == NOW + timedelta(hours=1)
    assert tokens.token == token


def test_a_refresh_sends_our_credentials_in_the_body_and_no_scope(zoho):
    zoho.post(TOKEN_URL, json=GRANTED)

    make_access(FakeTokens()).token(soon())

    assert parse_qs(zoho.calls[0].request.body) == {
        "grant_type": ["refresh_token"],
        "client_id": ["1000.CLIENT"],
        "client_secret": [CLIENT_SECRET],
        "refresh_token": [REFRESH_TOKEN],
    }
    assert "Authorization" not in zoho.calls[0].request.headers


@pytest.mark.parametrize(
    ("expires_in", "lasts"),
    [
        pytest.param(1800, timedelta(minutes=30), id="as Zoho states"),
        pytest.param(3600000, timedelta(hours=1), id="milliseconds have been seen"),
        pytest.param(None, timedelta(hours=1), id="Zoho's usual hour"),
    ],
)
def test_a_token_never_counts_longer_than_an_hour(zoho, expires_in, lasts):
    zoho.post(TOKEN_URL, json=GRANTED | {"expires_in": expires_in})

    assert make_access(FakeTokens()).token(soon()).expires_at == NOW + lasts


def test_one_process_refreshes_and_the_others_use_the_old_token_meanwhile(zoho):
    zoho.post(TOKEN_URL, json=GRANTED)
    tokens = FakeTokens(make_token(minutes=4))
    tokens.elect(now=NOW, until=NOW + timedelta(minutes=1))

    assert make_access(tokens).token(soon()).access_token == ACCESS_TOKEN
    assert not zoho.calls


def test_without_a_valid_token_the_others_wait_for_the_new_one(zoho):
    tokens = FakeTokens(make_token(minutes=-1))
    tokens.elect(now=NOW, until=NOW + timedelta(minutes=1))

    token = make_access(tokens, sleep=lambda _: tokens.save(make_token("1000.theirs"))).token(soon())

    assert token.access_token == "1000.theirs"
    assert not zoho.calls


def test_the_wait_for_another_process_ends_with_the_deadline(zoho):
    tokens = FakeTokens(None)
    tokens.elect(now=NOW, until=NOW + timedelta(minutes=1))

    with pytest.raises(TemporaryError, match="another process"):
        make_access(tokens, sleep=threading.Event().wait).token(DeadlineAdapter(0.3))


def test_the_wait_for_another_process_takes_a_few_seconds_at_most(zoho):
    tokens = FakeTokens(None)
    tokens.elect(now=NOW, until=NOW + timedelta(minutes=1))
    passed = [0.0]

    def sleep(seconds):
        passed[0] += seconds

    with pytest.raises(TemporaryError, match="another process"):
        make_access(tokens, sleep=sleep).token(DeadlineAdapter(20, clock=lambda: passed[0]))

    assert 4 < passed[0] <= 5


def test_twelve_workers_that_find_no_token_ask_zoho_once(zoho):
    zoho.post(TOKEN_URL, json=GRANTED)
    tokens = FakeTokens(make_token(minutes=-1))
    access = [make_access(tokens, sleep=threading.Event().wait) for _ in range(12)]
    got = []
    threads = [threading.Thread(target=lambda one=one: got.append(one.token(DeadlineAdapter(5)))) for one in access]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {token.access_token for token in got} == {"1000.new"}
    assert len(got) == 12
    assert len(zoho.calls) == 1


class LateTokens(FakeTokens):
    """Another process saves its token between our read and our election."""

    def elect(self, **times) -> bool:
        if self.elections == 0:
            self.save(make_token("1000.theirs"))
        return super().elect(**times)


def test_a_process_that_is_elected_too_late_takes_the_stored_token(zoho):
    tokens = LateTokens(make_token(minutes=-1))

    assert make_access(tokens).token(soon()).access_token == "1000.theirs"
    assert not zoho.calls
    assert tokens.elect(now=NOW, until=NOW + timedelta(minutes=1)), "the election has ended"


def test_a_refused_token_is_replaced_although_it_looks_fresh(zoho):
    zoho.post(TOKEN_URL, json=GRANTED)
    tokens = FakeTokens(make_token())

    assert make_access(tokens).token(soon(), refused=make_token()).access_token == "1000.new"


def test_a_refused_token_that_another_process_has_replaced_costs_no_refresh(zoho):
    tokens = FakeTokens(make_token("1000.theirs"))

    assert make_access(tokens).token(soon(), refused=make_token()).access_token == "1000.theirs"
    assert not zoho.calls


def test_a_replacement_that_is_refused_too_is_not_replaced_at_once(zoho):
    zoho.post(TOKEN_URL, json=GRANTED)
    access = make_access(FakeTokens(make_token()))
    second = access.token(soon(), refused=make_token())

    with pytest.raises(TemporaryError, match="refuses even a new") as caught:
        access.token(soon(), refused=second)

    assert caught.value.retry_after == timedelta(seconds=5)
    assert len(zoho.calls) == 1


def test_when_zoho_cannot_be_reached_the_old_token_is_used_to_its_end(zoho):
    zoho.post(TOKEN_URL, status=503)

    assert make_access(FakeTokens(make_token(minutes=4))).token(soon()).access_token == ACCESS_TOKEN


def test_refreshes_that_fail_are_a_minute_apart(zoho):
    zoho.post(TOKEN_URL, status=503)
    access = make_access(FakeTokens(), sleep=threading.Event().wait)

    for _ in range(3):
        with pytest.raises(TemporaryError):
            access.token(DeadlineAdapter(0.2))

    assert len(zoho.calls) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(502, "<html><h1>Bad Gateway</h1></html>", id="a gateway's page"),
        pytest.param(502, '{"error": "invalid_client"}', id="a gateway's JSON is not Zoho's answer"),
        pytest.param(200, "<html>sign in</html>", id="a page with status 200"),
        pytest.param(200, "[]", id="a list"),
        pytest.param(200, "{}", id="an object without a token"),
        pytest.param(200, '{"access_token": null}', id="no text for a token"),
        pytest.param(200, '{"access_token": "1000.new", "expires_in": "soon"}', id="no number for its life"),
        pytest.param(200, "", id="nothing"),
        pytest.param(302, "", id="a redirect is not followed"),
        pytest.param(200, '{"error": "temporarily_unavailable"}', id="an error that passes"),
    ],
)
def test_an_unusable_answer_is_a_temporary_error(zoho, status, body):
    zoho.post(TOKEN_URL, status=status, body=body, headers={"Location": "https://evil.example/"})
    zoho.add(responses.POST, "https://evil.example/", json=GRANTED)
    zoho.add(responses.GET, "https://evil.example/", json=GRANTED)

    with pytest.raises(TemporaryError):
        make_access(FakeTokens()).token(soon())

    assert len(zoho.calls) == 1


def test_after_too_many_refreshes_the_next_is_a_minute_later_and_ten_minutes_if_that_is_refused_too(zoho):
    zoho.post(TOKEN_URL, json={"error": "Access Denied", "error_description": "too many requests"})
    tokens, waits = FakeTokens(), []

    for minutes in range(2):
        with pytest.raises(TemporaryError, match="Access Denied") as caught:
            make_access(tokens, now=NOW + timedelta(minutes=minutes)).token(soon())
        waits.append(caught.value.retry_after)

    assert waits == [timedelta(minutes=1), timedelta(minutes=10)]


@pytest.mark.parametrize("caller", [1, 2, 3])
def test_refused_credentials_are_reported_as_refused_to_every_caller(zoho, caller):
    zoho.post(TOKEN_URL, json={"error": "invalid_code"})
    tokens = FakeTokens()

    for _ in range(caller):
        with pytest.raises(CredentialsRefused, match="invalid_code") as caught:
            make_access(tokens).token(soon())

    assert "connect the portal again" in caught.value.hint
    assert len(zoho.calls) == 1


def test_a_refusal_is_forgotten_with_the_next_token(zoho):
    zoho.post(TOKEN_URL, json={"error": "invalid_code"})
    tokens = FakeTokens()
    with pytest.raises(CredentialsRefused):
        make_access(tokens).token(soon())
    zoho.replace(responses.POST, TOKEN_URL, json=GRANTED)

    assert make_access(tokens, now=NOW + timedelta(minutes=1)).token(soon()).access_token == "1000.new"
    assert tokens.refusal() is None


class TestTryingTheCredentials:
    def test_a_cached_token_is_no_proof(self, zoho):
        zoho.post(TOKEN_URL, json={"error": "invalid_client_secret"})

        with pytest.raises(CredentialsRefused, match="invalid_client_secret"):
            make_access(FakeTokens(make_token(minutes=40))).try_credentials(soon())

    def test_they_are_tried_once_a_minute_over_all_processes(self, zoho):
        zoho.post(TOKEN_URL, json=GRANTED)
        tokens = FakeTokens(make_token(minutes=40))

        found = [make_access(tokens).try_credentials(soon()) for _ in range(3)]
        later = make_access(tokens, now=NOW + timedelta(minutes=1)).try_credentials(soon())

        assert found == ["Zoho grants access tokens"] + 2 * ["Zoho granted an access token within the last minute"]
        assert later == "Zoho grants access tokens"
        assert len(zoho.calls) == 2

    def test_a_token_that_desk_refuses_right_after_a_trial_is_replaced_at_once(self, zoho):
        zoho.post(TOKEN_URL, json=GRANTED)
        tokens = FakeTokens()
        access = make_access(tokens)
        access.try_credentials(soon())
        zoho.replace(responses.POST, TOKEN_URL, json=GRANTED | {"access_token": "1000.newer"})

        replaced = access.token(soon(), refused=tokens.read())

        assert replaced.access_token == "1000.newer"

    def test_the_second_caller_hears_of_the_refusal_too(self, zoho):
        zoho.post(TOKEN_URL, json={"error": "invalid_code"})
        tokens = FakeTokens(make_token(minutes=40))

        for _ in range(2):
            with pytest.raises(CredentialsRefused, match="invalid_code"):
                make_access(tokens).try_credentials(soon())

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            pytest.param(None, "another process", id="another process is at it"),
            pytest.param("no_answer", "no usable answer", id="the accounts server is down"),
        ],
    )
    def test_without_an_answer_nothing_is_known(self, zoho, code, message):
        tokens = FakeTokens()
        tokens.elect(now=NOW, until=NOW + timedelta(minutes=1))
        tokens.code = code

        with pytest.raises(TemporaryError, match=message):
            make_access(tokens).try_credentials(soon())


@pytest.mark.parametrize("code", ["invalid_code", "invalid_client", "invalid_client_secret", "invalid_grant"])
@pytest.mark.parametrize("status", [200, 400])
def test_credentials_that_zoho_refuses_are_named_by_its_code(zoho, code, status):
    zoho.post(TOKEN_URL, json={"error": code}, status=status)

    with pytest.raises(NotPermitted, match=code) as caught:
        make_access(FakeTokens()).token(soon())

    assert caught.value.hint


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"json": {"error": REFRESH_TOKEN}}, id="as a code"),
        pytest.param({"json": {"error": [CLIENT_SECRET]}}, id="as a list"),
        pytest.param({"json": {"error": "invalid_code", "error_description": CLIENT_SECRET}}, id="as a description"),
        pytest.param({"body": f"<html>{CLIENT_SECRET}</html>", "status": 500}, id="in a page"),
        pytest.param({"body": requests.ConnectionError(f"{REFRESH_TOKEN}")}, id="in an error of the network"),
    ],
)
def test_no_error_repeats_a_secret(zoho, answer):
    zoho.post(TOKEN_URL, **answer)

    with pytest.raises((NotPermitted, TemporaryError)) as caught:
        make_access(FakeTokens()).token(soon())

    assert not [secret for secret in SECRETS if secret in f"{caught.value!r} {caught.value} {caught.value.hint}"]
    assert not caught.value.__cause__


def test_no_log_holds_a_secret_at_any_level(zoho, caplog):
    zoho.post(TOKEN_URL, json=GRANTED)
    caplog.set_level(logging.DEBUG)
    for name in ("requests_oauthlib", "requests_oauthlib.oauth2_session", "oauthlib"):
        caplog.set_level(logging.DEBUG, logger=name)

    token = make_access(FakeTokens()).token(soon())
    zoho.get(f"{DESK}/api/v1/tickets/1", json={})
    requests.get(f"{DESK}/api/v1/tickets/1", auth=authorization(token), timeout=1)

    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_no_repr_holds_a_secret():
    credentials = OAuthCredentials(
        client_id="1000.CLIENT", client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN, accounts_url=ACCOUNTS
    )
    shown = f"{credentials!r} {make_access(FakeTokens())!r} {make_token()!r} {authorization(make_token())!r}"

    assert not [secret for secret in SECRETS if secret in shown]


def test_the_header_has_zohos_form(zoho):
    zoho.get(f"{DESK}/api/v1/tickets/1", json={})

    requests.get(f"{DESK}/api/v1/tickets/1", auth=authorization(make_token()), timeout=1)

    assert zoho.calls[0].request.headers["Authorization"] == f"Zoho-oauthtoken {ACCESS_TOKEN}"


def test_a_token_is_not_added_to_a_request_to_another_host(zoho):
    zoho.get("https://evil.example/", json={})

    with pytest.raises(ConfigurationError, match="evil"):
        requests.get("https://evil.example/", auth=authorization(make_token()), timeout=1)

    assert not zoho.calls


def test_an_accounts_server_that_is_not_zohos_is_refused_at_once():
    with pytest.raises(ConfigurationError, match="evil"):
        make_access(FakeTokens(), accounts_url="https://accounts.evil.example")


def test_a_token_server_that_drips_its_answer_is_left_at_the_deadline():
    started = time.monotonic()

    with serving(dripping(http(b" " * 500))) as server, pytest.raises(TemporaryError):
        make_access(FakeTokens(), accounts_url=server.url).token(DeadlineAdapter(0.5))

    assert time.monotonic() - started < 2
