from __future__ import annotations

import json
import re
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
import responses

from desk_sync.adapters.desk import client
from desk_sync.adapters.desk.calls import ATTEMPTS
from desk_sync.adapters.desk.failures import FAILURES, BriefFailure, Forbidden, ScopeMissing
from desk_sync.adapters.zoho import transport
from desk_sync.domain.account.identity import readings
from desk_sync.domain.ticket.comment_trace import PrivateTrace
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import (
    ConfigurationError,
    CredentialsRefused,
    DeskSyncError,
    FieldsRefused,
    Gone,
    NotPermitted,
    PermanentError,
    TemporaryError,
    Unreadable,
    WriteForbidden,
)
from desk_sync.ports.desk import CommentReceipt
from desk_sync.services.drain import Drain
from tests.adapters.desk.portal import (
    ACCESS_TOKEN,
    API,
    ORG,
    TICKET,
    TOKEN_URL,
    VOCABULARY,
    FakeTokens,
    answering,
    dripping,
    http,
    make_client,
    make_raw,
    make_token,
    read_payload,
    resetting,
    serving,
)
from tests.support.makers import ROBOT, make_ticket

URL = f"{API}/tickets/{TICKET}"
COMMENTS = f"{URL}/comments"
BOX = "cf_priority_customer_large_user_account"
MARK = "ds-0123456789ab"
TRACE = PrivateTrace(reference=MARK)


@pytest.fixture
def desk():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def patched(mock) -> dict:
    return json.loads(mock.calls[-1].request.body)


def test_a_ticket_is_read_with_the_token_and_the_portals_id(desk):
    desk.get(URL, json=make_raw())

    ticket = make_client().read_ticket(TICKET)

    assert ticket.ticket_id == TICKET
    assert desk.calls[0].request.headers["Authorization"] == f"Zoho-oauthtoken {ACCESS_TOKEN}"
    assert desk.calls[0].request.headers["orgId"] == ORG


def listed(thread_id, direction="in", **facts):
    return {"id": thread_id, "direction": direction} | facts


DESCRIPTION = listed("1", isDescriptionThread=True)


@pytest.mark.parametrize(
    ("threads", "known", "read", "zoids"),
    [
        pytest.param([listed("2"), listed("1")], [], ["2"], ["76006415"], id="a new thread"),
        pytest.param([listed("2"), listed("1")], ["2"], [], [], id="one that was read"),
        pytest.param([listed("8"), listed("2"), listed("1")], ["8"], ["2"], ["76006415"], id="older, by a merge"),
        pytest.param([DESCRIPTION, listed("2")], [], ["2"], ["76006415"], id="older than the description"),
        pytest.param([listed("2", content="ZOID: 90000001"), listed("1")], [], [], ["90000001"], id="shown in list"),
        pytest.param([listed("2", "out"), listed("1")], [], [], [], id="an agent's mail"),
        pytest.param([listed("1")], ["2"], [], [], id="a thread was deleted meanwhile"),
        pytest.param([listed("9"), listed("1")], [], ["9"], [], id="a thread that is gone is skipped"),
    ],
)
def test_only_new_threads_of_the_partner_are_read(desk, threads, known, read, zoids):
    desk.get(f"{URL}/threads", json={"data": threads})
    desk.get(f"{URL}/threads/2", json={"id": "2", "content": "<p>ZOID: 76006415</p>"})
    desk.get(f"{URL}/threads/9", status=404, json={"errorCode": "URL_NOT_FOUND"})

    threads = make_client().read_threads(make_ticket(ticket_id=TICKET), known=known, contents=True)

    assert [call.request.url.rpartition("/")[2] for call in desk.calls][1:] == read
    assert [each.value for each in readings(threads.evidence)] == zoids


def test_the_registered_domains_of_the_writer_are_asked_for_before_the_texts_are_read(desk):
    text = "The user admin@large.example has a problem. Answer to desk@second.example, please."
    desk.get(URL, json=make_raw(description=text))
    desk.get(f"{URL}/threads", json={"data": [listed("2", content=text), listed("1")]})
    asked = []

    def own_domains(ticket):
        asked.append((ticket.ticket_id, ticket.evidence))
        return frozenset({"second.example"})

    ticket = make_client().read_ticket(TICKET, own_domains)
    threads = make_client().read_threads(ticket, known=(), contents=True)

    assert asked == [(TICKET, ())]
    assert list(map(str, ticket.evidence)) == list(map(str, threads.evidence)) == ["email (text)", "domain (text)"]
    assert {each.value for each in readings(ticket.evidence)} == {"admin@large.example", "large.example"}


