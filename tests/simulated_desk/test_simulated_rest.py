"""The common rules of the simulated Desk's REST interface: tokens, portals, parameters, lists, credits."""

from __future__ import annotations

import pytest

from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulated_desk.rest.api import CallQuota, RestRequest
from tests.simulated_desk.conftest import Client, Clock, wrong


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"authorization": None}, 401, "INVALID_OAUTH", id="no token"),
        pytest.param({"authorization": "Zoho-oauthtoken 1000.x.y"}, 401, "INVALID_OAUTH", id="an unknown token"),
        pytest.param({"orgid": None}, 400, "BAD_REQUEST", id="no portal"),
        pytest.param({"orgid": "12345"}, 403, "OAUTH_ORG_MISMATCH", id="another portal"),
        pytest.param({"orgid": "acme"}, 500, "INTERNAL_SERVER_ERROR", id="a portal by name"),
    ],
)
def test_a_call_needs_a_token_and_its_portal(client: Client, headers: dict[str, str | None], status: int, code: str):
    answer = client.call("GET", "/tickets", headers=headers)

    assert (answer.status, answer.json()["errorCode"]) == (status, code)
    assert client.desk.credits == 0


@pytest.mark.parametrize(("scheme", "status"), [("Zoho-oauthtoken", 204), ("Bearer", 204), ("Basic", 401)])
def test_a_good_token_is_accepted_in_both_forms_of_the_header(client: Client, scheme: str, status: int):
    header = client.headers["authorization"].replace("Zoho-oauthtoken", scheme)

    assert client.call("GET", "/tickets", headers={"authorization": header}).status == status


def test_the_portal_may_be_given_in_the_query(client: Client):
    assert client.call("GET", f"/tickets?orgId={client.portal.org_id}", headers={"orgid": None}).status == 204


def test_organizations_need_no_portal(client: Client):
    assert client.call("GET", "/organizations", headers={"orgid": None}).status == 200


def test_a_token_ends_after_an_hour(client: Client, clock: Clock):
    clock.move(minutes=59, seconds=59)
    assert client.call("GET", "/tickets").status == 204

    clock.move(seconds=1)
    assert client.call("GET", "/tickets").status == 401


def test_a_token_does_what_its_scopes_allow(client: Client):
    soid = f"ZohoDesk.{client.portal.org_id}"
    narrow = client.refresh(grant_type="client_credentials", scope="Desk.tickets.READ", soid=soid)
    headers = {"authorization": f"Zoho-oauthtoken {narrow['access_token']}"}

    assert client.call("GET", "/tickets", headers=headers).status == 204
    for refused in ("/tickets/search?subject=login", "/contacts/search?email=a@b.example", "/myinfo"):
        assert client.call("GET", refused, headers=headers).json()["errorCode"] == "SCOPE_MISMATCH"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        pytest.param("/tickets?colour=red", "/colour", id="an unknown parameter"),
        pytest.param("/tickets?limit=101", "/limit", id="a page too long"),
        pytest.param("/tickets/search?from=1000", "/from", id="search goes to 999"),
        pytest.param("/tickets/search?_all=ab", "/_all", id="too short to search for"),
        pytest.param(
            "/tickets/search?modifiedTimeRange=2026-11-23T00:00:00.000Z", "/modifiedTimeRange", id="half a span"
        ),
        pytest.param("/tickets?include=everything", "/include", id="nothing that can be included"),
        pytest.param("/tickets?sortBy=modifiedTime", "/sortBy", id="lists do not sort by it"),
        pytest.param("/fields", "/module", id="a parameter is missing"),
        pytest.param("/fields?module=contacts", "/module", id="no fields of contacts here"),
        pytest.param("/tickets?receivedInDays=7", "/receivedInDays", id="not one of the periods"),
        pytest.param("/agents?isConfirmed=yes", "/isConfirmed", id="no boolean"),
    ],
)
def test_a_parameter_that_desk_rejects_is_named(client: Client, path: str, pointer: str):
    assert wrong(client.call("GET", path)) == {pointer}


