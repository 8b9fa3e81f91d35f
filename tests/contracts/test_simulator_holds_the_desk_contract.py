"""The simulated Desk, over real HTTP, against desk.yaml; and both against the OpenAPI file, if it is present."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from desk_sync.simulated_desk import webhooks
from desk_sync.simulated_desk.error import STATUS
from desk_sync.simulated_desk.portal.quirks import QUIRKS
from desk_sync.simulated_desk.rest.routes import ROUTES
from desk_sync.simulated_desk.running import RunningDesk
from desk_sync.simulated_desk.server import running

CONTRACT = YAML(typ="safe").load(Path(__file__).with_name("desk.yaml"))
CALLS: dict[str, dict[str, Any]] = {each["id"]: each for each in CONTRACT["calls"]}
OPENAPI = Path(__file__).parents[3] / "shared" / "desk-api" / "openapi.json"
MARKS = {"O", "L", "T", "C", "U"}
SPAN = "2020-01-01T00:00:00.000Z,2030-01-01T00:00:00.000Z"
UNKNOWN_ID = "700100999999999999"
HOOK = {"url": "http://receiver.example/hook", "subscriptions": {"Ticket_Delete": None}}
UNREACHABLE = {**HOOK, "url": "http://127.0.0.1:9/hook"}

needs_openapi = pytest.mark.skipif(not OPENAPI.exists(), reason="the OpenAPI file is not beside the checkout")


@dataclass(frozen=True)
class Desk:
    """A client with a token, and a portal that holds one object of every kind."""

    simulation: RunningDesk
    url: str
    session: requests.Session
    names: dict[str, str]

    def call(self, call_id: str, example: Example) -> requests.Response:
        call = CALLS[call_id]
        path = self.fill(re.sub(r"\{\w+\}", "{}", call["path"]).format(*example.ids))
        query = {key: self.fill(value) for key, value in example.query.items()}
        body = json.loads(self.fill(json.dumps(example.body))) if example.body is not None else None
        return self.session.request(call["method"], f"{self.url}{CONTRACT['base']}{path}", params=query, json=body)

    def fill(self, text: str) -> str:
        return re.sub(r"<(\w+)>", lambda match: self.names[match[1]], text)


@dataclass(frozen=True)
class Example:
    """The request that gives the status; <names> are replaced by ids of the portal."""

    status: int
    ids: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


# For each call one example of each status that the contract names.
TICKET, GONE = ("<ticket>",), (UNKNOWN_ID,)
EXAMPLES: dict[str, list[Example]] = {
    "read_ticket": [Example(200, TICKET, {"include": "contacts,assignee,departments"}), Example(404, GONE)],
    "write_ticket": [
        Example(200, TICKET, body={"priority": "High", "cf": {"cf_severity": "S1-Critical"}}),
        Example(404, GONE, body={"priority": "High"}),
        Example(422, TICKET, body={"isEscalated": True}),
    ],
    "create_ticket": [
        Example(200, body={"departmentId": "<department>", "contactId": "<contact>", "subject": "Down"}),
        Example(422, body={"subject": "Down"}),
    ],
    "list_tickets": [
        Example(200, query={"departmentIds": "<department>"}),
        Example(204, query={"status": "Escalated"}),
    ],
    "search_tickets": [
        Example(200, query={"modifiedTimeRange": SPAN, "sortBy": "-modifiedTime"}),
        Example(204, query={"email": "unknown@partner.example"}),
        Example(422, query={"from": "1000"}),
    ],
    "move_ticket": [
        Example(200, ("<movable>",), {"departmentId": "<other_department>"}, {"departmentId": "<other_department>"}),
        Example(404, GONE, {"departmentId": "<department>"}, {}),
        Example(422, TICKET, body={"departmentId": "<department>"}),
    ],
    "trash_tickets": [Example(204, body={"ticketIds": ["<trashable>"]}), Example(422, body={"ticketIds": []})],
    "read_metrics": [Example(200, TICKET), Example(404, GONE)],
    "read_history": [
        Example(200, TICKET),
        Example(204, TICKET, {"eventFilter": "SLAHistory"}),
        Example(404, GONE),
    ],
    "list_threads": [Example(200, TICKET), Example(404, GONE)],
    "read_thread": [
        Example(200, ("<ticket>", "<thread>"), {"include": "plainText"}),
        Example(404, ("<ticket>", UNKNOWN_ID)),
    ],
    "read_full_content": [Example(200, ("<ticket>", "<thread>")), Example(404, ("<ticket>", UNKNOWN_ID))],
    "read_latest_thread": [Example(200, TICKET), Example(204, ("<threadless>",)), Example(404, GONE)],
    "list_comments": [Example(200, TICKET, {"limit": "100", "sortBy": "-commentedTime"}), Example(404, GONE)],
    "create_comment": [
        Example(200, TICKET, body={"content": "Seen", "isPublic": False}),
        Example(404, GONE, body={"content": "Seen"}),
        Example(422, TICKET, body={"content": "x" * 32_001}),
    ],
    "write_comment": [
        Example(200, ("<ticket>", "<comment>"), body={"content": "Seen again"}),
        Example(404, ("<ticket>", UNKNOWN_ID), body={"content": "Seen"}),
        Example(422, ("<ticket>", "<comment>"), body={"content": 7}),
    ],
    "delete_comment": [Example(200, ("<ticket>", "<removable>")), Example(404, ("<ticket>", UNKNOWN_ID))],
    "list_tags": [Example(200, TICKET), Example(404, GONE)],
    "add_tags": [
        Example(200, TICKET, body={"tags": ["large-user"]}),
        Example(404, GONE, body={"tags": ["large-user"]}),
        Example(422, TICKET, body={"tags": ["ab"]}),
    ],
    "remove_tags": [
        Example(200, TICKET, body={"tags": ["large-user"]}),
        Example(404, GONE, body={"tags": ["large-user"]}),
        Example(422, TICKET, body={"tags": []}),
    ],
    "search_contacts": [
        Example(200, query={"email": "help@partner.example"}),
        Example(204, query={"email": "unknown@partner.example"}),
        Example(422, query={"limit": "101"}),
    ],
    "read_contact": [Example(200, ("<contact>",), {"include": "accounts"}), Example(404, GONE)],
    "read_account": [Example(200, ("<account>",)), Example(404, GONE)],
    "search_accounts": [
        Example(200, query={"accountName": "Partner"}),
        Example(204, query={"accountName": "Nobody"}),
        Example(422, query={"limit": "101"}),
    ],
    "list_contracts": [
        Example(200, ("<account>",), {"contractStatus": "ACTIVE"}),
        Example(204, ("<account>",), {"contractStatus": "EXPIRED"}),
        Example(404, GONE),
    ],
    "list_fields": [Example(200, query={"module": "tickets"}), Example(422)],
    "list_layouts": [
        Example(200, query={"module": "tickets"}),
        Example(204, query={"module": "tickets", "departmentId": UNKNOWN_ID}),
        Example(422),
    ],
    "read_layout": [Example(200, ("<layout>",)), Example(404, GONE)],
    "list_agents": [Example(200, query={"searchStr": "ada"}), Example(204, query={"searchStr": "zzz"})],
    "read_agent_by_email": [
        Example(200, ("ada.agent@support.example",)),
        Example(204, ("unknown@support.example",)),
    ],
    "read_myself": [Example(200)],
    "list_teams": [Example(200)],
    "list_department_teams": [Example(200, ("<department>",)), Example(404, GONE)],
    "list_departments": [Example(200), Example(204, query={"searchStr": "zzz"})],
    "list_business_hours": [Example(200)],
    "read_business_hours": [Example(200, ("<hours>",)), Example(422, GONE)],
    "list_holiday_lists": [Example(200)],
    "read_holiday_list": [Example(200, ("<holidays>",)), Example(422, GONE)],
    "list_organizations": [Example(200)],
    "list_accessible_organizations": [Example(200)],
    "create_webhook": [
        Example(200, body=HOOK),
        Example(422, body={"url": HOOK["url"]}),
        Example(500, body=UNREACHABLE),
    ],
    "read_webhook": [Example(200, ("<webhook>",)), Example(404, GONE)],
    "write_webhook": [
        Example(200, ("<webhook>",), body=HOOK),
        Example(404, GONE, body=HOOK),
        Example(422, ("<webhook>",), body={**HOOK, "url": f"http://receiver.example/{'x' * 100}"}),
        Example(500, ("<webhook>",), body=UNREACHABLE),
    ],
    "list_webhooks": [Example(200), Example(204)],
    "delete_webhook": [Example(200, ("<webhook>",)), Example(404, GONE)],
}
CASES = [
    pytest.param(call_id, example, id=f"{call_id} {example.status}")
    for call_id, examples in EXAMPLES.items()
    for example in examples
]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[RunningDesk, str]]:
    with running() as (simulation, url):
        simulation.desk.handshake = lambda url: "receiver.example" in url
        yield simulation, url


@pytest.fixture
def desk(server: tuple[RunningDesk, str]) -> Iterator[Desk]:
    simulation, url = server
    portal = simulation.portal
    with portal.lock:
        portal.webhooks.clear()
        account = portal.add_account("Partner", website="https://partner.example", country="DE")
        contact = portal.add_contact("Helpdesk", "help@partner.example", account_id=account["id"])
        portal.add_contract(account["id"], start="2026-01-01", end="2026-12-31")
        wanted = {"departmentId": portal.department_id, "contactId": contact["id"], "subject": "Login fails"}
        tickets = [portal.open_ticket(wanted, by=contact["id"]).ticket_id for _ in range(4)]
        ticket_id = tickets[0]
        portal.ticket(tickets[3]).threads.clear()
        agent_id = portal.person["id"]
        comments = [portal.add_comment(ticket_id, "Seen", public=False, by=agent_id)["id"] for _ in range(2)]
        names = {
            "account": account["id"],
            "contact": contact["id"],
            "department": portal.department_id,
            "other_department": portal.seed.departments[1]["id"],
            "layout": portal.seed.layouts[0].layout_id,
            "hours": portal.seed.business_hours[0]["id"],
            "holidays": portal.seed.holiday_lists[0]["id"],
            "ticket": ticket_id,
            "movable": tickets[1],
            "trashable": tickets[2],
            "threadless": tickets[3],
            "thread": portal.agent_reply(ticket_id, "<p>We are on it.</p>")["id"],
            "comment": comments[0],
            "removable": comments[1],
            "webhook": portal.add_webhook({**HOOK, "url": "http://receiver.example/first"})["id"],
        }
    answer = simulation.accounts.answer(
        {
            "grant_type": "client_credentials",
            "client_id": simulation.accounts.client_id,
            "client_secret": simulation.accounts.client_secret,
            "soid": f"ZohoDesk.{portal.org_id}",
            "scope": ",".join(
                f"Desk.{each}.ALL" for each in ["tickets", "search", "basic", "settings", "contacts", "webhooks"]
            ),
        }
    )
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Zoho-oauthtoken {answer['access_token']}"
        session.headers["orgId"] = portal.org_id
        yield Desk(simulation, url, session, names)


def validate(content: Any, schema: Mapping[str, Any]) -> None:
    Draft202012Validator({"$defs": CONTRACT["$defs"], **schema}).validate(content)


def price(call: Mapping[str, Any], query: Mapping[str, str]) -> int:
    if call["credits"] != "range":
        return int(call["credits"])
    offset = int(query.get("from", "0"))
    return next(cost for bound, cost in CONTRACT["range_credits"] if bound is None or offset <= bound)


def test_every_status_of_every_call_has_an_example():
    assert {name: {each.status for each in examples} for name, examples in EXAMPLES.items()} == {
        name: set(call["statuses"]) for name, call in CALLS.items()
    }


def test_the_routes_are_the_calls_of_the_contract():
    routes = {(each.method, each.path): (set(each.parameters), each.paging is not None) for each in ROUTES}

    assert routes == {
        (each["method"], each["path"]): (set(each["query"]), each["credits"] == "range") for each in CALLS.values()
    }


def test_the_error_codes_are_those_of_the_contract():
    assert {code: each["status"] for code, each in CONTRACT["errors"].items()} == STATUS


def test_every_fact_has_its_source():
    facts = [*CALLS.values(), *CONTRACT["errors"].values(), *({"source": each} for each in CONTRACT["quirks"].values())]
    facts += [each for name in ("threads", "bin", "notification_rules") for each in CONTRACT[name].values()]
    facts += [CONTRACT[name] for name in ("history", "time_ranges", "token", "webhook")]
    facts += CONTRACT["custom_field_values"].values()

    assert not [each for each in facts if isinstance(each, dict) and not set(each.get("source", ("",))) <= MARKS]


def test_the_quirks_are_those_of_the_contract():
    assert CONTRACT["quirks"].keys() == QUIRKS.keys()


INCLUDES = [
    pytest.param(call_id, name, key, id=f"{call_id} {name}")
    for call_id, call in CALLS.items()
    for name, key in call.get("include", {}).items()
]


@pytest.mark.parametrize(("call_id", "name", "key"), INCLUDES)
def test_what_a_call_includes_is_in_its_answer(desk: Desk, call_id: str, name: str, key: str):
    (example,) = [each for each in EXAMPLES[call_id] if each.status == 200]
    plain = desk.call(call_id, replace(example, query={})).json()
    answer = desk.call(call_id, replace(example, query={"include": name})).json()
    (before, after) = ((each["data"][0] if "data" in each else each) for each in (plain, answer))

    assert key in after
    assert key not in before


def test_what_a_call_cannot_include_is_refused(desk: Desk):
    for call_id in {each.values[0] for each in INCLUDES}:
        (example,) = [each for each in EXAMPLES[call_id] if each.status == 200]
        assert desk.call(call_id, replace(example, query={"include": "kitchenSink"})).status_code == 422, call_id


def test_a_list_has_the_custom_fields_that_it_is_asked_for_and_refuses_others(desk: Desk):
    def listed(fields: str) -> requests.Response:
        return desk.call("list_tickets", Example(200, query={"fields": fields, "include": "contacts,team"}))

    answer = listed("cf_severity,subject").json()["data"][0]
    assert answer["cf"] == {"cf_severity": None}
    assert {"contact", "team"} <= answer.keys()
    assert listed("cf_nowhere").status_code == 422


@pytest.mark.parametrize("form", CONTRACT["time_ranges"]["forms"])
def test_a_time_range_includes_both_ends_in_either_form(desk: Desk, form: str):
    created = desk.simulation.portal.ticket(desk.names["ticket"]).record["createdTime"]
    at = created if "SSS" in form else created.replace(".000Z", "Z")
    query = {"createdTimeRange": f"{at},{at}", "id": desk.names["ticket"]}

    assert desk.call("search_tickets", Example(200, query=query)).status_code == 200


class TestTheHistory:
    def read(self, desk: Desk, **query: str) -> list[Any]:
        answer = desk.call("read_history", Example(200, TICKET, query))
        return answer.json()["data"] if answer.status_code == 200 else [answer.status_code]

    def test_ten_entries_come_newest_first_and_at_most_fifty(self, desk: Desk):
        facts, portal = CONTRACT["history"]["limit"], desk.simulation.portal
        for number in range(60):
            portal.change_ticket(desk.names["ticket"], {"subject": str(number)}, by=portal.person["id"])
        newest = self.read(desk)[0]["eventInfo"][0]["propertyValue"]

        assert newest == {"previousValue": "58", "updatedValue": "59"}
        assert len(self.read(desk)) == facts["default"]
        assert len(self.read(desk, limit=str(facts["most"]))) == facts["most"]
        assert self.read(desk, limit=str(facts["most"] + 1)) == [422]
        assert self.read(desk, limit=str(facts["least"] - 1)) == [422]

    def test_it_is_asked_by_api_name_and_answers_with_labels(self, desk: Desk):
        portal = desk.simulation.portal
        portal.change_ticket(desk.names["ticket"], {"status": "On Hold", "priority": "High"}, by=portal.person["id"])
        changed, created = self.read(desk, fieldName="status")

        assert (changed["eventName"], created["eventName"]) == ("TicketUpdated", "TicketCreated")
        assert {"Status", "Priority"} == {each["propertyName"] for each in changed["eventInfo"]}
        assert self.read(desk, fieldName="classification") == [204]

    def test_it_is_asked_by_agent_and_by_kind(self, desk: Desk):
        assert {each["actor"]["id"] for each in self.read(desk, agentId=desk.simulation.portal.person["id"])} == {
            desk.simulation.portal.person["id"]
        }
        assert {each["eventName"] for each in self.read(desk, eventFilter="CommentHistory")} == {"CommentAdded"}
        for kind in CONTRACT["history"]["eventFilter"]:
            assert self.read(desk, eventFilter=kind) != [422], kind
        assert self.read(desk, eventFilter="TicketEscalated") == [422]


@pytest.mark.parametrize("state", CONTRACT["threads"]["states"]["values"])
def test_a_thread_in_every_state_is_as_the_contract_says(desk: Desk, state: str):
    portal, ticket_id = desk.simulation.portal, desk.names["ticket"]
    thread = portal.agent_reply(ticket_id, "<p>Soon</p>", status=state)
    answer = desk.call("read_thread", Example(200, (ticket_id, thread["id"])))

    assert answer.json()["status"] == state
    validate(answer.json(), {"$ref": "#/$defs/whole_thread"})
    assert desk.call("read_latest_thread", Example(200, TICKET, {"threadStatus": state})).json()["id"] == thread["id"]


@pytest.mark.parametrize("scheme", ["Zoho-oauthtoken", "Bearer"])
def test_a_token_is_accepted_in_both_forms(desk: Desk, scheme: str):
    _, token = str(desk.session.headers["Authorization"]).split()
    desk.session.headers["Authorization"] = f"{scheme} {token}"

    assert desk.call("read_myself", Example(200)).status_code == 200


@pytest.mark.parametrize(
    ("contact", "status"),
    [
        pytest.param({"lastName": "Schmidt"}, 200, id="a last name"),
        pytest.param({"email": "new@partner.example"}, 200, id="an e-mail address"),
        pytest.param({"firstName": "Ana"}, 422, id="neither"),
    ],
)
def test_a_contact_needs_a_last_name_or_an_address(desk: Desk, contact: dict[str, str], status: int):
    body = {"departmentId": "<department>", "subject": "Down", "contact": contact}

    assert desk.call("create_ticket", Example(status, body=body)).status_code == status


def test_every_field_of_the_shipped_mapping_is_on_the_layout(desk: Desk):
    text = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text()
    named = set(re.findall(r"^  #? ?\w+: (cf_\w+)", text, re.MULTILINE))
    (layout,) = [each for each in desk.simulation.portal.seed.layouts if each.name == "Standard"]

    assert len(named) == 18
    assert named <= {each.api_name for each in layout.custom}


def test_the_bodies_have_the_keys_of_the_contract():
    routes = {(each.method, each.path): each.body for each in ROUTES if each.body}
    taken = {route: (set(body.keys), set(body.required)) for route, body in routes.items()}

    assert taken == {
        (call["method"], call["path"]): (set(body["properties"]), set(body.get("required", ())))
        for call in CALLS.values()
        if (body := resolved(call.get("body")))
    }


def resolved(schema: dict[str, str] | None) -> Any:
    return CONTRACT["$defs"][schema["$ref"].rpartition("/")[2]] if schema and "$ref" in schema else schema


@pytest.mark.parametrize(("call_id", "example"), CASES)
def test_a_call_answers_as_the_contract_says(desk: Desk, call_id: str, example: Example):
    call = CALLS[call_id]
    if example.status == 204 and call_id == "list_webhooks":
        desk.simulation.portal.webhooks.clear()

    answer = desk.call(call_id, example)

    assert answer.status_code == example.status, answer.text
    assert answer.headers["X-Rate-Limit-Request-Weight-v3"] == str(price(call, example.query))
    assert answer.headers["X-Rate-Limit-Remaining-v3"].isdecimal()
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["Date"])
    if example.status >= 400:
        validate(answer.json(), {"$ref": "#/$defs/error"})
    elif example.status == 200 and call["answer"]:
        validate(answer.json(), call["answer"])
    else:
        assert answer.content == b""


@needs_openapi
def test_every_answer_fits_the_openapi_file(desk: Desk):
    document = json.loads(OPENAPI.read_text())
    for call_id, call in CALLS.items():
        operation = operations(document).get(shape(call["method"], CONTRACT["base"] + call["path"]))
        for example in EXAMPLES[call_id] if operation else ():
            if example.status == 200:
                answer = desk.call(call_id, example)
                assert misfit(answer, operation, document) is None, call_id


def misfit(answer: requests.Response, operation: Any, document: Any) -> str | None:
    response = document["components"]["responses"][operation["responses"]["200"]["$ref"].rpartition("/")[2]]
    if "content" not in response:
        return answer.text or None
    schema = response["content"]["application/json"]["schema"]
    checked = Draft202012Validator({**schema, "components": document["components"]})
    return next((error.message for error in checked.iter_errors(answer.json())), None)


WHOLE_RECORDS = ["read_contact", "search_contacts", "read_account", "list_agents", "list_organizations", "write_ticket"]


@needs_openapi
@pytest.mark.parametrize("call_id", WHOLE_RECORDS)
def test_a_record_has_the_keys_of_the_openapi_file_and_no_others(desk: Desk, call_id: str):
    document = json.loads(OPENAPI.read_text())
    operation = operations(document)[shape(CALLS[call_id]["method"], CONTRACT["base"] + CALLS[call_id]["path"])]
    response = document["components"]["responses"][operation["responses"]["200"]["$ref"].rpartition("/")[2]]
    known = keys_of(response["content"]["application/json"]["schema"], document)
    (example,) = [each for each in EXAMPLES[call_id] if each.status == 200]
    include = ",".join(CALLS[call_id].get("include", ()) if call_id in ("read_contact", "read_account") else ())
    answer = desk.call(call_id, replace(example, query={**example.query, **({"include": include} if include else {})}))
    record = answer.json()["data"][0] if "data" in answer.json() else answer.json()

    assert record.keys() == known


def keys_of(schema: Any, document: Any) -> set[str]:
    """Return the properties of a record, or of the records in a list."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    properties = schema.get("properties", {})
    if "data" in properties:
        return keys_of(properties["data"], document)
    if "items" in schema:
        return keys_of(schema["items"], document)
    inner = [each for name in ("allOf", "anyOf") for each in schema.get(name, ())]
    return set(properties).union(*(keys_of(each, document) for each in inner))


