"""Each quirk of the simulated Desk, switched on alone: what a client sees."""

from __future__ import annotations

import json

import pytest

from desk_sync.simulated_desk.portal.quirks import QUIRKS, DeskQuirks
from desk_sync.simulated_desk.webhooks import envelope
from tests.simulated_desk.conftest import Client, Clock, wrong

BOX, SEVERITY, PRODUCT = "cf_priority_customer_large_user_account", "cf_severity", "cf_zoho_product_name"
HALF = "Broken \ud83d"
SPAN = "2020-01-01T00:00:00Z,2030-01-01T00:00:00Z"


def with_quirk(clock: Clock, *names: str) -> Client:
    return Client(clock, DeskQuirks.named(*names))


def read(client: Client, ticket_id: str) -> dict[str, object]:
    return client.call("GET", f"/tickets/{ticket_id}").json()


def test_every_quirk_has_one_line_and_a_ticket_can_be_worked_on_with_it(clock: Clock):
    for name, quirk in QUIRKS.items():
        client = with_quirk(clock, name)
        ticket_id = client.open_ticket(subject="Broken 🙂")
        client.portal.agent_reply(ticket_id, "<p>Hello</p>")
        client.portal.add_comment(ticket_id, "Seen", public=True, by=client.portal.person["id"])
        written = client.write_cf(ticket_id, SEVERITY, "S1-Critical")

        assert "\n" not in quirk.line
        assert written.status == (422 if name == "strict_blueprint" else 200), name
        assert client.call("GET", f"/tickets/{ticket_id}/threads").status == 200, name


def test_an_unknown_quirk_is_refused():
    with pytest.raises(ValueError, match="no such quirk: mercury_retrograde"):
        DeskQuirks.named("mercury_retrograde", "keeps_seconds")


@pytest.mark.parametrize(
    ("value", "status"),
    [
        pytest.param("Zoho CRM Plus, 2.0 / beta?", 200, id="letters, digits and the characters of the pattern"),
        pytest.param("日本語 é", 200, id="beyond ASCII"),
        pytest.param(None, 200, id="null empties"),
        *[pytest.param(f"a{each}b", 422, id=f"with {each}") for each in '+&();#%=*"'],
        pytest.param("", 422, id="the empty text"),
    ],
)
def test_the_published_pattern_of_custom_values_is_enforced(clock: Clock, value: object, status: int):
    client = with_quirk(clock, "enforces_published_patterns")

    assert client.write_cf(client.open_ticket(), PRODUCT, value).status == status


def test_json_booleans_are_taken_for_check_boxes_only(clock: Clock):
    client = with_quirk(clock, "takes_json_booleans")
    ticket_id = client.open_ticket()

    assert client.write_cf(ticket_id, BOX, True).json()["cf"][BOX] == "true"
    assert wrong(client.write_cf(ticket_id, PRODUCT, True)) == {f"/cf/{PRODUCT}"}


def test_a_reply_is_pending_for_a_minute(clock: Clock):
    client = with_quirk(clock, "replies_are_pending_first")
    ticket_id = client.open_ticket()
    reply = client.portal.agent_reply(ticket_id, "<p>Hello</p>")
    (*_, event) = client.events

    def status() -> str:
        return client.call("GET", f"/tickets/{ticket_id}/threads/{reply['id']}").json()["status"]

    assert (event.payload["status"], status()) == ("PENDING", "PENDING")
    clock.move(minutes=1)
    assert status() == "SUCCESS"
    assert client.events[-1] is event


