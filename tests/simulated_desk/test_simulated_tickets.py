"""The values that the simulated Desk accepts for a ticket, and their form when read back."""

from __future__ import annotations

import pytest

from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from tests.simulated_desk.conftest import Client, Clock, wrong

BOX, SEVERITY, DUE = "cf_priority_customer_large_user_account", "cf_severity", "cf_acknowledgement_due"
EMAIL, PRODUCT = "cf_customer_primary_email_address", "cf_zoho_product_name"


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        pytest.param(BOX, "true", "true", id="a ticked box reads as a text"),
        pytest.param(BOX, None, "false", id="an emptied box is false, not null"),
        pytest.param(SEVERITY, "S1-Critical", "S1-Critical", id="a value of the pick list"),
        pytest.param(SEVERITY, "", None, id="an empty text clears"),
        pytest.param(SEVERITY, None, None, id="null clears"),
        pytest.param(PRODUCT, "  Zoho CRM ", "Zoho CRM", id="texts are trimmed"),
        pytest.param(PRODUCT, 42, "42", id="a whole number becomes a text"),
        pytest.param(DUE, "2026-11-23T10:30:59.999Z", "2026-11-23T10:30:00.000Z", id="seconds are dropped"),
        pytest.param(PRODUCT, "x" * 255, "x" * 255, id="255 characters fit"),
    ],
)
def test_an_accepted_value_reads_back(client: Client, name: str, sent: object, read: object):
    ticket_id = client.open_ticket()

    assert client.write_cf(ticket_id, name, sent).json()["cf"][name] == read
    assert client.call("GET", f"/tickets/{ticket_id}").json()["cf"][name] == read


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        pytest.param(BOX, True, id="a JSON boolean"),
        pytest.param(PRODUCT, False, id="a JSON boolean for a text"),
        pytest.param(BOX, "yes", id="a box takes true and false only"),
        pytest.param(SEVERITY, "s1-critical", id="a pick list is case-sensitive"),
        pytest.param(SEVERITY, "S4", id="no value of the pick list"),
        pytest.param(DUE, "2026-11-23T10:30:00Z", id="no milliseconds"),
        pytest.param(DUE, "2026-11-23T10:30:00.000+05:30", id="an offset"),
        pytest.param(DUE, "2026-13-23T10:30:00.000Z", id="no such month"),
        pytest.param(EMAIL, "nobody", id="no address"),
        pytest.param(PRODUCT, "x" * 256, id="too long"),
        pytest.param(PRODUCT, ["CRM"], id="an array"),
        pytest.param(PRODUCT, 1.5, id="a fraction"),
        pytest.param("cf_unknown", "x", id="no such field"),
    ],
)
def test_a_rejected_value_is_named(client: Client, name: str, sent: object):
    assert wrong(client.write_cf(client.open_ticket(), name, sent)) == {f"/cf/{name}"}


@pytest.mark.parametrize("name", [BOX, SEVERITY, "cf_field_without_layout"])
def test_a_field_off_the_tickets_layout_is_dropped_without_an_error(client: Client, name: str):
    answer = client.write_cf(client.open_ticket(department=1), name, "true")

    assert answer.status == 200
    assert name not in answer.json()["cf"]


def test_a_field_off_the_tickets_layout_can_be_refused_instead(clock: Clock):
    client = Client(clock, DeskQuirks.named("refuses_fields_off_the_layout"))

    assert wrong(client.write_cf(client.open_ticket(department=1), SEVERITY, "S1-Critical")) == {f"/cf/{SEVERITY}"}


def test_seconds_can_be_kept_instead(clock: Clock):
    client = Client(clock, DeskQuirks.named("keeps_seconds"))
    answer = client.write_cf(client.open_ticket(), DUE, "2026-11-23T10:30:59.999Z")

    assert answer.json()["cf"][DUE] == "2026-11-23T10:30:59.999Z"