def test_texts_for_which_no_time_is_left_are_named_and_the_rest_is_read(desk, monkeypatch):
    monkeypatch.setattr(client, "READING", timedelta(0))
    desk.get(URL, json=make_raw(description="ZOID: 76006415", cf={"cf_severity": "S1-Critical"}))
    desk.get(f"{URL}/threads", json={"data": [listed("2", content="ZOID: 76006415"), listed("1")]})

    ticket = make_client().read_ticket(TICKET)
    threads = make_client().read_threads(ticket, known=(), contents=True)

    assert (ticket.severity, ticket.evidence, ticket.unread) == (
        "S1-Critical",
        (),
        ("a text (there was no time left)",),
    )
    assert (threads.mails_read, threads.evidence, threads.unread) == (["2"], (), ticket.unread)


def test_the_time_for_reading_is_a_small_part_of_the_lease():
    assert 2 * client.READING + timedelta(seconds=10) < Drain.__dataclass_fields__["lease"].default


def test_a_write_sends_the_given_fields_and_nothing_else(desk):
    desk.patch(URL, json=make_raw(cf={BOX: "true", "cf_severity": "S1-Critical"}))

    ticket = make_client().write_ticket(TICKET, {Field.LARGE_USER: True, Field.SEVERITY: "S1-Critical"})

    assert patched(desk) == {"cf": {BOX: "true", "cf_severity": "S1-Critical"}}
    assert (ticket.large_user, ticket.severity) == (True, "S1-Critical")


@pytest.mark.parametrize(
    ("value", "answered"),
    [
        pytest.param({Field.LARGE_USER: True}, {BOX: True}, id="a checkbox as a JSON boolean"),
        pytest.param({Field.LARGE_USER: False}, {BOX: None}, id="an empty checkbox is not ticked"),
        pytest.param({Field.SEVERITY: " S1-Critical "}, {"cf_severity": "S1-Critical"}, id="trimmed"),
        pytest.param({Field.SEVERITY: None}, {"cf_severity": ""}, id="cleared to an empty text"),
        pytest.param({Field.SEVERITY: None}, {}, id="cleared to nothing"),
        pytest.param(
            {Field.CUSTOMER_PRIMARY_EMAIL: "admin@large.example"},
            {"cf_customer_primary_email_address": "Admin@Large.Example"},
            id="an address in other letters",
        ),
    ],
)
def test_a_value_that_desk_only_writes_differently_is_accepted(desk, value, answered):
    desk.patch(URL, json=make_raw(cf=answered))

    assert make_client().write_ticket(TICKET, value)


@pytest.mark.parametrize("answered", ["2026-11-23T09:00:00.000Z", "2026-11-23T09:00Z", "2026-11-23T09:00:30.000Z"])
def test_a_due_instant_is_written_in_full_and_compared_to_the_minute(desk, answered):
    desk.patch(URL, json=make_raw(cf={"cf_update_due": answered}))
    vocabulary = replace(VOCABULARY, fields=VOCABULARY.fields | {"update_due": "cf_update_due"})

    ticket = make_client(vocabulary=vocabulary).write_ticket(TICKET, {Field.UPDATE_DUE: "2026-11-23T09:00Z"})

    assert patched(desk) == {"cf": {"cf_update_due": "2026-11-23T09:00:00.000Z"}}
    assert ticket.update_due == "2026-11-23T09:00Z"


def test_the_state_of_the_clocks_is_written_in_desks_words_and_read_in_ours(desk):
    desk.patch(URL, json=make_raw(cf={"cf_clock_state": "At risk"}))
    fields = VOCABULARY.fields | {"clock_state": "cf_clock_state"}
    vocabulary = replace(VOCABULARY, fields=fields, clock_states={"at_risk": "At risk"})

    ticket = make_client(vocabulary=vocabulary).write_ticket(TICKET, {Field.CLOCK_STATE: "at_risk"})

    assert patched(desk) == {"cf": {"cf_clock_state": "At risk"}}
    assert ticket.clock_state == "at_risk"