@pytest.mark.parametrize(
    ("quirk", "at_once", "later"),
    [
        pytest.param(None, ("2", "1"), ("2", "1"), id="by default counts are right"),
        pytest.param("counts_lag", ("1", "0"), ("2", "1"), id="counts lag behind"),
        pytest.param("thread_count_zero", ("0", "1"), ("0", "1"), id="threads are never counted"),
        pytest.param("thread_count_of_sent", ("1", "1"), ("1", "1"), id="only what was sent counts"),
    ],
)
def test_counts(clock: Clock, quirk: str | None, at_once: tuple[str, str], later: tuple[str, str]):
    client = with_quirk(clock, *filter(None, [quirk]))
    ticket_id = client.open_ticket()
    clock.move(minutes=5)
    client.portal.agent_reply(ticket_id, "<p>Hello</p>", status="PENDING")
    client.portal.add_comment(ticket_id, "Seen", public=False, by=client.portal.person["id"])

    def counts() -> tuple[object, object]:
        ticket = read(client, ticket_id)
        return ticket["threadCount"], ticket["commentCount"]

    assert counts() == at_once
    clock.move(minutes=1)
    assert counts() == later


def test_a_search_lags_behind(clock: Clock):
    client = with_quirk(clock, "search_lags")
    ticket_id = client.open_ticket()

    def found() -> list[str]:
        answer = client.call("GET", f"/tickets/search?modifiedTimeRange={SPAN}")
        return [each["priority"] for each in answer.json()["data"]] if answer.status == 200 else []

    assert found() == []
    clock.move(minutes=5)
    client.write(ticket_id, priority="High")
    assert found() == [None]
    assert read(client, ticket_id)["priority"] == "High"
    clock.move(minutes=5)
    assert found() == ["High"]


def test_a_found_ticket_has_no_instant(clock: Clock):
    client = with_quirk(clock, "found_without_instant")
    client.open_ticket()

    (found,) = client.call("GET", f"/tickets/search?modifiedTimeRange={SPAN}").json()["data"]
    assert found["modifiedTime"] is None


def test_an_update_has_no_author(clock: Clock):
    client = with_quirk(clock, "modified_by_null")
    ticket_id = client.open_ticket()

    assert client.write(ticket_id, priority="High").json()["modifiedBy"] is None
    assert client.events[-1].payload["modifiedBy"] is None
    assert read(client, ticket_id)["modifiedBy"] is None


def test_contacts_and_tickets_have_no_address(clock: Clock):
    client = with_quirk(clock, "contacts_without_email")
    first, second = read(client, client.open_ticket()), read(client, client.open_ticket())
    contact = client.call("GET", f"/contacts/{first['contactId']}").json()
    thread = client.call("GET", f"/tickets/{first['id']}/latestThread").json()

    assert (first["email"], first["channel"], contact["email"]) == (None, "Phone", None)
    assert contact["phone"]
    assert (thread["author"]["email"], thread["fromEmailAddress"]) == (None, None)
    assert first["contactId"] == second["contactId"]


@pytest.mark.parametrize(("quirk", "order"), [(None, ["reply", "other", "first"]), ("merged_threads_on_top", None)])
def test_the_place_of_merged_threads(clock: Clock, quirk: str | None, order: list[str] | None):
    client = with_quirk(clock, *filter(None, [quirk]))
    ticket_id = client.open_ticket(description="first")
    clock.move(minutes=1)
    other_id = client.open_ticket(description="other")
    clock.move(minutes=1)
    client.portal.agent_reply(ticket_id, "<p>reply</p>")
    client.portal.merge_tickets(ticket_id, other_id, by=client.portal.person["id"])

    threads = client.call("GET", f"/tickets/{ticket_id}/threads").json()["data"]
    assert [each["summary"] for each in threads] == (order or ["other", "reply", "first"])
    assert client.call("GET", f"/tickets/{other_id}").status == 404
    assert [each.type for each in client.events[-2:]] == ["Ticket_Delete", "Ticket_Update"]


def test_a_strict_blueprint_refuses_clients_and_not_people(clock: Clock):
    client = with_quirk(clock, "strict_blueprint")
    ticket_id = client.open_ticket()

    assert client.write(ticket_id, priority="High").json()["errorCode"] == "UNPROCESSABLE_ENTITY"
    assert client.call("POST", f"/tickets/{ticket_id}/comments", {"content": "Seen"}).status == 422
    assert client.call("POST", f"/tickets/{ticket_id}/associateTag", {"tags": ["large"]}).status == 422
    client.portal.change_ticket(ticket_id, {"priority": "High"}, by=client.portal.person["id"])
    assert read(client, ticket_id)["priority"] == "High"


