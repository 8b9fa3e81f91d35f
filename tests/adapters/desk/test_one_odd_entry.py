"""One entry in fifty that cannot be read: it is left out and said, and the other forty-nine are read (L15)."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs

from desk_sync.adapters.desk import conversation, events, evidence, partner, payload
from desk_sync.domain.ticket.event import EventHint
from tests.adapters.desk.portal import ORG, VOCABULARY, make_raw

AT = "2026-11-23T09:00:00.000Z"
NAMES = VOCABULARY.account_fields
THREAD = {"createdTime": AT, "direction": "in", "status": "SUCCESS"}
COMMENT = {"commentedTime": AT, "isPublic": True}
CHANGE = {"propertyName": "status", "propertyValue": {"previousValue": "Open", "updatedValue": "On Hold"}}
ENTRIES = {
    "thread": (conversation.threads, THREAD),
    "comment": (conversation.comments, COMMENT),
    "event": (conversation.status_changes, {"eventTime": AT, "eventInfo": [CHANGE]}),
    "ticket": (lambda answer: payload.modifications(answer, "modifiedTime"), {"modifiedTime": AT}),
}


def fifty(good, odd):
    """An answer with fifty entries; the eighth is odd."""
    entries = [good | {"id": f"{number}"} for number in range(50)]
    entries[7] = odd
    return {"data": entries}


def exploding(*_, **__):
    raise RuntimeError("canary")


@pytest.mark.parametrize("odd", [None, 7, "text", []], ids=repr)
@pytest.mark.parametrize("what", ENTRIES)
def test_an_entry_that_is_no_object(what, odd):
    read, good = ENTRIES[what]

    with capture_logs() as logs:
        found = read(fifty(good, odd))

    assert len(found) == 49
    assert [(line["event"], line["cause"], line["count"]) for line in logs] == [
        ("entry.left_out", "it is not an object", 1)
    ]


@pytest.mark.parametrize("what", ["thread", "comment", "ticket"])
def test_an_entry_without_what_is_needed_of_it(what):
    read, good = ENTRIES[what]

    with capture_logs() as logs:
        found = read(fifty(good, good | {"id": "canary"}))

    assert len(found) == 49
    assert [(line["what"], line["cause"]) for line in logs] == [(what, "it has no usable id")]


def test_an_entry_that_our_own_code_cannot_read(monkeypatch):
    monkeypatch.setattr(conversation, "_author", lambda raw: exploding() if raw else conversation.AuthorKind.OTHER)

    with capture_logs() as logs:
        found = conversation.threads(fifty(THREAD, THREAD | {"id": "7", "author": {"id": "1"}}))

    assert len(found) == 49
    assert logs[0]["cause"].startswith("RuntimeError in test_one_odd_entry.py:")


def test_a_contract_that_cannot_be_read():
    contracts = {"data": [{"endDate": "2026-12-31"}, None, {"endDate": "soon"}, {"endDate": "2027-01-31"}]}

    assert f"{partner.read_partner({'id': '1'}, contracts, NAMES).contract_until}" == "2027-01-31"


@pytest.mark.parametrize("function", ["read_plain", "read_text"])
def test_a_description_that_cannot_be_read_leaves_the_rest_of_the_ticket(monkeypatch, function):
    without = payload.read_ticket(make_raw(description=""), VOCABULARY)
    real, failures = getattr(evidence, function), [exploding]
    monkeypatch.setattr(evidence, function, lambda *args, **named: (failures or [real]).pop()(*args, **named))

    with capture_logs() as logs:
        ticket = payload.read_ticket(make_raw(description="canary"), VOCABULARY)

    assert (ticket.status, ticket.severity, ticket.evidence) == (without.status, without.severity, without.evidence)
    assert [line["event"] for line in logs] == ["text.unread"]


def delivery(*odd):
    good = {"eventType": "Ticket_Delete", "eventTime": "1784296961000", "orgId": ORG}
    return json.dumps([*(good | {"payload": {"id": f"{number + 1}"}} for number in range(49)), *odd]).encode()


def test_an_event_that_our_own_code_cannot_read(monkeypatch):
    monkeypatch.setitem(events._READERS, EventHint.CONVERSATION, exploding)
    odd = {"eventType": "Ticket_Thread_Add", "payload": {}, "orgId": ORG}

    with capture_logs() as logs:
        found = events.read_events(delivery(odd), VOCABULARY, org_id=ORG)

    assert len(found) == 49
    assert logs[0]["cause"].startswith("RuntimeError in test_one_odd_entry.py:")


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(rb"\ud83d", id="half an emoji"),
        pytest.param(b"\x07", id="a control character"),
        pytest.param(b"\xed\xa0\xbd\xed\xb8\x80", id="CESU-8"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(rb"\u0000", id="NUL"),
    ],
)
def test_an_event_with_odd_characters_is_an_event(subject):
    odd = {"eventType": "Ticket_Delete", "eventTime": "1", "orgId": ORG, "payload": {"id": "77", "subject": "SUBJECT"}}
    body = delivery(odd).replace(b"SUBJECT", subject)

    for mark in (b"", b"\xef\xbb\xbf"):
        assert len(events.read_events(mark + body, VOCABULARY, org_id=ORG)) == 50
