"""The requests that the client really sends, compared with the facts about Desk in desk.yaml."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import responses
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from desk_sync.adapters.desk.events import HINTS
from desk_sync.adapters.desk.failures import FAILURES
from desk_sync.adapters.desk.payload import LONGEST_COMMENT
from desk_sync.adapters.zoho.transport import DeadlineAdapter
from desk_sync.domain.ticket.comment_trace import PrivateTrace
from desk_sync.domain.ticket.ticket import Field
from tests.adapters.desk.portal import (
    API,
    DESK,
    NOW,
    ORG,
    TICKET,
    TOKEN_URL,
    VOCABULARY,
    FakeTokens,
    make_access,
    make_client,
    make_raw,
    make_token,
)
from tests.support.makers import make_ticket

CONTRACT = YAML(typ="safe").load(Path(__file__).with_name("desk.yaml"))
CALLS = {call["id"]: call for call in CONTRACT["calls"]}
MARK = "ds-0123456789ab"
ACCOUNT, CONTACT = "119514000001200201", "119514000001200101"
WITH_CONTRACTS = replace(VOCABULARY, account_fields=replace(VOCABULARY.account_fields, contracts=True))
WRITTEN = {Field.LARGE_USER: True, Field.SEVERITY: None, Field.CUSTOMER_PRIMARY_EMAIL: "admin@large.example"}
SHOWN = {
    "cf_priority_customer_large_user_account": "true",
    "cf_customer_primary_email_address": "admin@large.example",
}

OFFICE = {"type": "24X7", "timeZone": {"id": "Europe/Berlin"}, "holidayLists": [{"id": "8001", "status": "ACTIVE"}]}

# By method of the client: the ids of the calls it makes, and an example.
USES = {
    "read_ticket": (["read_ticket"], lambda client: client.read_ticket(TICKET)),
    "write_ticket": (["write_ticket"], lambda client: client.write_ticket(TICKET, WRITTEN)),
    "add_comment": (
        ["create_comment"],
        lambda client: client.add_comment(TICKET, "text " * 10_000, MARK),
    ),
    "add_public_comment": (["create_comment"], lambda client: client.add_public_comment(TICKET, "text")),
    "edit_comment": (["list_comments", "write_comment"], lambda client: client.edit_comment(TICKET, "text", MARK)),
    "has_comment": (
        ["list_comments"],
        lambda client: client.has_comment(TICKET, PrivateTrace(reference="ds-ffffffffffff")),
    ),
    "read_comment": (["list_comments"], lambda client: client.read_comment(TICKET, "ds-ffffffffffff")),
    "read_comments": (["list_comments"], lambda client: client.read_comments(TICKET)),
    "read_past": (
        ["read_history", "list_layouts", "read_layout"],
        lambda client: client.read_past(make_ticket(ticket_id=TICKET)),
    ),
    "read_own_agent": (["read_myself"], lambda client: client.read_own_agent()),
    "greet": (["list_organizations"], lambda client: client.greet()),
    "catalogue": (
        ["list_departments", "list_fields", "list_layouts", "read_layout", "list_agents", "list_teams"],
        lambda client: client.catalogue(),
    ),
    "status_types": (["list_layouts", "read_layout"], lambda client: client.status_types("1")),
    "read_threads": (
        ["list_threads", "read_thread"],
        lambda client: client.read_threads(make_ticket(ticket_id=TICKET), known=(), contents=True),
    ),
    "read_status_changes": (["read_history"], lambda client: client.read_status_changes(TICKET)),
    "read_mailboxes": (["read_latest_thread"], lambda client: client.read_mailboxes(TICKET)),
    "read_partner": (["read_account"], lambda client: client.read_partner(ACCOUNT)),
    "partner_of": (["read_contact"], lambda client: client.partner_of(CONTACT)),
    "read_tags": (["list_tags"], lambda client: client.read_tags(TICKET)),
    "read_agent": (["read_agent_by_email"], lambda client: client.read_agent("ada@desk.example")),
    "business_hours": (
        ["list_business_hours", "read_business_hours", "read_holiday_list"],
        lambda client: client.business_hours("Office"),
    ),
    "modified_between": (
        ["search_tickets"],
        lambda client: list(client.modified_between(NOW, NOW + timedelta(days=1))),
    ),
    "replied_between": (
        ["search_tickets"],
        lambda client: list(client.replied_between(NOW, NOW + timedelta(days=1))),
    ),
}


@pytest.fixture
def sent():
    """A function that returns the requests of one use of the client."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        ticket = make_raw(cf=SHOWN)
        comments = {"data": [{"id": "1", "content": f"text [{MARK}]"}] * 100}
        mock.get(re.compile(f"{API}/tickets/[0-9]+$"), json=ticket)
        mock.patch(re.compile(f"{API}/tickets/[0-9]+$"), json=ticket)
        mock.get(f"{API}/tickets/search", json={"data": [{"id": "1", "modifiedTime": ticket["modifiedTime"]}] * 100})
        mock.get(f"{API}/tickets/search", status=204)
        mock.get(re.compile(f"{API}/accounts/[0-9]+$"), json={"id": ACCOUNT, "accountName": "Prairie"})
        mock.get(re.compile(f"{API}/accounts/[0-9]+/contracts"), json={"data": [{"endDate": "2026-12-31"}]})
        mock.get(re.compile(f"{API}/contacts/[0-9]+$"), json={"id": CONTACT, "accountId": ACCOUNT})
        mock.get(f"{API}/organizations", json={"data": [{"id": ORG, "edition": "ENTERPRISE"}]})
        mock.get(f"{API}/myinfo", json={"id": "1", "zuid": "2", "status": "ACTIVE"})
        mock.get(f"{API}/fields", json={"data": [{"apiName": "cf_severity"}]})
        mock.get(f"{API}/departments", json={"data": [{"id": "6001", "name": "Support"}]})
        mock.get(f"{API}/layouts", json={"data": [{"id": "6101", "layoutName": "Standard"}]})
        mock.get(f"{API}/layouts/6101", json={"id": "6101", "sections": []})
        mock.get(f"{API}/agents", json={"data": [{"id": "1", "zuid": "2", "emailId": "ada@desk.example"}]})
        mock.get(f"{API}/teams", json={"teams": [{"id": "3", "name": "Escalation"}]})
        mock.get(f"{API}/businessHours", json={"data": [{"id": "7001", "name": "Office"}]})
        mock.get(f"{API}/businessHours/7001", json=OFFICE)
        mock.get(f"{API}/holidayList/8001", json={"holidayListType": "RECURRING", "holidays": []})
        mock.post(re.compile(f"{API}/tickets/[0-9]+/comments$"), json={"id": "1"})
        mock.patch(re.compile(f"{API}/tickets/[0-9]+/comments/1$"), json={"id": "1"})
        mock.get(re.compile(f"{API}/tickets/[0-9]+/History"), json={"data": []})
        mock.get(re.compile(f"{API}/tickets/[0-9]+/comments"), json=comments)
        mock.get(re.compile(f"{API}/tickets/[0-9]+/comments"), json={"data": []})
        mock.get(re.compile(f"{API}/tickets/[0-9]+/tags"), json={"tags": [{"id": "1", "name": "escalate"}]})
        mock.get(re.compile(f"{API}/agents/email/"), json={"id": "1", "zuid": "2", "status": "ACTIVE"})
        threads = [{"id": "3", "direction": "in"}, {"id": "2", "direction": "out"}]
        mock.get(re.compile(f"{API}/tickets/[0-9]+/threads([?]|$)"), json={"data": threads})
        mock.get(re.compile(f"{API}/tickets/[0-9]+/threads/[0-9]+"), json={"id": "3", "content": "<p>text</p>"})
        mock.get(re.compile(f"{API}/tickets/[0-9]+/latestThread"), json=threads[0] | {"to": "help@desk.example"})
        yield lambda use: (use(make_client()), [call.request for call in mock.calls])[1]