@pytest.mark.parametrize(
    ("quirk", "priority", "severity"),
    [
        pytest.param("layout_rule_sets_priority", "High", "S1-Critical", id="another field"),
        pytest.param("layout_rule_changes_severity", None, "S3-Minimal", id="the field that was written"),
    ],
)
def test_a_layout_rule_changes_what_a_client_writes(clock: Clock, quirk: str, priority: str | None, severity: str):
    client = with_quirk(clock, quirk)
    answer = client.write_cf(client.open_ticket(), SEVERITY, "S1-Critical").json()

    assert (answer["priority"], answer["cf"][SEVERITY]) == (priority, severity)
    assert answer["modifiedBy"] == client.portal.own_agent["id"]


@pytest.mark.parametrize(
    ("quirks", "rules"),
    [
        pytest.param([], ["contact", "owner", "owner"], id="both rules"),
        pytest.param(["contact_rule_off"], ["owner", "owner"], id="no mails to contacts"),
        pytest.param(["owner_rule_off"], ["contact"], id="no mails to owners"),
    ],
)
def test_notification_rules_send_mails(clock: Clock, quirks: list[str], rules: list[str]):
    client = with_quirk(clock, *quirks)
    owner = client.portal.person
    ticket_id = client.open_ticket(assigneeId=owner["id"])
    for public in (True, False):
        client.call("POST", f"/tickets/{ticket_id}/comments", {"content": "Seen", "isPublic": public})
    client.portal.add_comment(ticket_id, "Mine", public=False, by=owner["id"])

    assert [each.rule for each in client.portal.mails] == rules
    addresses = {"contact": "help@partner.example", "owner": owner["emailId"]}
    assert all(each.to == addresses[each.rule] for each in client.portal.mails)


def body_and_event(client: Client, quirk: str, **values: str) -> tuple[bytes, bytes]:
    """Return the answer to a GET of a new ticket, and the delivery of its event."""
    ticket_id = client.open_ticket(**values)
    client.portal.quirks = DeskQuirks.named(quirk)
    webhook = {"isEnabled": True, "ignoreSourceId": None, "subscriptions": {"Ticket_Add": None}}
    content = envelope(webhook, client.events[-1], client.portal.org_id)
    return client.call("GET", f"/tickets/{ticket_id}").body, client.portal.quirks.encode([content])


def test_half_an_emoji_is_a_lone_surrogate(client: Client):
    for body in body_and_event(client, "half_emoji", subject="Broken 🙂"):
        (ticket,) = [json.loads(body)] if body[:1] == b"{" else [json.loads(body)[0]["payload"]]
        assert ticket["subject"] == HALF


def test_half_an_emoji_that_a_client_sends_comes_back(client: Client):
    body = client.call("POST", "/tickets", json.loads(json.dumps(ticket_body(client)))).body

    assert json.loads(body)["subject"] == HALF


def ticket_body(client: Client) -> dict[str, object]:
    contact = {"lastName": "Helpdesk"}
    return {"departmentId": client.portal.department_id, "contact": contact, "subject": HALF}


def test_cesu_8_is_not_utf_8(client: Client):
    for body in body_and_event(client, "cesu_8", subject="Broken 🙂"):
        assert b"\xed\xa0\xbd\xed\xb9\x82" in body
        with pytest.raises(UnicodeDecodeError):
            body.decode()


def test_control_characters_stand_unescaped(client: Client):
    for body in body_and_event(client, "raw_control_characters", description="<p>a\n\tb \\n</p>"):
        assert b"a\n\tb \\\\n" in body
        json.loads(body, strict=False)


def test_a_byte_order_mark_begins_the_body(client: Client):
    for body in body_and_event(client, "byte_order_mark"):
        assert body.startswith(b"\xef\xbb\xbf")