@pytest.mark.parametrize(
    ("method", "body", "headers", "code"),
    [
        pytest.param("PATCH", {}, {}, "EMPTY_PAYLOAD", id="nothing to write"),
        pytest.param(
            "PATCH", {"priority": "High"}, {"content-type": "text/plain"}, "UNSUPPORTED_MEDIA_TYPE", id="no JSON"
        ),
        pytest.param("DELETE", None, {}, "METHOD_NOT_ALLOWED", id="tickets are not deleted"),
        pytest.param("PATCH", {"description": "x" * 1_000_001}, {}, "RESOURCE_SIZE_EXCEEDED", id="too large"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    client: Client, method: str, body: object, headers: dict[str, str], code: str
):
    answer = client.call(method, f"/tickets/{client.open_ticket()}", body, headers=headers)

    assert answer.json()["errorCode"] == code


def test_a_body_that_is_no_json_is_a_bad_request(client: Client):
    headers = client.headers | {"content-type": "application/json"}
    answer = client.desk.handle(RestRequest(method="POST", path="/api/v1/tickets", headers=headers, body=b"{"))

    assert (answer.status, answer.json()["errorCode"]) == (400, "BAD_REQUEST")


def test_an_unknown_path_is_not_found(client: Client):
    assert client.call("GET", "/tickets/1/2/3").json()["errorCode"] == "URL_NOT_FOUND"


def test_an_empty_list_has_no_body(client: Client):
    answer = client.call("GET", "/tickets")

    assert (answer.status, answer.body) == (204, b"")


def test_a_listed_ticket_is_smaller_than_a_ticket(client: Client):
    client.open_ticket()
    (listed,) = client.call("GET", "/tickets").json()["data"]

    assert not {"cf", "customFields", "modifiedTime", "isEscalated", "slaId"} & listed.keys()


def test_search_finds_by_the_time_of_the_last_change_with_both_ends(client: Client, clock: Clock):
    ticket_id = client.open_ticket()
    clock.move(minutes=30)
    changed = client.write(ticket_id, priority="High").json()["modifiedTime"]

    found = client.call("GET", f"/tickets/search?modifiedTimeRange={changed},{changed}").json()

    assert ([each["id"] for each in found["data"]], found["count"]) == ([ticket_id], 1)
    assert (
        client.call("GET", "/tickets/search?modifiedTimeRange=2026-11-23T10:00:16.000Z,2026-11-24T00:00:00.000Z").status
        == 204
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("customField1=cf_severity:S1-Critical", 1, id="by a custom field"),
        pytest.param("customField1=cf_severity:${empty}", 1, id="where it is empty"),
        pytest.param("status=${open}", 2, id="by the type of the status"),
        pytest.param("status=closed", 0, id="by a status"),
        pytest.param("subject=login", 2, id="by a word of the subject"),
        pytest.param("email=help@partner.example", 2, id="by the sender"),
        pytest.param("tag=large-user", 1, id="by a tag"),
        pytest.param("_all=login", 2, id="anywhere"),
    ],
)
def test_search_narrows(client: Client, query: str, found: int):
    tagged = client.open_ticket(cf={"cf_severity": "S1-Critical"})
    client.call("POST", f"/tickets/{tagged}/associateTag", {"tags": ["large-user"]})
    client.open_ticket()
    answer = client.call("GET", f"/tickets/search?{query}")

    assert (answer.json()["count"] if answer.status == 200 else 0) == found


@pytest.mark.parametrize(
    ("path", "credits_spent"),
    [
        pytest.param("/tickets/700100999999999999", 1, id="one by its id, found or not"),
        pytest.param("/tickets?from=2000", 3, id="a list"),
        pytest.param("/tickets?from=2001", 5, id="a list from further on"),
        pytest.param("/tickets?from=100001", 100, id="a list from very far on"),
        pytest.param("/tickets?colour=red", 3, id="a refused list costs too"),
    ],
)
def test_a_call_costs_credits(client: Client, path: str, credits_spent: int):
    answer = client.call("GET", path)

    assert answer.headers["X-Rate-Limit-Request-Weight-v3"] == str(credits_spent)
    assert answer.headers["X-Rate-Limit-Remaining-v3"] == str(125_000 - credits_spent)
    assert client.desk.credits == credits_spent


def test_without_credits_the_response_has_the_time_until_the_next_ones(client: Client, clock: Clock):
    client.desk.quota = CallQuota(now=clock, daily=3)
    client.call("GET", "/tickets")

    answer = client.call("GET", "/tickets")

    assert (answer.status, answer.json()["errorCode"]) == (429, "THRESHOLD_EXCEEDED")
    clock.move(seconds=int(answer.headers["Retry-After"]))
    tomorrow = {"authorization": f"Zoho-oauthtoken {client.token()}"}
    assert client.call("GET", "/tickets", headers=tomorrow).status == 204


@pytest.mark.parametrize(("days", "status"), [("15", 204), ("30", 200), ("-1", 200)])
def test_a_list_can_be_limited_to_recently_received_tickets(client: Client, clock: Clock, days: str, status: int):
    client.open_ticket()
    clock.move(days=20)
    headers = {"authorization": f"Zoho-oauthtoken {client.token()}"}

    assert client.call("GET", f"/tickets?receivedInDays={days}", headers=headers).status == status


def test_calls_are_counted_by_their_route(client: Client):
    ticket_id = client.open_ticket()
    client.call("GET", f"/tickets/{ticket_id}")
    client.call("GET", f"/tickets/{ticket_id}")

    assert client.desk.calls == {"POST /tickets": 1, "GET /tickets/{id}": 2}


def test_a_fault_applies_to_the_calls_that_it_names_before_or_after_their_execution(client: Client):
    ticket_id = client.open_ticket()
    comments = f"/tickets/{ticket_id}/comments"
    for after, written in ((False, 0), (True, 1)):
        client.desk.chance.set(FaultInjector(status=500, calls=("POST /tickets/{id}/comments",), after=after))

        assert client.call("POST", comments, {"content": "Seen"}).status == 500
        assert len(client.call("GET", comments).json()["data"]) == written


def test_faults_with_one_seed_apply_to_the_same_calls(client: Client):
    def statuses() -> list[int]:
        client.desk.chance.set(FaultInjector(status=502, share=0.5, seed=7))
        return [client.call("GET", "/tickets").status for _ in range(20)]

    first = statuses()
    assert first == statuses()
    assert set(first) == {204, 502}
