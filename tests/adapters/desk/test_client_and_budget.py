"""The client reports Desk's answers to the budget, over real sockets."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

import pytest

from desk_sync.errors import DeskSyncError, TemporaryError
from tests.adapters.desk.portal import (
    TICKET,
    FakeTokens,
    answering,
    http,
    make_access,
    make_client,
    make_raw,
    resetting,
    serving,
)
from tests.support.fake_budget import FakeBudget
from tests.support.makers import NOW

HOUR = timedelta(hours=1)
TICKET_BODY = json.dumps(make_raw(id=TICKET)).encode()


def refusal(code):
    return json.dumps({"errorCode": code, "message": "No."}).encode()


def call(url, budget, **settings):
    with suppress(DeskSyncError):
        make_client(url=url, budget=budget, **settings).read_ticket(TICKET)


def last(body, status="200 OK", headers=""):
    """An answer that is the last one of its connection."""
    return http(body, status=status, headers=f"{headers}Connection: close\r\n")


@pytest.mark.parametrize(
    ("answer", "left", "waits", "failures"),
    [
        pytest.param(
            last(TICKET_BODY, headers="X-Rate-Limit-Remaining-v3: 4711\r\n"), [4711], [], [], id="credits are given"
        ),
        pytest.param(last(TICKET_BODY), [None], [], [], id="credits are not given"),
        pytest.param(
            last(TICKET_BODY, headers="X-Rate-Limit-Remaining-v3: many\r\n"),
            [None],
            [],
            [],
            id="a value that is no number is ignored",
        ),
        pytest.param(
            last(TICKET_BODY, headers=f"X-Rate-Limit-Remaining-v3: {'9' * 5_000}\r\n"),
            [None],
            [],
            [],
            id="a number of 5,000 digits is ignored",
        ),
        pytest.param(
            last(refusal("BAD_REQUEST"), status="400 Bad Request"), [None], [], [], id="a refusal shows that Desk works"
        ),
        pytest.param(
            last(refusal("URL_NOT_FOUND"), status="404 Not Found"), [], [], [], id="no such ticket shows nothing"
        ),
        pytest.param(
            last(refusal("TOO_MANY_REQUESTS"), status="429 Too Many"),
            [],
            [],
            ["status 429"] * 4,
            id="too many calls at once are an illness like any other",
        ),
        pytest.param(
            last(refusal("THRESHOLD_EXCEEDED"), status="429 Too Many", headers="Retry-After: 7200\r\n"),
            [],
            [timedelta(hours=2)],
            [],
            id="the day's credits are gone, with a time to wait",
        ),
        pytest.param(
            last(refusal("THRESHOLD_EXCEEDED"), status="429 Too Many"),
            [],
            [timedelta(hours=1)],
            [],
            id="the day's credits are gone",
        ),
        pytest.param(
            last(b"<html>", status="502 Bad Gateway"),
            [],
            [],
            ["status 502"] * 4,
            id="a gateway answers instead of Desk",
        ),
        pytest.param(
            last(b"<html>We are improving Zoho Desk</html>"),
            [],
            [],
            ["a page with status 200"],
            id="a maintenance page with status 200",
        ),
        pytest.param(last(b""), [], [], ["status 200 without JSON"], id="a success without JSON"),
        pytest.param(last(b"\xef\xbb\xbf" + TICKET_BODY), [None], [], [], id="a byte order mark before the JSON"),
        pytest.param(last(b"", status="204 No Content"), [None], [], [], id="no content is an answer"),
        pytest.param(
            last(b"<html>", status="404 Not Found"),
            [],
            [],
            ["a page with status 404"],
            id="a page is no evidence that a ticket is gone",
        ),
        pytest.param(
            last(refusal("FORBIDDEN"), status="403 Forbidden"), [], [], ["status 403"], id="a refusal of permission"
        ),
        pytest.param(
            last(refusal("INVALID_OAUTH"), status="401 Unauthorized"),
            [],
            [],
            ["status 401", "no access token"],
            id="a refused token, and no other to be had",
        ),
    ],
)
def test_the_budget_records_what_an_answer_means_for_the_portal(answer, left, waits, failures):
    budget = FakeBudget()
    with serving(answering(answer)) as server:
        call(server.url, budget)

    assert (budget.left, budget.waits, budget.failures) == (left, waits, failures)


@pytest.mark.parametrize(
    ("act", "about"),
    [
        pytest.param(lambda client: client.read_ticket(TICKET), f"tickets/{TICKET}", id="a ticket"),
        pytest.param(lambda client: list(client.modified_between(NOW, NOW + HOUR)), None, id="a sweep"),
        pytest.param(lambda client: list(client.replied_between(NOW, NOW + HOUR)), None, id="a sweep for replies"),
    ],
)
def test_a_refusal_may_concern_the_record_of_the_call_alone_and_that_of_a_search_the_portal(act, about):
    budget = FakeBudget()
    with serving(answering(last(refusal("FORBIDDEN"), status="403 Forbidden"))) as server, suppress(DeskSyncError):
        act(make_client(url=server.url, budget=budget))

    assert budget.concerned == [about]


def test_a_connection_that_breaks_is_a_failure_of_the_portal():
    budget = FakeBudget()
    with serving(resetting) as server:
        call(server.url, budget)

    assert budget.failures == ["ConnectionError"] * 4


def test_an_answer_that_does_not_come_is_a_failure_of_the_portal():
    budget = FakeBudget()
    with serving(lambda connection: connection.recv(1)) as server:
        call(server.url, budget, timeout=timedelta(seconds=0.3))

    assert budget.failures == ["ReadTimeout"]


def test_an_accounts_server_that_is_away_is_a_failure_of_the_portal():
    budget, no_token = FakeBudget(), FakeTokens(None)
    with serving(resetting) as accounts, serving(answering(http(TICKET_BODY))) as server:
        call(server.url, budget, access=make_access(no_token, accounts_url=accounts.url))

        assert (server.requests, budget.failures) == ([], ["no access token"])


def test_a_paused_portal_is_not_called_and_the_wait_is_known():
    budget = FakeBudget()
    budget.paused = timedelta(seconds=40)
    with serving(answering(http(TICKET_BODY))) as server:
        with pytest.raises(TemporaryError) as paused:
            make_client(url=server.url, budget=budget).read_ticket(TICKET)

        assert (server.requests, paused.value.retry_after) == ([], timedelta(seconds=40))


def test_a_call_after_the_deadline_is_not_made_and_is_no_failure():
    budget = FakeBudget()
    with serving(answering(http(TICKET_BODY))) as server:
        call(server.url, budget, timeout=timedelta(0))

        assert (server.requests, budget.failures) == ([], [])


def test_a_ticket_that_desk_does_not_have_costs_its_credit():
    budget = FakeBudget()
    headers = "X-Rate-Limit-Remaining-v3: 4711\r\n"
    with serving(answering(last(refusal("URL_NOT_FOUND"), status="404 Not Found", headers=headers))) as server:
        call(server.url, budget)

    assert budget.credits == [4711]


def test_a_search_that_desk_does_not_have_is_an_illness():
    budget = FakeBudget()
    with serving(answering(last(refusal("URL_NOT_FOUND"), status="404 Not Found"))) as server, suppress(DeskSyncError):
        list(make_client(url=server.url, budget=budget).modified_between(NOW, NOW + HOUR))

    assert (budget.left, budget.failures) == ([], ["status 404"])