def matches(call: dict, path: str) -> bool:
    written = re.escape(CONTRACT["base"] + call["path"]).replace(r"\{email\}", "[^/]+@[^/]+")
    pattern = re.sub(r"\\\{[a-z_]+\\\}", "[0-9]+", written)
    return re.fullmatch(pattern, path) is not None


def call_of(request) -> dict:
    """The one call of the contract that a request is."""
    path = urlsplit(request.url).path
    (known,) = [call for call in CALLS.values() if call["method"] == request.method and matches(call, path)]
    return known


@pytest.mark.parametrize(("calls", "use"), USES.values(), ids=USES)
def test_every_request_is_a_call_of_the_contract(sent, calls, use):
    assert list(dict.fromkeys(call_of(request)["id"] for request in sent(use))) == calls


@pytest.mark.parametrize(("_", "use"), USES.values(), ids=USES)
def test_queries_and_headers_are_those_of_the_contract(sent, _, use):
    for request in sent(use):
        query = dict(parse_qsl(urlsplit(request.url).query))
        headers = CONTRACT["headers"]["request"]

        assert query.keys() <= set(call_of(request)["query"])
        assert request.headers["orgId"] == headers["orgId"].format(org_id=ORG)
        assert request.headers["Authorization"] == headers["Authorization"].format(
            access_token=make_token().access_token
        )
        assert request.headers.get("Content-Type") == (headers["Content-Type"] if request.body else None)


