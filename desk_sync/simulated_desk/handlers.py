"""The handlers of the calls of Desk's REST interface; `routes.py` lists the calls.

A handler gets checked values; it returns the content of the response's body, or None for a response without body.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from desk_sync.simulated_desk import search
from desk_sync.simulated_desk import ticket as forms
from desk_sync.simulated_desk.error import RestError, WrongField, invalid, not_found
from desk_sync.simulated_desk.fields import LayoutField, PickListField, format_instant
from desk_sync.simulated_desk.portal import SimulatedPortal
from desk_sync.simulated_desk.route import RestCall
from desk_sync.simulated_desk.seed import CREATED_AT, DeskLayout, Record
from desk_sync.simulated_desk.ticket import DeskTicket

# -- tickets --------------------


def read_ticket(portal: SimulatedPortal, call: RestCall) -> Record:
    ticket = portal.ticket(call.ids[0])
    inner = {"contacts": "contact", "assignee": "assignee", "departments": "department"}
    included = {inner[each] for each in call.query.get("include", ()) if each in inner}
    return portal.whole(ticket) | {key: value for key, value in _related(portal, ticket).items() if key in included}


def write_ticket(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.whole(portal.change_ticket(call.ids[0], call.body, by=call.by, source_id=call.source_id))


def create_ticket(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.whole(portal.open_ticket(call.body, by=call.by, source_id=call.source_id))


def list_tickets(portal: SimulatedPortal, call: RestCall) -> Record | None:
    query = dict(call.query)
    days = int(query.get("receivedInDays", -1))
    if days > 0:
        query["receivedSince"] = format_instant(portal.now() - timedelta(days=days))
    tickets = (forms.list_entry(each, portal.now()) for each in _not_trashed(portal))
    matching = search.select(tickets, query, search.LISTED_TICKETS)
    return _data(search.page(search.arrange(matching, query.get("sortBy", "-createdTime")), query))


def search_tickets(portal: SimulatedPortal, call: RestCall) -> Record | None:
    matching = search.select(
        (_searched(portal, each) for each in _not_trashed(portal)), call.query, search.FOUND_TICKETS
    )
    return _found(matching, call)


def move_ticket(portal: SimulatedPortal, call: RestCall) -> None:
    department_id = call.query["departmentId"]
    if call.body.get("departmentId", department_id) != department_id:
        raise invalid(WrongField("/departmentId", "query and body disagree"))
    portal.move_ticket(call.ids[0], department_id, by=call.by, source_id=call.source_id)


def trash_tickets(portal: SimulatedPortal, call: RestCall) -> None:
    unknown = [each for each in call.body["ticketIds"] if each not in portal.tickets]
    if unknown:
        raise invalid(WrongField("/ticketIds", "no such ticket"))
    for ticket_id in call.body["ticketIds"]:
        portal.trash_ticket(ticket_id, by=call.by, source_id=call.source_id)


def read_metrics(portal: SimulatedPortal, call: RestCall) -> Record:
    ticket = portal.ticket(call.ids[0])
    ends = [*(since for _, since in ticket.stages[1:]), portal.now()]
    spans = [(status, end - since) for (status, since), end in zip(ticket.stages, ends, strict=True)]
    outgoing = [_moment(each["createdTime"]) for each in ticket.threads if each["direction"] == "out"]
    opened, closed = _moment(ticket.record["createdTime"]), ticket.record["closedTime"]
    first_response = _hours(outgoing[0] - opened if outgoing else timedelta(0))
    return {
        "firstResponseTime": first_response,
        "totalResponseTime": first_response,
        "resolutionTime": _hours(_moment(closed) - opened if closed else timedelta(0)),
        "stagingData": [{"status": status, "handledTime": _hours(span)} for status, span in spans],
        "agentsHandled": [],
        "threadCount": str(len(ticket.threads)),
        "responseCount": str(len(outgoing)),
        "outgoingCount": str(len(outgoing)),
        "reassignCount": "0",
        "reopenCount": "0",
    }


def read_history(portal: SimulatedPortal, call: RestCall) -> Record | None:
    query = call.query
    entries = [
        each
        for each in reversed(portal.ticket(call.ids[0]).history)
        if each["eventName"] in query.get("eventFilter", (each["eventName"],))
        and ("fieldName" not in query or query["fieldName"] in {info["propertyName"] for info in each["eventInfo"]})
    ]
    return _data(search.page(entries, query))


def _not_trashed(portal: SimulatedPortal) -> Sequence[DeskTicket]:
    return [each for each in portal.tickets.values() if not each.record["isTrashed"]]


def _related(portal: SimulatedPortal, ticket: DeskTicket) -> Record:
    department = next(each for each in portal.seed.departments if each["id"] == ticket.record["departmentId"])
    return {
        "contact": _inner_contact(portal, portal.contacts[ticket.record["contactId"]]),
        "assignee": _inner_agent(portal, ticket.record["assigneeId"]),
        "department": {"id": department["id"], "name": department["name"]},
    }


def _inner_contact(portal: SimulatedPortal, contact: Record) -> Record:
    keys = ("id", "firstName", "lastName", "email", "phone", "type", "isSpam")
    return {key: contact[key] for key in keys} | {"mobile": None, "account": _inner_account(portal, contact)}


def _inner_account(portal: SimulatedPortal, contact: Record) -> Record | None:
    account = portal.accounts.get(contact["accountId"])
    return {key: account[key] for key in ("id", "accountName", "website")} if account else None


def _inner_agent(portal: SimulatedPortal, agent_id: str | None) -> Record | None:
    agent = next((each for each in portal.seed.agents if each["id"] == agent_id), None)
    if agent is None:
        return None
    return {key: agent[key] for key in ("id", "firstName", "lastName", "photoURL")} | {"email": agent["emailId"]}


def _searched(portal: SimulatedPortal, ticket: DeskTicket) -> Record:
    related = _related(portal, ticket)
    if agent := related["assignee"]:
        related["assignee"] = {key: value for key, value in agent.items() if key != "email"} | {
            "emailId": agent["email"]
        }
    account = portal.accounts.get(ticket.record["accountId"], {})
    # Searched by, but not part of a result; `_found` removes it again.
    hidden = {"tags": [each["name"] for each in ticket.tags], "accountName": account.get("accountName")}
    return forms.search_result(ticket, portal.now(), **related) | hidden


def _found(matching: list[Record], call: RestCall) -> Record | None:
    ordered = search.arrange(matching, call.query.get("sortBy", "relevance"))
    shown = search.page(ordered, call.query)
    results = [{key: value for key, value in each.items() if key not in ("tags", "accountName")} for each in shown]
    return {"data": results, "count": len(matching)} if results else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _hours(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02} hrs"


def _data(records: Sequence[Record]) -> Record | None:
    """Return a list as Desk sends it; None, that is no body, if it is empty."""
    return {"data": list(records)} if records else None


# -- conversation --------------------


def list_threads(portal: SimulatedPortal, call: RestCall) -> Record:
    newest_first = [forms.thread_entry(each) for each in reversed(portal.ticket(call.ids[0]).threads)]
    return {"data": search.page(newest_first, call.query)}


def read_thread(portal: SimulatedPortal, call: RestCall) -> Record:
    thread = portal.thread(*call.ids)
    return forms.thread_whole(thread, call.ids[0], with_plain_text="include" in call.query)


def read_full_content(portal: SimulatedPortal, call: RestCall) -> Record:
    thread = portal.thread(*call.ids)
    return {key: thread[key] for key in ("id", "content", "contentType")}


def read_latest_thread(portal: SimulatedPortal, call: RestCall) -> Record | None:
    incoming = call.query.get("needIncomingThread", False)
    threads = [each for each in portal.ticket(call.ids[0]).threads if each["direction"] == "in" or not incoming]
    if not threads:
        return None
    return forms.thread_whole(threads[-1], call.ids[0], with_plain_text="include" in call.query)


def list_comments(portal: SimulatedPortal, call: RestCall) -> Record:
    comments = portal.ticket(call.ids[0]).comments
    oldest_first = call.query.get("sortBy") == "commentedTime"
    shown = search.page(comments if oldest_first else comments[::-1], call.query)
    with_text = "plainText" in call.query.get("include", ())
    return {"data": [each | ({"plainText": forms.plain(each["content"])} if with_text else {}) for each in shown]}


def create_comment(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.add_comment(
        call.ids[0],
        call.body["content"],
        public=call.body.get("isPublic", True),
        kind=call.body.get("contentType", "html"),
        by=call.by,
        source_id=call.source_id,
    )


def write_comment(portal: SimulatedPortal, call: RestCall) -> Record:
    changes = {key: value for key, value in call.body.items() if key != "attachmentIds"}
    return portal.edit_comment(call.ids[0], call.ids[1], changes, by=call.by, source_id=call.source_id)


def delete_comment(portal: SimulatedPortal, call: RestCall) -> None:
    portal.remove_comment(call.ids[0], call.ids[1], by=call.by)


def list_tags(portal: SimulatedPortal, call: RestCall) -> Record:
    return {"tags": portal.ticket(call.ids[0]).tags}


def add_tags(portal: SimulatedPortal, call: RestCall) -> Record:
    return {"data": portal.add_tags(call.ids[0], call.body["tags"], by=call.by)}


def remove_tags(portal: SimulatedPortal, call: RestCall) -> Record:
    return {"data": portal.remove_tags(call.ids[0], call.body["tags"], by=call.by)}


# -- customers --------------------


def read_contact(portal: SimulatedPortal, call: RestCall) -> Record:
    contact = _known(portal.contacts, call.ids[0])
    with_account = "accounts" in call.query.get("include", ())
    return contact | ({"account": _inner_account(portal, contact)} if with_account else {})


def search_contacts(portal: SimulatedPortal, call: RestCall) -> Record | None:
    contacts = (each | {"account": _inner_account(portal, each)} for each in portal.contacts.values())
    return _found(search.select(contacts, call.query, search.CONTACTS), call)


def read_account(portal: SimulatedPortal, call: RestCall) -> Record:
    return _known(portal.accounts, call.ids[0])


def list_contracts(portal: SimulatedPortal, call: RestCall) -> Record | None:
    account = _known(portal.accounts, call.ids[0])
    status = call.query.get("contractStatus")
    contracts = [
        each
        for each in portal.contracts.values()
        if each["accountId"] == account["id"] and status in (None, each["contractStatus"])
    ]
    return _data(search.page(contracts, call.query))


def _known(records: dict[str, Record], record_id: str) -> Record:
    if record_id not in records:
        raise not_found()
    return records[record_id]


# -- fields and layouts --------------------


def list_fields(portal: SimulatedPortal, call: RestCall) -> Record:
    _only_tickets(call)
    names, department = call.query.get("apiNames"), call.query.get("associatedDepartments")
    layouts = [each for each in portal.seed.layouts if each.department_id == department]
    fields = [
        each
        for each in portal.seed.fields
        if (names is None or each.api_name in names)
        and (department is None or any(layout.field(each.api_name) for layout in layouts))
    ]
    return {"data": [_field(each) | {"maxLength": each.max_length, "isEncryptedField": False} for each in fields]}


def list_layouts(portal: SimulatedPortal, call: RestCall) -> Record | None:
    _only_tickets(call)
    department = call.query.get("departmentId")
    layouts = [each for each in portal.seed.layouts if department in (None, each.department_id)]
    return _data(search.page([_layout(each) for each in layouts], call.query))


def read_layout(portal: SimulatedPortal, call: RestCall) -> Record:
    layout = next((each for each in portal.seed.layouts if each.layout_id == call.ids[0]), None)
    if layout is None:
        raise not_found()
    parts = {
        "Ticket Information": [each for each in layout.fields if not each.custom],
        "Additional Information": list(layout.custom),
    }
    sections = [{"name": name, "fields": [_layout_field(each) for each in fields]} for name, fields in parts.items()]
    return _layout(layout) | {"sections": sections}


def _only_tickets(call: RestCall) -> None:
    if call.query["module"] != "tickets":
        raise invalid(WrongField("/module", "the simulated portal has fields of tickets only"))


def _field(field: LayoutField) -> Record:
    return {
        "id": field.field_id,
        "name": field.api_name,
        "apiName": field.api_name,
        "displayLabel": field.label,
        "i18NLabel": field.label,
        "type": field.type,
        "isCustomField": field.custom,
        "isMandatory": field.api_name in ("subject", "status"),
    }


def _layout_field(field: LayoutField) -> Record:
    values = {"allowedValues": [_choice(each) for each in field.choices]} if field.choices else {}
    return _field(field) | values


def _choice(choice: PickListField) -> Record:
    return {"value": choice.value} | ({"statusType": choice.status_type} if choice.status_type else {})


def _layout(layout: DeskLayout) -> Record:
    return {
        "id": layout.layout_id,
        "layoutName": layout.name,
        "module": "tickets",
        "departmentId": layout.department_id,
        "isDefaultLayout": True,
        "createdTime": CREATED_AT,
    }


# -- people and the organization --------------------


def list_agents(portal: SimulatedPortal, call: RestCall) -> Record | None:
    query = call.query
    text = query.get("searchStr", "").lower().strip("*")
    agents = [
        each
        for each in portal.seed.agents
        if query.get("status") in (None, each["status"])
        and query.get("isConfirmed") in (None, each["isConfirmed"])
        and set(query.get("departmentIds", each["associatedDepartmentIds"])) & set(each["associatedDepartmentIds"])
        and text in f"{each['name']} {each['emailId']}".lower()
    ]
    return _data(search.page(agents, query))


def read_agent_by_email(portal: SimulatedPortal, call: RestCall) -> Record | None:
    return next((each for each in portal.seed.agents if each["emailId"] == call.ids[0].lower()), None)


def read_myself(portal: SimulatedPortal, call: RestCall) -> Record:
    return next(each for each in portal.seed.agents if each["id"] == call.by)


def list_teams(portal: SimulatedPortal, call: RestCall) -> Record:
    return {"teams": _all_or_page(portal.seed.teams, call)}


def list_department_teams(portal: SimulatedPortal, call: RestCall) -> Record:
    if call.ids[0] not in {each["id"] for each in portal.seed.departments}:
        raise not_found()
    teams = [each for each in portal.seed.teams if each["departmentId"] == call.ids[0]]
    return {"teams": _all_or_page(teams, call)}


def _all_or_page(records: Sequence[Record], call: RestCall) -> list[Record]:
    """Return a page of teams; without a limit, or with 0, all of them."""
    return search.page(records, call.query) if call.query["limit"] else list(records)


def list_departments(portal: SimulatedPortal, call: RestCall) -> Record | None:
    text = call.query.get("searchStr", "").lower()
    departments = [
        each
        for each in portal.seed.departments
        if text in each["name"].lower() and call.query.get("isEnabled") in (None, each["isEnabled"])
    ]
    return _data(search.page(departments, call.query))


def list_business_hours(portal: SimulatedPortal, call: RestCall) -> Record:
    without = call.headers.get("exclude_holiday_list") == "true"
    left_out = ("holidayLists", "associatedHolidayList") if without else ()
    hours = search.page(portal.seed.business_hours, call.query)
    return {"data": [{key: value for key, value in each.items() if key not in left_out} for each in hours]}


def read_business_hours(portal: SimulatedPortal, call: RestCall) -> Record:
    return _by_id(portal.seed.business_hours, call.ids[0])


def list_holiday_lists(portal: SimulatedPortal, call: RestCall) -> Record:
    lists = search.page(portal.seed.holiday_lists, call.query)
    return {"data": [{key: value for key, value in each.items() if key != "holidays"} for each in lists]}


def read_holiday_list(portal: SimulatedPortal, call: RestCall) -> Record:
    return _by_id(portal.seed.holiday_lists, call.ids[0])


def _by_id(records: Sequence[Record], record_id: str) -> Record:
    record = next((each for each in records if each["id"] == record_id), None)
    if record is None:
        raise RestError("UNPROCESSABLE_ENTITY", "There is no such resource.")
    return record


def list_organizations(portal: SimulatedPortal, call: RestCall) -> Record:
    return {"data": [portal.seed.organization]}


# -- webhooks --------------------


def list_webhooks(portal: SimulatedPortal, call: RestCall) -> Record | None:
    return _data(list(portal.webhooks.values()))


def create_webhook(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.add_webhook(call.body)


def read_webhook(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.webhook(call.ids[0])


def write_webhook(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.change_webhook(call.ids[0], call.body)


def delete_webhook(portal: SimulatedPortal, call: RestCall) -> None:
    portal.webhook(call.ids[0])
    portal.remove_webhook(call.ids[0])