@pytest.mark.parametrize(
    ("answered", "values"),
    [
        pytest.param({"cf_severity": "S1-Critical"}, (False, "S1-Critical"), id="one is missing from the layout"),
        pytest.param({BOX: "false", "cf_severity": "S2-Moderate"}, (False, "S2-Moderate"), id="both kept"),
        pytest.param(
            {BOX: "true", "cf_severity": "s1-critical"}, (True, "s1-critical"), id="a pick list's case counts"
        ),
    ],
)
def test_a_write_returns_the_ticket_as_desk_left_it_not_as_it_was_sent(desk, answered, values):
    desk.patch(URL, json=make_raw(cf=answered))

    ticket = make_client().write_ticket(TICKET, {Field.LARGE_USER: True, Field.SEVERITY: "S1-Critical"})

    assert (ticket.large_user, ticket.severity) == values


@pytest.mark.parametrize(
    ("errors", "fields", "others"),
    [
        pytest.param(
            [{"fieldName": "/cf/cf_severity", "errorType": "invalid"}], {"severity": "invalid"}, [], id="a custom field"
        ),
        pytest.param(
            [{"fieldName": "/priority", "errorType": "missing"}], {}, ["priority is missing"], id="a field of Desk's"
        ),
        pytest.param(
            [
                {"fieldName": "/cf/cf_severity", "errorType": "odd"},
                {"fieldName": "/cf/cf_region", "errorType": "missing"},
            ],
            {"severity": "refused"},
            ["cf_region is missing"],
            id="ours and another",
        ),
        pytest.param([{"fieldName": "/cf"}], {}, ["cf is refused"], id="no field by name"),
        pytest.param("odd", {}, [], id="no list"),
        pytest.param(None, {}, [], id="nothing"),
    ],
)
def test_a_refused_write_has_the_faults_of_our_fields_and_of_others(desk, errors, fields, others):
    desk.patch(URL, status=422, json={"errorCode": "INVALID_DATA", "message": "…", "errors": errors})

    with pytest.raises(FieldsRefused) as caught:
        make_client().write_ticket(TICKET, {Field.SEVERITY: "S1-Critical"})

    assert (caught.value.fields, list(caught.value.others)) == (fields, others)


@pytest.mark.parametrize("code", ["FORBIDDEN", "SCOPE_MISMATCH", "LICENSE_ACCESS_LIMITED"])
def test_a_write_that_is_not_permitted_says_so(desk, code):
    desk.patch(URL, status=403, json={"errorCode": code, "message": "…"})

    with pytest.raises(WriteForbidden, match=code):
        make_client().write_ticket(TICKET, {Field.SEVERITY: "S1-Critical"})


@pytest.mark.parametrize("value", ["a+b@large.example", "R&D (EU); 50% = #1*", 'the "best"'])
def test_characters_outside_desks_published_pattern_are_sent_as_they_are(desk, value):
    desk.patch(URL, json=make_raw())

    make_client().write_ticket(TICKET, {Field.SEVERITY: value})

    assert patched(desk) == {"cf": {"cf_severity": value}}


@pytest.mark.parametrize(
    ("write", "end", "public"),
    [
        pytest.param(lambda client, text: client.add_comment(TICKET, text, MARK), f"<br>[{MARK}]", False, id="private"),
        pytest.param(lambda client, text: client.add_public_comment(TICKET, text), "", True, id="public"),
    ],
)
def test_a_comment_is_escaped_and_only_a_private_one_ends_in_its_reference(desk, write, end, public):
    desk.post(COMMENTS, json={"id": "119514000017430011", "commenterId": ROBOT})

    receipt = write(make_client(), "<b>49 & 60</b>\nlicences")

    assert receipt == CommentReceipt(comment_id="119514000017430011", author_id=ROBOT)
    assert patched(desk) == {
        "content": f"&lt;b&gt;49 &amp; 60&lt;/b&gt;<br>licences{end}",
        "contentType": "html",
        "isPublic": public,
    }


