"""Requests in a description and in later mails: of the partner's own new words, and without a call more."""

from __future__ import annotations

import pytest
import responses

from desk_sync.adapters.desk import client
from desk_sync.domain.ticket.written_request import DESCRIPTION, RequestKind
from tests.adapters.desk.portal import API, TICKET, make_client, make_raw
from tests.support.makers import NOW, make_ticket

URL = f"{API}/tickets/{TICKET}"
AT = "2026-11-23T09:00:00.000Z"
ASKED = "<p>Please escalate this ticket.</p>"
QUOTED = "<p>Thank you.</p><blockquote>Please escalate this ticket.</blockquote>"


@pytest.fixture
def desk():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def listed(thread_id, **facts):
    author = {"type": "END_USER"}
    return {"id": thread_id, "direction": "in", "createdTime": AT, "author": author} | facts


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        pytest.param({"description": ASKED}, RequestKind.ESCALATION, id="an escalation"),
        pytest.param(
            {"description": "We are dissatisfied with your support."}, RequestKind.DISSATISFACTION, id="dissatisfaction"
        ),
        pytest.param({"description": QUOTED}, None, id="only in quoted text"),
        pytest.param({"description": ASKED, "channel": "Phone"}, None, id="an agent wrote it down"),
        pytest.param({"description": ASKED, "createdTime": None}, None, id="Desk gives no instant"),
        pytest.param({"description": "Nobody can log in."}, None, id="none"),
    ],
)
def test_a_description_may_ask(desk, facts, kind):
    desk.get(URL, json=make_raw(**{"createdTime": AT} | facts))

    request = make_client().read_ticket(TICKET).written_request

    assert (request and request.kind) is kind
    assert request is None or (request.mail, request.at) == (DESCRIPTION, NOW)


@pytest.mark.parametrize("contents", [True, False])
@pytest.mark.parametrize(
    ("mail", "asks"),
    [
        pytest.param({"content": ASKED}, True, id="the partner's"),
        pytest.param({"content": QUOTED}, False, id="quoted"),
        pytest.param({"content": ASKED, "author": {"type": "AGENT"}}, False, id="an agent's"),
        pytest.param({"content": ASKED, "direction": "out"}, False, id="sent by us"),
        pytest.param({"content": ASKED, "createdTime": None}, False, id="without an instant"),
    ],
)
def test_a_mail_whose_content_is_in_the_list_is_read_without_a_call(desk, mail, asks, contents):
    desk.get(f"{URL}/threads", json={"data": [listed("2", **mail), listed("1")]})

    threads = make_client().read_threads(make_ticket(ticket_id=TICKET), known=(), contents=contents)

    assert [(each.mail, each.at, each.kind) for each in threads.requests] == [("2", NOW, RequestKind.ESCALATION)] * asks
    assert len(desk.calls) == 1


@pytest.mark.parametrize(
    ("contents", "asks"),
    [
        pytest.param(True, True, id="its content is fetched for the account anyway"),
        pytest.param(False, False, id="it is not fetched for its words alone"),
    ],
)
def test_a_mail_whose_content_is_not_in_the_list_costs_nothing_more(desk, contents, asks):
    desk.get(f"{URL}/threads", json={"data": [listed("2"), listed("1")]})
    desk.get(f"{URL}/threads/2", json={"id": "2", "content": ASKED})

    threads = make_client().read_threads(make_ticket(ticket_id=TICKET), known=(), contents=contents)

    assert (bool(threads.requests), len(desk.calls)) == (asks, 1 + contents)


def test_without_contents_no_evidence_is_taken_and_no_mail_counts_as_read(desk):
    content = f"{ASKED}<p>ZOID: 76006415</p>"
    desk.get(f"{URL}/threads", json={"data": [listed("2", content=content), listed("1")]})

    threads = make_client().read_threads(make_ticket(ticket_id=TICKET), known=(), contents=False)

    assert (threads.evidence, threads.mails_read, threads.unread) == ((), [], ())


def test_of_a_long_conversation_the_newest_mails_are_read(desk):
    mails = [listed(str(1000 - number), content=ASKED) for number in range(client.THREADS_READ + 5)]
    desk.get(f"{URL}/threads", json={"data": mails})

    threads = make_client().read_threads(make_ticket(ticket_id=TICKET), known=(), contents=False)

    assert len(threads.requests) == client.THREADS_READ