@pytest.mark.parametrize("moves", [False, True])
def test_a_reply_moves_the_time_of_the_last_change_or_does_not(clock: Clock, moves: bool):
    client = Client(clock, DeskQuirks.named(*["replies_touch_modified_time"] * moves))
    ticket_id = client.open_ticket()
    before = client.call("GET", f"/tickets/{ticket_id}").json()["modifiedTime"]
    clock.move(minutes=1)
    client.portal.customer_reply(ticket_id, "<p>Any news?</p>")
    after = client.call("GET", f"/tickets/{ticket_id}").json()

    assert (after["modifiedTime"] > before) is moves
    assert after["customerResponseTime"] > before


def test_one_wrong_field_fails_the_whole_write_and_all_of_them_are_named(client: Client):
    ticket_id = client.open_ticket()
    answer = client.write(ticket_id, priority="Urgent", subject="New", cf={SEVERITY: "S9", PRODUCT: "CRM"})

    assert wrong(answer) == {"/priority", f"/cf/{SEVERITY}"}
    ticket = client.call("GET", f"/tickets/{ticket_id}").json()
    assert (ticket["subject"], ticket["cf"][PRODUCT]) == ("Login fails", None)
    assert [each.type for each in client.events] == ["Ticket_Add"]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        pytest.param({"isEscalated": True}, "/isEscalated", id="only Desk escalates"),
        pytest.param({"modifiedTime": "2026-11-23T10:30:00.000Z"}, "/modifiedTime", id="only in answers"),
        pytest.param({"statusType": "Closed"}, "/statusType", id="follows from the status"),
        pytest.param({"responseDueDate": "2026-11-23T10:30:00.000Z"}, "/responseDueDate", id="only the text null"),
        pytest.param({"status": "Nowhere"}, "/status", id="no status of the layout"),
        pytest.param({"status": ""}, "/status", id="no ticket without a status"),
        pytest.param({"dueDate": "2026-11-23"}, "/dueDate", id="a date without a time"),
        pytest.param({"assigneeId": "700100999999999999"}, "/assigneeId", id="no such agent"),
        pytest.param({"subject": 7}, "/subject", id="a number for a text"),
        pytest.param({"subject": "x" * 1001}, "/subject", id="a subject too long"),
        pytest.param({"assigneeId": "Ada"}, "/assigneeId", id="no id"),
        pytest.param({"cf": "none"}, "/cf", id="no object"),
        pytest.param({"responseDueDate": None}, "/responseDueDate", id="null is not the text null"),
        pytest.param({"surprise": 1}, "/surprise", id="an unknown key"),
        pytest.param({"departmentId": "1"}, "/departmentId", id="no such department"),
        pytest.param({"contact": {"firstName": "Ana"}}, "/contact/lastName", id="neither last name nor e-mail"),
    ],
)
def test_a_system_field_is_checked_too(client: Client, values: dict[str, object], pointer: str):
    assert wrong(client.write(client.open_ticket(), **values)) == {pointer}


def test_a_ticket_goes_to_active_agents_of_its_department_only(client: Client):
    ticket_id = client.open_ticket(department=1)
    _, ada, ben, away = (each["id"] for each in client.portal.seed.agents)

    assert client.write(ticket_id, assigneeId=ada).json()["assigneeId"] == ada
    assert wrong(client.write(ticket_id, assigneeId=ben)) == {"/assigneeId"}
    assert wrong(client.write(ticket_id, assigneeId=away)) == {"/assigneeId"}
    assert client.write(ticket_id, assigneeId="").json()["assigneeId"] is None


def test_the_type_and_the_times_follow_from_the_status(client: Client, clock: Clock):
    ticket_id = client.open_ticket()

    held = client.write(ticket_id, status="On Hold").json()
    clock.move(minutes=30)
    closed = client.write(ticket_id, status="Closed").json()
    reopened = client.write(ticket_id, status="Open").json()

    assert (held["statusType"], held["onholdTime"]) == ("On Hold", "2026-11-23T09:30:15.000Z")
    assert (closed["statusType"], closed["closedTime"]) == ("Closed", "2026-11-23T10:00:15.000Z")
    assert (reopened["statusType"], reopened["closedTime"], reopened["onholdTime"]) == ("Open", None, None)


