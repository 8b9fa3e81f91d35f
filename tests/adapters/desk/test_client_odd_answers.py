"""Odd answers of Desk to one call: what can be read of them is read, and the portal is not blamed (L15)."""

from __future__ import annotations

import json

import pytest
import responses
from structlog.testing import capture_logs

from desk_sync.adapters.zoho import transport
from desk_sync.errors import TemporaryError, Unreadable
from tests.adapters.desk.portal import API, TICKET, make_client, make_raw
from tests.support.fake_budget import FakeBudget
from tests.support.makers import make_ticket

URL = f"{API}/tickets/{TICKET}"
MAIL = {"direction": "in", "createdTime": "2026-11-23T09:00:00.000Z"}
NOT_FOUND = {"status": 404, "json": {"errorCode": "URL_NOT_FOUND", "message": "No."}}
LISTED = [MAIL | {"id": "1"}, MAIL | {"id": "0", "isDescriptionThread": True}]


@pytest.fixture
def desk():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_a_page_is_the_portals_own(desk):
    desk.get(URL, body=b"\n<!DOCTYPE html>")

    with pytest.raises(TemporaryError):
        make_client().read_ticket(TICKET)


def test_a_refusal_of_one_ticket_may_be_the_fault_of_this_record_alone(desk):
    desk.get(URL, status=403, json={"errorCode": "FORBIDDEN"})

    with pytest.raises(Unreadable, match="403 FORBIDDEN"):
        make_client().read_ticket(TICKET)


@pytest.mark.parametrize("path", ["accounts/1", "contacts/1"])
def test_an_account_and_a_contact_are_records_too(desk, path):
    desk.get(f"{API}/{path}", body=b"no JSON")
    client = make_client()

    with pytest.raises(Unreadable):
        client.read_partner("1") if path == "accounts/1" else client.partner_of("1")


@pytest.mark.parametrize("body", [b"", b"no JSON", b'{"id": "1'], ids=["nothing", "a text", "cut off"])
def test_a_body_that_cannot_be_read_may_be_the_fault_of_this_record_alone(desk, body):
    desk.get(URL, body=body)

    with pytest.raises(Unreadable, match="not a JSON object"):
        make_client().read_ticket(TICKET)


def test_odd_characters_cost_no_ticket(desk):
    desk.get(URL, body=b"\xef\xbb\xbf" + json.dumps(make_raw(subject="SUBJECT")).replace("SUBJECT", r"\ud83d").encode())

    assert make_client().read_ticket(TICKET).ticket_id == TICKET


def test_an_answer_that_is_too_large_does_not_speak_against_the_portal(monkeypatch, desk):
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 100_000)
    desk.get(URL, body=b" " * 200_000)
    budget = FakeBudget()

    with pytest.raises(Unreadable):
        make_client(budget=budget).read_ticket(TICKET)

    assert budget.failures == []


class TestOneLargeItem:
    """A thread may hold 16,000,000 characters. What is needed of it is in its beginning."""

    @pytest.fixture(autouse=True)
    def limit(self, monkeypatch):
        monkeypatch.setattr(transport, "LARGEST_ANSWER", 100_000)

    def test_of_a_mail_that_is_too_large_the_beginning_is_read(self, desk):
        desk.get(f"{URL}/threads", json={"data": LISTED})
        desk.get(f"{URL}/threads/1", json={"id": "1", "content": "ZOID: 20000014000<br>" + "x" * 200_000})

        with capture_logs() as logs:
            found = make_client().read_threads(make_ticket(ticket_id=TICKET), known=(), contents=True)

        assert [each.value for evidence in found.evidence for each in evidence.readings][:1] == ["20000014000"]
        assert [line["event"] for line in logs] == ["thread.cut"]

    @pytest.mark.parametrize("refusal", [{"status": 403}, {"status": 200, "body": b"no JSON"}], ids=["403", "no JSON"])
    def test_of_a_mail_that_cannot_be_read_its_author_and_time_are_known(self, desk, refusal):
        body = {"body": json.dumps({"errorCode": "FORBIDDEN"})} if refusal["status"] == 403 else {}
        desk.get(f"{URL}/threads", json={"data": LISTED})
        desk.get(f"{URL}/threads/1", **refusal | body)

        with capture_logs() as logs:
            found = make_client().read_threads(make_ticket(ticket_id=TICKET), known=(), contents=True)

        assert (len(found.items), found.evidence) == (2, ())
        assert [line["event"] for line in logs] == ["thread.unread"]

    def test_a_comment_that_is_too_large_costs_only_itself(self, desk):
        comments = [{"id": f"{n}", "commentedTime": "2026-11-23T09:00:00.000Z", "content": "a"} for n in range(150)]
        comments[77]["content"] = "x" * 100_000

        def answer(request):
            start, limit = int(request.params["from"]), int(request.params["limit"])
            return 200, {}, json.dumps({"data": comments[start : start + limit]})

        desk.add_callback("GET", f"{URL}/comments", answer)

        read = make_client().read_comments(TICKET)

        assert {item.ref for item in read} == {f"{n}" for n in range(150)} - {"77"}

    def test_of_a_list_of_threads_that_is_too_large_fewer_are_read(self, desk):
        threads = [LISTED[0] | {"id": f"{n}", "summary": "x" * 900} for n in range(200)]

        def answer(request):
            return 200, {}, json.dumps({"data": threads[: int(request.params["limit"])]})

        desk.add_callback("GET", f"{URL}/threads", answer)

        read = make_client().read_threads(make_ticket(ticket_id=TICKET), known=(), contents=False)

        assert [item.ref for item in read.items] == [f"{n}" for n in range(20)]

    def test_one_thread_that_is_too_large_for_the_list_makes_it_unreadable(self, desk):
        desk.get(f"{URL}/threads", json={"data": [LISTED[0] | {"summary": "x" * 200_000}]})

        with pytest.raises(Unreadable):
            make_client().read_threads(make_ticket(ticket_id=TICKET), known=(), contents=False)

        assert len(desk.calls) == 4


class TestAPartThatDeskDoesNotHave:
    """That is no evidence that the ticket is gone."""

    @pytest.mark.parametrize(
        ("part", "read"),
        [
            pytest.param(
                "threads", lambda client, ticket: client.read_threads(ticket, known=(), contents=False), id="mails"
            ),
            pytest.param("comments", lambda client, ticket: client.read_comments(TICKET), id="comments"),
            pytest.param("History", lambda client, ticket: client.read_status_changes(TICKET), id="history"),
            pytest.param("tags", lambda client, ticket: client.read_tags(TICKET), id="tags"),
            pytest.param("latestThread", lambda client, ticket: client.read_mailboxes(TICKET), id="newest mail"),
        ],
    )
    def test_it_cannot_be_read(self, desk, part, read):
        desk.get(f"{URL}/{part}", **NOT_FOUND)

        with pytest.raises(Unreadable):
            read(make_client(), make_ticket(ticket_id=TICKET))

    def test_a_comment_that_is_deleted_before_its_edit_is_made_again(self, desk):
        comment = {"id": "7", "commentedTime": "2026-11-23T09:00:00.000Z", "content": "A text. [ds-0123456789ab]"}
        desk.get(f"{URL}/comments", json={"data": [comment]})
        desk.patch(f"{URL}/comments/7", **NOT_FOUND)

        assert make_client().edit_comment(TICKET, "New.", "ds-0123456789ab") is None
