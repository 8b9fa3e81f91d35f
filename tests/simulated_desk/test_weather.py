"""Faults of calls and of fields, and the states of threads and tickets that no other test of the simulated Desk has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from desk_sync.simulated_desk.faults import NONE, FaultChance, FaultInjector
from desk_sync.simulated_desk.rest.api import RestResponse
from tests.simulated_desk.conftest import Client, Clock

BOX, SEVERITY, PRODUCT = "cf_priority_customer_large_user_account", "cf_severity", "cf_zoho_product_name"
EMAIL, DUE = "cf_customer_primary_email_address", "cf_acknowledgement_due"
WRITTEN = {
    BOX: "true",
    SEVERITY: "S1-Critical",
    PRODUCT: "Zoho CRM",
    EMAIL: "admin@big.example",
    DUE: "2026-11-23T10:30:00.000Z",
}


def errors(answer: RestResponse) -> list[tuple[str, str]]:
    return [(each["fieldName"], each["errorType"]) for each in answer.json()["errors"]]


@pytest.mark.parametrize("name", WRITTEN)
class TestAFaultOfOneField:
    @pytest.mark.parametrize("kind", ["invalid", "missing"])
    def test_a_refusal_names_it_and_nothing_is_written(self, client: Client, name: str, kind: Any):
        ticket_id = client.open_ticket()
        client.desk.chance.set(FaultInjector(fields={name: kind}))
        answer = client.write(ticket_id, cf=WRITTEN)

        assert (answer.status, errors(answer)) == (422, [(f"/cf/{name}", kind)])
        assert client.call("GET", f"/tickets/{ticket_id}").json()["cf"][SEVERITY] is None
        assert client.write(ticket_id, cf={key: WRITTEN[key] for key in WRITTEN if key != name}).status == 200

    def test_a_forbidden_field_forbids_the_write(self, client: Client, name: str):
        ticket_id = client.open_ticket()
        client.desk.chance.set(FaultInjector(fields={name: "forbidden"}))

        assert client.write(ticket_id, cf=WRITTEN).json()["errorCode"] == "FORBIDDEN"
        assert client.write(ticket_id, priority="High").status == 200

    @pytest.mark.parametrize("kind", ["dropped", "changed"])
    def test_the_others_are_written(self, client: Client, name: str, kind: Any):
        ticket_id = client.open_ticket()
        before = client.call("GET", f"/tickets/{ticket_id}").json()["cf"]
        client.desk.chance.set(FaultInjector(fields={name: kind}))
        after = client.write(ticket_id, cf=WRITTEN).json()["cf"]

        assert {key: after[key] for key in WRITTEN if key != name} == {
            key: value for key, value in WRITTEN.items() if key != name
        }
        assert after[name] != WRITTEN[name]
        assert kind == "changed" or after[name] == before[name]

    def test_a_mandatory_field_of_the_ticket_holds_back_every_write_until_it_has_a_value(
        self, client: Client, name: str
    ):
        ticket_id = client.open_ticket()
        client.desk.chance.set(FaultInjector(fields={name: "mandatory"}))

        assert errors(client.write(ticket_id, priority="High")) == [(f"/cf/{name}", "missing")]
        client.portal.change_ticket(ticket_id, {"cf": {name: WRITTEN[name]}}, by=client.portal.person["id"])
        assert client.write(ticket_id, priority="High").status == 200


def test_a_person_is_not_hindered_by_the_faults_of_fields(client: Client):
    ticket_id = client.open_ticket()
    client.desk.chance.set(FaultInjector(fields={SEVERITY: "invalid"}))
    client.portal.change_ticket(ticket_id, {"cf": {SEVERITY: "S2-Moderate"}}, by=client.portal.person["id"])

    assert client.call("GET", f"/tickets/{ticket_id}").json()["cf"][SEVERITY] == "S2-Moderate"


@pytest.mark.parametrize(
    ("faults", "status", "code"),
    [
        pytest.param({"status": 403}, 403, "FORBIDDEN", id="a 403 is of the ticket"),
        pytest.param({"status": 403, "code": "SCOPE_MISMATCH"}, 403, "SCOPE_MISMATCH", id="or of the token"),
        pytest.param({"code": "THRESHOLD_EXCEEDED"}, 429, "THRESHOLD_EXCEEDED", id="a code has its status"),
        pytest.param({"status": 429}, 429, "TOO_MANY_REQUESTS", id="too many calls"),
        pytest.param({"status": 404}, 404, "URL_NOT_FOUND", id="gone"),
    ],
)
def test_a_fault_by_ticket_leaves_the_other_tickets_alone(
    client: Client, faults: dict[str, Any], status: int, code: str
):
    poisoned, other = client.open_ticket(), client.open_ticket()
    client.desk.chance.set(FaultInjector(ids=(poisoned,), **faults))
    answer = client.call("GET", f"/tickets/{poisoned}/comments")

    assert (answer.status, answer.json()["errorCode"]) == (status, code)
    assert client.call("GET", f"/tickets/{other}/comments").status == 200
    assert client.call("GET", "/tickets").status == 200


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        pytest.param(FaultInjector(html=True), 200, id="a maintenance page with status 200"),
        pytest.param(FaultInjector(html=True, status=404), 404, id="a page with status 404"),
        pytest.param(FaultInjector(status=502), 502, id="a gateway's page"),
    ],
)
def test_a_page_instead_of_json(client: Client, faults: FaultInjector, status: int):
    client.desk.chance.set(faults)
    answer = client.call("GET", "/tickets")

    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html")
    assert answer.body.startswith(b"<html>")


def test_a_body_that_is_no_json(client: Client):
    client.desk.chance.set(FaultInjector(unreadable=True))
    answer = client.call("GET", "/tickets")

    assert answer.status == 200
    with pytest.raises(ValueError, match="Unterminated string"):
        json.loads(answer.body)


def test_a_body_that_is_larger_than_it_needs_to_be(client: Client):
    ticket_id = client.open_ticket()
    client.desk.chance.set(FaultInjector(padding=5_000_000, ids=(ticket_id,)))
    answer = client.call("GET", f"/tickets/{ticket_id}")

    assert len(answer.body) > 5_000_000
    assert answer.json()["id"] == ticket_id


def test_faults_add_up_and_end_one_by_one(client: Client):
    ticket_id, chance = client.open_ticket(), client.desk.chance
    refusal, outage = FaultInjector(fields={SEVERITY: "invalid"}), FaultInjector(status=503)
    chance.begin(refusal)
    chance.begin(outage)

    assert client.call("GET", f"/tickets/{ticket_id}").status == 503
    chance.end(outage)
    assert client.call("GET", f"/tickets/{ticket_id}").status == 200
    assert client.write_cf(ticket_id, SEVERITY, "S1-Critical").status == 422
    chance.end(refusal)
    assert client.write_cf(ticket_id, SEVERITY, "S1-Critical").status == 200
    assert chance.draw_faults("GET /tickets") is NONE


def test_drops_of_several_faults_add_up():
    chance = FaultChance(FaultInjector(drop=0.0))
    chance.begin(FaultInjector(drop=1.0))

    assert chance.copies() == 0


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"fields": {SEVERITY: "sulks"}}, id="no such fault of a field"),
        pytest.param({"statsu": 500}, id="no such fault"),
        pytest.param({"hang": -1}, id="a negative time"),
        pytest.param({"share": 2}, id="more than all"),
    ],
)
def test_faults_that_do_not_exist_are_refused(document: dict[str, Any]):
    with pytest.raises(ValueError, match=r"no such fault|not negative|from 0 to 1"):
        FaultInjector.read(document)


class TestAThread:
    def shown(self, client: Client, ticket_id: str) -> list[tuple[str, str]]:
        answer = client.call("GET", f"/tickets/{ticket_id}/threads").json()
        return [(each["summary"], each["status"]) for each in answer["data"]]

    def test_a_pending_one_becomes_sent_without_an_event_at_its_own_time(self, client: Client, clock: Clock):
        ticket_id = client.open_ticket(description="first")
        reply = client.portal.agent_reply(ticket_id, "<p>reply</p>", status="PENDING")
        created, events = reply["createdTime"], len(client.events)
        clock.move(minutes=30)
        client.portal.change_thread(ticket_id, reply["id"], "SUCCESS")

        assert self.shown(client, ticket_id) == [("reply", "SUCCESS"), ("first", "SUCCESS")]
        assert (reply["createdTime"], len(client.events)) == (created, events)

    def test_a_draft_is_an_event_when_it_is_sent_and_has_that_time(self, client: Client, clock: Clock):
        ticket_id = client.open_ticket(description="first")
        draft = client.portal.agent_reply(ticket_id, "<p>draft</p>", status="DRAFT")
        assert [each.type for each in client.events] == ["Ticket_Add"]
        clock.move(minutes=1)
        client.portal.customer_reply(ticket_id, "<p>news?</p>")
        clock.move(minutes=30)
        client.portal.change_thread(ticket_id, draft["id"], "SUCCESS")

        assert [each[0] for each in self.shown(client, ticket_id)] == ["draft", "news?", "first"]
        assert draft["createdTime"] == "2026-11-23T10:01:15.000Z"
        assert client.events[-1].payload["id"] == draft["id"]

    def test_a_deleted_one_is_gone_without_an_event(self, client: Client):
        ticket_id = client.open_ticket(description="first")
        reply = client.portal.agent_reply(ticket_id, "<p>reply</p>")
        events = len(client.events)
        client.portal.remove_thread(ticket_id, reply["id"], by=client.portal.person["id"])

        assert self.shown(client, ticket_id) == [("first", "SUCCESS")]
        assert client.call("GET", f"/tickets/{ticket_id}").json()["threadCount"] == "1"
        assert len(client.events) == events

    def test_the_latest_one_is_chosen_by_state_and_direction(self, client: Client):
        ticket_id = client.open_ticket(description="first")
        client.portal.agent_reply(ticket_id, "<p>sent</p>")
        client.portal.agent_reply(ticket_id, "<p>draft</p>", status="DRAFT")

        def latest(query: str) -> str | None:
            answer = client.call("GET", f"/tickets/{ticket_id}/latestThread?{query}")
            return answer.json()["summary"] if answer.status == 200 else None

        assert latest("") == "draft"
        assert latest("threadStatus=SUCCESS") == "sent"
        assert latest("needIncomingThread=true&needPublic=true") == "first"
        assert latest("threadStatus=FAILED") is None


def test_a_ticket_out_of_the_bin_is_as_before_and_an_update_tells_of_it(client: Client):
    ticket_id, by = client.open_ticket(), client.portal.person["id"]
    client.portal.trash_ticket(ticket_id, by=by)
    client.portal.restore_ticket(ticket_id, by=by)
    event = client.events[-1]

    assert event.before is not None
    assert (event.type, event.before["isTrashed"], event.payload["isTrashed"]) == ("Ticket_Update", True, False)
    assert client.call("GET", "/tickets").status == 200
    assert client.write(ticket_id, priority="High").status == 200


def test_spam_is_an_update(client: Client):
    ticket_id = client.open_ticket()
    client.portal.mark_as_spam(ticket_id, by=client.portal.person["id"])

    assert client.events[-1].payload["isSpam"] is True
    assert client.call("GET", f"/tickets/{ticket_id}").json()["isSpam"] is True


def test_a_partner_can_comment(client: Client):
    ticket_id = client.open_ticket()
    contact_id = client.portal.ticket(ticket_id).record["contactId"]
    client.portal.add_comment(ticket_id, "Please", public=True, by=contact_id)

    (comment,) = client.call("GET", f"/tickets/{ticket_id}/comments").json()["data"]
    assert (comment["commenter"]["type"], comment["commenter"]["roleName"]) == ("END_USER", None)