def test_a_comment_whose_id_is_known_is_edited_without_looking_for_it(desk):
    desk.patch(f"{COMMENTS}/7", json={"id": "7"})

    assert make_client().edit_comment(TICKET, "New.", "ds-0123456789ab", "7") == "7"
    assert [call.request.method for call in desk.calls if COMMENTS in call.request.url] == ["PATCH"]


def test_a_comment_that_desk_does_not_know_by_its_id_is_looked_for(desk):
    found = {"id": "8", "commentedTime": "2026-11-23T09:00:00.000Z", "content": "Old. [ds-0123456789ab]"}
    desk.patch(f"{COMMENTS}/7", status=404, json={"errorCode": "URL_NOT_FOUND", "message": "No such comment"})
    desk.get(COMMENTS, json={"data": [found]})
    desk.patch(f"{COMMENTS}/8", json={"id": "8"})

    assert make_client().edit_comment(TICKET, "New.", "ds-0123456789ab", "7") == "8"


def test_a_comment_too_long_for_desk_is_cut_and_keeps_its_reference(desk):
    desk.post(COMMENTS, json={})

    make_client().add_comment(TICKET, "&\n" * 20_000, MARK)

    content = patched(desk)["content"]
    assert 31_980 < len(content) <= 32_000
    assert re.fullmatch(rf"(&amp;<br>)+(&amp;)?…<br>\[{MARK}\]", content)


def page(*texts: str) -> dict:
    return {"data": [{"id": str(number), "content": text} for number, text in enumerate(texts)]}


FULL = ["text"] * 100


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        pytest.param([page("hello", f"done<br>[{MARK}]")], True, id="on the first page"),
        pytest.param([page(*FULL), page(f"[{MARK}]")], True, id="on the second page"),
        pytest.param([page(*FULL), page("hello")], False, id="on no page"),
        pytest.param([page(*FULL), None], False, id="the next page is empty: 204"),
        pytest.param([None], False, id="no comment at all: 204"),
        pytest.param([page()], False, id="no comment at all: an empty list"),
        pytest.param([page("[ds-ffffffffffff]")], False, id="another comment of ours"),
    ],
)
def test_a_comment_is_looked_for_on_every_page(desk, pages, found):
    for each in pages:
        desk.get(COMMENTS, json=each) if each else desk.get(COMMENTS, status=204)

    assert make_client().has_comment(TICKET, TRACE) is found
    assert [call.request.params["from"] for call in desk.calls] == [str(100 * n) for n in range(len(pages))]
    assert {call.request.params["limit"] for call in desk.calls} == {"100"}


def test_a_list_without_an_end_is_left_at_the_deadline(desk):
    desk.get(COMMENTS, json=page(*FULL))

    with pytest.raises(TemporaryError):
        make_client(timeout=timedelta(seconds=0.3)).has_comment(TICKET, TRACE)


# Failures -----------------------------------------------------------------------------------------------------------

KIND_OF_STATUS = [
    (400, "BAD_REQUEST", PermanentError),
    (401, "INVALID_OAUTH", CredentialsRefused),
    (401, "UNAUTHORIZED", CredentialsRefused),
    (403, "SCOPE_MISMATCH", ScopeMissing),
    (403, "OAUTH_ORG_MISMATCH", NotPermitted),
    (403, "FORBIDDEN", Forbidden),
    (403, "LICENSE_ACCESS_LIMITED", ScopeMissing),
    (404, "URL_NOT_FOUND", Gone),
    (405, "METHOD_NOT_ALLOWED", PermanentError),
    (413, "RESOURCE_SIZE_EXCEEDED", PermanentError),
    (415, "UNSUPPORTED_MEDIA_TYPE", PermanentError),
    (422, "INVALID_DATA", FieldsRefused),
    (422, "UNPROCESSABLE_ENTITY", FieldsRefused),
    (422, "EMPTY_PAYLOAD", PermanentError),
    (422, "DUPLICATE_CONTRACT", PermanentError),
    (429, "TOO_MANY_REQUESTS", BriefFailure),
    (429, "THRESHOLD_EXCEEDED", TemporaryError),
    (500, "INTERNAL_SERVER_ERROR", BriefFailure),
]