@needs_openapi
def test_the_contract_has_every_call_of_the_openapi_file_with_its_parameters():
    document = json.loads(OPENAPI.read_text())
    calls = {shape(each["method"], CONTRACT["base"] + each["path"]): set(each["query"]) for each in CALLS.values()}

    for key, operation in operations(document).items():
        named = {each["name"] for each in operation.get("parameters", ()) if each.get("in") == "query"}
        assert named - {"orgId"} <= calls[key], key


@needs_openapi
def test_the_contract_asks_for_no_key_that_the_openapi_file_does_not_know():
    document = json.loads(OPENAPI.read_text())
    schemas = document["components"]["schemas"]
    known = set(re.findall(r'"(\w+)": \{', json.dumps(schemas)))

    for name in (
        "ticket",
        "listed_ticket",
        "found_ticket",
        "comment",
        "thread",
        "agent",
        "team",
        "department",
        "webhook",
    ):
        assert set(CONTRACT["$defs"][name]["required"]) <= known, name


def shape(method: str, path: str) -> tuple[str, str]:
    return method, re.sub(r"\{\w+\}", "{}", path)


def operations(document: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        shape(method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


class TestTheTokenEndpoint:
    def request(self, server: tuple[RunningDesk, str], **form: str) -> requests.Response:
        simulation, url = server
        client = {"client_id": simulation.accounts.client_id, "client_secret": simulation.accounts.client_secret}
        return requests.post(url + CONTRACT["token"]["path"], data=client | form, timeout=5)

    def test_a_refresh_answers_as_the_contract_says(self, server: tuple[RunningDesk, str]):
        token = server[0].accounts.refresh_token
        answer = self.request(server, grant_type="refresh_token", refresh_token=token)

        assert answer.status_code == CONTRACT["token"]["status"]
        validate(answer.json(), CONTRACT["token"]["answer"])

    def test_an_error_has_status_200_and_a_word_of_the_contract(self, server: tuple[RunningDesk, str]):
        answer = self.request(server, grant_type="refresh_token", refresh_token="wrong")

        assert answer.status_code == CONTRACT["token"]["status"]
        validate(answer.json(), CONTRACT["token"]["error"])
        assert answer.json()["error"] in CONTRACT["token"]["errors"]


class TestAnEvent:
    def cause(self, desk: Desk, event_type: str) -> Any:
        """Cause one event of the type; returns its envelope."""
        portal, events = desk.simulation.portal, []
        portal.listeners.append(events.append)
        by, ticket_id = portal.person["id"], desk.names["ticket"]
        wanted = {"departmentId": portal.department_id, "contactId": desk.names["contact"], "subject": "Down"}
        causes = {
            "Ticket_Add": lambda: portal.open_ticket(wanted, by=by),
            "Ticket_Update": lambda: portal.change_ticket(ticket_id, {"priority": "Low"}, by=by),
            "Ticket_Delete": lambda: portal.trash_ticket(ticket_id, by=by),
            "Ticket_Thread_Add": lambda: portal.customer_reply(ticket_id, "<p>Still down</p>"),
            "Ticket_Comment_Add": lambda: portal.add_comment(ticket_id, "Seen", public=True, by=by),
            "Ticket_Comment_Update": lambda: portal.edit_comment(ticket_id, desk.names["comment"], {}, by=by),
        }
        causes[event_type]()
        portal.listeners.remove(events.append)
        wants = {"Ticket_Update": {"includePrevState": True}}
        webhook = {"isEnabled": True, "ignoreSourceId": None, "subscriptions": {event_type: wants.get(event_type)}}
        (event,) = events
        return webhooks.envelope(webhook, event, portal.org_id)

    @pytest.mark.parametrize("event_type", CONTRACT["webhook"]["events"])
    def test_its_envelope_is_that_of_the_contract(self, desk: Desk, event_type: str):
        envelope, facts = self.cause(desk, event_type), CONTRACT["webhook"]["events"][event_type]

        validate([envelope], CONTRACT["webhook"]["envelope"])
        validate(envelope["payload"], {"$ref": facts["payload"]})
        assert envelope["payload"][facts["ticket_id"]].isdecimal()
        assert ("prevState" in envelope) == ("prev_state" in facts)

    def test_its_token_is_what_the_contract_says_and_its_key_is_public(self, desk: Desk):
        facts = CONTRACT["webhook"]
        token = desk.simulation.signer.token("7001")
        header = jwt.get_unverified_header(token)
        keys = requests.get(desk.url + facts["keys"], timeout=5).json()["keys"]
        key = next(each for each in keys if each["kid"] == header["kid"])

        claims = jwt.decode(
            token, jwt.PyJWK(key).key, algorithms=[facts["token"]["algorithm"]], audience="webhookId:7001"
        )

        assert claims["iss"] == f"orgId:{desk.simulation.portal.org_id}"
        assert set(facts["token"]["times"]) <= claims.keys()
        assert base64.urlsafe_b64decode(key["n"] + "==")