def test_labels_carry_the_same_values_as_api_names(client: Client):
    ticket = client.write_cf(client.open_ticket(), SEVERITY, "S2-Moderate").json()

    assert ticket["customFields"]["Severity"] == ticket["cf"][SEVERITY] == "S2-Moderate"
    assert len(ticket["customFields"]) == len(ticket["cf"])


def test_a_value_may_come_under_its_label(client: Client):
    ticket_id = client.open_ticket()

    assert client.write(ticket_id, customFields={"Severity": "S3-Minimal"}).json()["cf"][SEVERITY] == "S3-Minimal"
    assert wrong(client.write(ticket_id, customFields={"Colour": "red"})) == {"/customFields/Colour"}


def test_a_ticket_has_the_contact_that_its_address_belongs_to(client: Client):
    client.open_ticket(contact={"lastName": "Helpdesk", "email": "Help@Partner.example"})
    client.open_ticket()
    answer = client.call("POST", "/tickets", {"departmentId": client.portal.department_id, "subject": "Nobody's"})

    assert len(client.portal.contacts) == 1
    assert wrong(answer) == {"/contactId"}


def test_a_write_names_the_tokens_agent_and_a_persons_write_names_the_person(client: Client):
    ticket_id = client.open_ticket()

    assert client.write(ticket_id, priority="High").json()["modifiedBy"] == client.portal.own_agent["id"]
    client.portal.change_ticket(ticket_id, {"priority": "Low"}, by=client.portal.person["id"])
    assert client.call("GET", f"/tickets/{ticket_id}").json()["modifiedBy"] == client.portal.person["id"]


def test_a_move_takes_the_ticket_to_the_other_layout_and_away_from_its_people(client: Client):
    ticket_id = client.open_ticket(assigneeId=client.portal.person["id"], cf={SEVERITY: "S1-Critical"})
    other = client.portal.seed.departments[1]["id"]

    assert client.call("POST", f"/tickets/{ticket_id}/move?departmentId={other}", {}).status == 200
    ticket = client.call("GET", f"/tickets/{ticket_id}").json()
    assert (ticket["departmentId"], ticket["assigneeId"]) == (other, None)
    assert SEVERITY not in ticket["cf"]


def test_a_trashed_ticket_reads_and_is_in_no_list_and_takes_no_write(client: Client):
    ticket_id = client.open_ticket()
    client.call("POST", "/tickets/moveToTrash", {"ticketIds": [ticket_id]})

    assert client.call("GET", f"/tickets/{ticket_id}").json()["isTrashed"] is True
    assert client.call("GET", "/tickets").status == 204
    assert client.write(ticket_id, priority="High").json()["errorCode"] == "UNPROCESSABLE_ENTITY"


def test_history_has_author_and_changes_newest_first(client: Client):
    ticket_id = client.open_ticket()
    client.write_cf(ticket_id, SEVERITY, "S1-Critical")

    newest, oldest = client.call("GET", f"/tickets/{ticket_id}/History").json()["data"]

    assert (newest["eventName"], oldest["eventName"]) == ("TicketUpdated", "TicketCreated")
    assert newest["actor"]["id"] == client.portal.own_agent["id"]
    assert newest["eventInfo"] == [
        {
            "propertyName": "Severity",
            "propertyType": "Picklist",
            "systemProperty": False,
            "propertyValue": {"previousValue": None, "updatedValue": "S1-Critical"},
        }
    ]


def test_a_long_thread_is_truncated_and_its_full_content_is_elsewhere(client: Client):
    content = f"<p>{'x' * 20_000}</p>"
    ticket_id = client.open_ticket(description=content)

    latest = client.call("GET", f"/tickets/{ticket_id}/latestThread").json()
    whole = client.call("GET", latest["fullContentURL"].removeprefix("/api/v1")).json()

    assert latest["isContentTruncated"] is True
    assert len(latest["content"]) < len(content) == len(whole["content"])