def test_every_row_of_the_table_is_tried():
    assert {(status, code): kind for status, code, kind in KIND_OF_STATUS} == FAILURES


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        *KIND_OF_STATUS,
        pytest.param(400, "SOMETHING_NEW", PermanentError, id="a new code of 400"),
        pytest.param(404, "SOMETHING_NEW", Gone, id="a new code of 404"),
        pytest.param(422, "SOMETHING_NEW", FieldsRefused, id="a new code of 422"),
        pytest.param(418, "", PermanentError, id="an unknown 4xx"),
        pytest.param(302, "", TemporaryError, id="a redirect is not followed"),
        pytest.param(408, "", TemporaryError, id="a gateway that gave up"),
        pytest.param(502, "", BriefFailure, id="a gateway"),
        pytest.param(503, "", BriefFailure, id="maintenance"),
        pytest.param(507, "", TemporaryError, id="an unknown 5xx"),
    ],
)
def test_a_failure_has_the_type_that_its_caller_needs(desk, status, code, kind):
    desk.post(TOKEN_URL, json={"access_token": "1000.new"})
    desk.get(URL, status=status, json={"errorCode": code, "message": "…"}, headers={"Location": "https://evil.example"})

    with pytest.raises(DeskSyncError) as caught:
        make_client().read_ticket(TICKET)

    assert type(caught.value) is (Unreadable if kind is Forbidden else kind), "one refused ticket is its own trouble"
    assert f"{status}" in str(caught.value)
    assert code in str(caught.value) or code == "SOMETHING_NEW"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(200, TemporaryError, id="a page instead of a ticket"),
        pytest.param(403, TemporaryError, id="a firewall's page is no evidence about our rights"),
        pytest.param(404, TemporaryError, id="a gateway's page is no evidence about the ticket"),
        pytest.param(401, CredentialsRefused, id="Desk's own 401 is a page at times"),
        pytest.param(502, BriefFailure, id="a gateway's page"),
    ],
)
def test_a_page_instead_of_json_is_judged_by_its_status(desk, status, kind):
    desk.post(TOKEN_URL, json={"access_token": "1000.new"})
    desk.get(URL, status=status, body="\n<!DOCTYPE html><title>canary</title>")

    with pytest.raises(DeskSyncError) as caught:
        make_client().read_ticket(TICKET)

    assert type(caught.value) is kind
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("answer", [[], {}, {"id": "1"}, "text"], ids=repr)
def test_an_answer_that_is_not_the_ticket_is_not_taken_for_it(desk, answer):
    desk.get(URL, json=answer)

    with pytest.raises(Unreadable):
        make_client().read_ticket(TICKET)


def test_refused_values_are_named_by_our_words_and_never_repeated(desk):
    errors = [
        {"fieldName": "/cf/cf_severity", "errorType": "invalid", "errorMessage": "canary"},
        {"fieldName": "/contactId", "errorType": "missing", "errorMessage": ""},
        {"fieldName": "/cf/canary value", "errorType": "canary"},
        {"fieldName": "/email", "errorType": "canary"},
        "canary",
    ]
    desk.patch(URL, status=422, json={"errorCode": "INVALID_DATA", "message": "canary", "errors": errors})

    with pytest.raises(PermanentError) as caught:
        make_client().write_ticket(TICKET, {Field.SEVERITY: "canary"})

    faults = "severity (cf_severity) is invalid, contactId is missing, email is refused"
    assert str(caught.value) == f"Desk answered 422 INVALID_DATA to PATCH /tickets/{TICKET}: {faults}"


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        pytest.param({"Retry-After": "5400"}, timedelta(minutes=90), id="seconds"),
        pytest.param({"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, timedelta(hours=2), id="an instant"),
        pytest.param({"Retry-After": "Mon, 23 Nov 2026 08:00:00 GMT"}, timedelta(0), id="an instant that has passed"),
        pytest.param({"Retry-After": "999999999"}, timedelta(days=1), id="credits come back every day"),
        pytest.param({"Retry-After": "soon"}, timedelta(hours=1), id="nonsense"),
        pytest.param({"Retry-After": "9" * 5_000}, timedelta(hours=1), id="5,000 digits"),
        pytest.param({"Retry-After": f"Mon, 23 Nov {'9' * 20} 11:00:00 GMT"}, timedelta(hours=1), id="a far year"),
        pytest.param({}, timedelta(hours=1), id="no header"),
    ],
)
def test_after_the_last_credit_the_call_is_not_repeated_and_the_wait_is_known(desk, headers, after):
    desk.get(URL, status=429, json={"errorCode": "THRESHOLD_EXCEEDED"}, headers=headers)

    with pytest.raises(TemporaryError) as caught:
        make_client().read_ticket(TICKET)

    assert caught.value.retry_after == after
    assert len(desk.calls) == 1