@pytest.mark.parametrize(("_", "use"), USES.values(), ids=USES)
def test_bodies_are_those_of_the_contract(sent, _, use):
    for request in sent(use):
        body = call_of(request).get("body")
        assert bool(body) == bool(request.body)
        if body:
            schema = body | {"$defs": CONTRACT["$defs"]}
            Draft202012Validator(schema).validate(json.loads(request.body))


def test_a_thread_whose_content_is_not_listed_is_read_as_the_contract_says(sent):
    _, request = sent(lambda client: client.read_threads(make_ticket(ticket_id=TICKET), known=(), contents=True))

    assert matches(CALLS["read_thread"], urlsplit(request.url).path)
    assert request.method == CALLS["read_thread"]["method"]


def test_contracts_are_requested_as_the_contract_says(sent):
    _, request = sent(lambda _: make_client(vocabulary=WITH_CONTRACTS).read_partner(ACCOUNT))

    assert matches(CALLS["list_contracts"], urlsplit(request.url).path)
    assert parse_qs(urlsplit(request.url).query).keys() <= set(CALLS["list_contracts"]["query"])


def test_every_use_of_the_client_is_tried():
    assert {name for name in dir(make_client()) if not name.startswith("_")} == USES.keys()


def test_a_refresh_is_what_the_token_server_takes():
    facts = CONTRACT["token"]
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, json={"access_token": "1000.new"})
        make_access(FakeTokens()).token(DeadlineAdapter(5))
        request = mock.calls[0].request

    body = parse_qs(request.body)
    assert (request.method, urlsplit(request.url).path) == (facts["method"], facts["path"])
    assert body.pop("grant_type") == ["refresh_token"]
    assert body.keys() == set(facts["grants"]["refresh_token"])


def test_every_error_of_the_contract_has_its_row():
    rows = {(facts["status"], code) for code, facts in CONTRACT["errors"].items()}

    assert rows <= FAILURES.keys()


def test_every_event_of_the_contract_is_read():
    assert HINTS.keys() == CONTRACT["webhook"]["events"].keys()


def test_a_comment_is_as_long_as_the_contract_allows():
    assert CONTRACT["$defs"]["comment_write"]["properties"]["content"]["maxLength"] == LONGEST_COMMENT


def test_the_base_is_the_contracts():
    assert DESK + CONTRACT["base"] == API