@pytest.mark.parametrize(
    ("header", "after"),
    [
        pytest.param("20", timedelta(seconds=20), id="Desk's own time"),
        pytest.param("86400", timedelta(seconds=90), id="not for longer than the portal is paused"),
        pytest.param("Tue, 24 Nov 2026 09:00:00 GMT", timedelta(seconds=90), id="an instant a day ahead"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_time_that_an_ill_portal_asks_for_has_a_bound(desk, status, header, after):
    desk.get(URL, status=status, headers={"Retry-After": header})

    with pytest.raises(TemporaryError) as caught:
        make_client().read_ticket(TICKET)

    assert caught.value.retry_after == after


# Repeating ----------------------------------------------------------------------------------------------------------

PASSING = [
    pytest.param({"status": 500, "json": {"errorCode": "INTERNAL_SERVER_ERROR"}}, id="500"),
    pytest.param({"status": 502, "body": "<html>"}, id="a gateway's page"),
    pytest.param({"status": 503}, id="503"),
    pytest.param({"status": 504}, id="504"),
    pytest.param({"status": 429, "json": {"errorCode": "TOO_MANY_REQUESTS"}}, id="too many at once"),
    pytest.param({"body": requests.ConnectionError("reset")}, id="a connection that broke"),
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_read_is_repeated_after_a_passing_fault(desk, fault):
    desk.get(URL, **fault)
    desk.get(URL, json=make_raw(cf={BOX: "true"}))

    assert make_client().read_ticket(TICKET)


@pytest.mark.parametrize("fault", [*PASSING, pytest.param({"body": requests.Timeout("slow")}, id="no answer in time")])
@pytest.mark.parametrize("call", ["PATCH", "POST"])
def test_what_is_written_is_sent_once(desk, call, fault):
    """L6, and L7: a person may have changed the ticket before the repetition."""
    for method, url in ((desk.patch, URL), (desk.post, COMMENTS)):
        method(url, **fault)
        method(url, json=make_raw(cf={BOX: "true"}))
    client = make_client()

    with pytest.raises(TemporaryError):
        {
            "PATCH": lambda: client.write_ticket(TICKET, {Field.LARGE_USER: True}),
            "POST": lambda: client.add_comment(TICKET, "text", MARK),
        }[call]()

    assert len(desk.calls) == 1


def test_repeats_are_few_and_within_seconds(desk):
    desk.get(URL, status=503)
    waits: list[float] = []

    with pytest.raises(TemporaryError):
        make_client(sleep=waits.append).read_ticket(TICKET)

    assert len(desk.calls) == ATTEMPTS
    assert 0 < sum(waits) < 5


def test_no_repeat_begins_that_could_not_end_before_the_deadline(desk):
    desk.get(URL, status=503)

    with pytest.raises(TemporaryError):
        make_client(timeout=timedelta(seconds=0.1)).read_ticket(TICKET)

    assert len(desk.calls) == 1


@pytest.mark.parametrize(
    "fault",
    [{"status": 401, "json": {"errorCode": "INVALID_OAUTH"}}, {"status": 401, "body": "<html>"}],
    ids=["JSON", "a page"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_token_is_replaced_once_and_the_call_repeated(desk, method, fault):
    tokens = FakeTokens(make_token())
    desk.post(TOKEN_URL, json={"access_token": "1000.new"})
    for url in (URL, COMMENTS):
        desk.add(method, url, **fault)
        desk.add(method, url, json=make_raw(cf={BOX: "true"}))
    client = make_client(tokens=tokens)

    {
        "GET": lambda: client.read_ticket(TICKET),
        "POST": lambda: client.add_comment(TICKET, "text", MARK),
    }[method]()

    assert tokens.token.access_token == "1000.new"
    assert desk.calls[-1].request.headers["Authorization"] == "Zoho-oauthtoken 1000.new"
    assert len(desk.calls) == 3


def test_a_write_with_a_refused_token_is_left_to_its_caller_with_a_new_one(desk):
    """L7: the ticket may have changed while the token was replaced."""
    tokens = FakeTokens(make_token())
    desk.post(TOKEN_URL, json={"access_token": "1000.new"})
    desk.patch(URL, status=401, json={"errorCode": "INVALID_OAUTH"})

    with pytest.raises(TemporaryError) as caught:
        make_client(tokens=tokens).write_ticket(TICKET, {Field.LARGE_USER: True})

    assert caught.value.retry_after <= timedelta(seconds=1)
    assert tokens.token.access_token == "1000.new"
    assert [each.request.method for each in desk.calls] == ["PATCH", "POST"]


def test_a_second_refusal_is_final(desk):
    desk.post(TOKEN_URL, json={"access_token": "1000.new"})
    desk.get(URL, status=401, json=read_payload("rest_error_invalid_oauth.json"))

    with pytest.raises(CredentialsRefused):
        make_client().read_ticket(TICKET)

    assert [call.request.method for call in desk.calls] == ["GET", "POST", "GET"]


# Where a call may go, and how long it may take ----------------------------------------------------------------------


def test_a_desk_that_is_not_zohos_is_refused_at_once():
    with pytest.raises(ConfigurationError, match="evil"):
        make_client(url="https://evil.example")


def test_a_redirect_takes_the_token_nowhere(desk):
    desk.get(URL, status=307, headers={"Location": "https://evil.example/"})
    elsewhere = desk.get("https://evil.example/", json=make_raw())

    with pytest.raises(TemporaryError):
        make_client().read_ticket(TICKET)

    assert elsewhere.call_count == 0


def test_proxies_and_passwords_of_the_environment_are_not_used(monkeypatch):
    with serving(answering(http(json.dumps(make_raw()).encode()))) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "")

        assert make_client(url=server.url).read_ticket(TICKET)


def test_an_id_cannot_leave_its_place_in_the_path(desk):
    desk.get(f"{API}/tickets/..%2Fagents%3Fx", status=404, json={"errorCode": "URL_NOT_FOUND"})

    with pytest.raises(Gone):
        make_client().read_ticket("../agents?x")


WHOLE = http(json.dumps(make_raw()).encode())
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 2000
BY_CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b" " * 2000


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(dripping(WHOLE), id="the status line and headers drip"),
        pytest.param(dripping(CHUNKED), id="chunks drip"),
        pytest.param(dripping(BY_CLOSING), id="a body without length drips"),
        pytest.param(lambda _: threading.Event().wait(3), id="silence"),
    ],
)
def test_a_call_ends_at_its_deadline_however_slowly_the_answer_comes(behaviour):
    started = time.monotonic()

    with serving(behaviour) as server, pytest.raises(TemporaryError):
        make_client(url=server.url, timeout=timedelta(seconds=0.6)).read_ticket(TICKET)

    assert time.monotonic() - started < 1.5


def test_a_body_that_drips_after_prompt_headers_ends_at_the_deadline_too():
    def drip_body(connection):
        head, body = WHOLE.split(b"\r\n\r\n", 1)
        connection.sendall(head + b"\r\n\r\n")
        dripping(body)(connection)

    started = time.monotonic()

    with serving(drip_body) as server, pytest.raises(TemporaryError):
        make_client(url=server.url, timeout=timedelta(seconds=0.6)).read_ticket(TICKET)

    assert time.monotonic() - started < 1.5


def test_no_request_is_sent_after_the_deadline(desk):
    desk.get(URL, json=make_raw())

    with pytest.raises(TemporaryError):
        make_client(timeout=timedelta(0)).read_ticket(TICKET)

    assert not desk.calls


def test_a_connection_that_is_reset_is_tried_again():
    with serving(resetting, resetting, answering(WHOLE)) as server:
        assert make_client(url=server.url).read_ticket(TICKET).ticket_id == TICKET
        assert len(server.requests) == 3


def test_an_answer_that_breaks_off_is_tried_again():
    with serving(answering(WHOLE[:-10]), answering(WHOLE)) as server:
        assert make_client(url=server.url).read_ticket(TICKET).ticket_id == TICKET


def test_an_answer_that_is_too_large_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 100_000)

    with serving(answering(http(b" " * 1_000_000))) as server, pytest.raises(Unreadable, match="larger than 100000"):
        make_client(url=server.url).read_ticket(TICKET)


def test_an_unreachable_server_is_a_temporary_error():
    with serving(resetting) as server:
        url = server.url

    with pytest.raises(TemporaryError):
        make_client(url=url).read_ticket(TICKET)


def test_a_connection_is_kept_for_the_next_call():
    def twice(connection):
        connection.sendall(WHOLE)
        connection.recv(65536)
        connection.sendall(WHOLE)

    with serving(twice) as server:
        client = make_client(url=server.url)
        assert client.read_ticket(TICKET) == client.read_ticket(TICKET)
        assert len(server.requests) == 1


class AnswersClock:
    """The port `AnswerClock`: it keeps what was recorded."""

    def __init__(self) -> None:
        self.recorded: list[tuple[datetime, timedelta]] = []

    def steady(self) -> timedelta:
        return timedelta(seconds=7)

    def record(self, date: datetime, *, sent: timedelta) -> None:
        self.recorded.append((date, sent))


@pytest.mark.parametrize(
    ("status", "headers", "recorded"),
    [
        pytest.param("200 OK", "Date: Mon, 16 Nov 2026 08:00:01 GMT", True, id="a date"),
        pytest.param("200 OK", "Date: Mon, 16 Nov 2026 08:00:01 GMT\r\nAge: 0", True, id="fresh from a cache"),
        pytest.param("200 OK", "Date: Mon, 16 Nov 2026 08:00:01 GMT\r\nAge: 40", False, id="kept by a cache"),
        pytest.param("200 OK", "Date: Mon, 16 Nov 2026 08:00:01 -0000", True, id="without a zone"),
        pytest.param("200 OK", "Date: Mon, 16 Nov 2026 09:00:01 +0100", True, id="of another zone"),
        pytest.param("200 OK", "Date: now", False, id="no date"),
        pytest.param("200 OK", "Date: Mon, 16 Nov 99999 08:00:01 GMT", False, id="an impossible one"),
        pytest.param("200 OK", "Date: Fri, 31 Dec 9999 23:59:59 -0100", False, id="after the last year"),
        pytest.param("200 OK", "X-None: 1", False, id="without a date"),
        pytest.param("503 Down", "Date: Mon, 16 Nov 2026 08:00:01 GMT", False, id="an answer of a gateway"),
    ],
)
def test_desks_time_is_read_from_its_good_answers(status, headers, recorded):
    clock = AnswersClock()
    answer = http(json.dumps(make_raw()).encode(), status=status, headers=f"{headers}\r\n")
    with serving(answering(answer)) as served, suppress(DeskSyncError):
        make_client(url=served.url, clock=clock).read_ticket(TICKET)

    expected = (datetime(2026, 11, 16, 8, 0, 1, tzinfo=UTC), timedelta(seconds=7))
    assert clock.recorded == ([expected] if recorded else [])


def test_an_instant_until_which_desk_asks_to_wait_is_compared_with_its_own_date():
    headers = "Date: Mon, 16 Nov 2026 08:00:00 GMT\r\nRetry-After: Mon, 16 Nov 2026 08:00:40 GMT\r\n"
    busy = http(b'{"errorCode": "TOO_MANY_REQUESTS"}', status="429 Busy", headers=headers)

    with serving(answering(busy)) as served, pytest.raises(TemporaryError) as error:
        make_client(url=served.url, now=lambda: datetime(2030, 1, 1, tzinfo=UTC)).read_ticket(TICKET)

    assert error.value.retry_after == timedelta(seconds=40)
