"""Handlers of the calls about tickets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from desk_sync.simulated_desk.error import WrongField, invalid
from desk_sync.simulated_desk.portal import ticket as forms
from desk_sync.simulated_desk.portal.fields import format_instant
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.portal.ticket import DeskTicket
from desk_sync.simulated_desk.rest import field_faults, search
from desk_sync.simulated_desk.rest.directory_handlers import inner_account
from desk_sync.simulated_desk.rest.route import RestCall
from desk_sync.simulated_desk.rest.search import list_body, search_results


def read_ticket(portal: SimulatedPortal, call: RestCall) -> Record:
    ticket = portal.ticket(call.ids[0])
    return portal.whole(ticket) | _included(portal, ticket, call.query.get("include", ()))


def write_ticket(portal: SimulatedPortal, call: RestCall) -> Record:
    body = field_faults.passed(portal.ticket(call.ids[0]), call.body, call.field_faults)
    changed = portal.change_ticket(call.ids[0], body, by=call.by, source_id=call.source_id)
    return forms.after_write(portal.whole(changed))


def create_ticket(portal: SimulatedPortal, call: RestCall) -> Record:
    return forms.after_write(portal.whole(portal.open_ticket(call.body, by=call.by, source_id=call.source_id)))


def list_tickets(portal: SimulatedPortal, call: RestCall) -> Record | None:
    query = dict(call.query)
    days = int(query.get("receivedInDays", -1))
    if days > 0:
        query["receivedSince"] = format_instant(portal.now() - timedelta(days=days))
    names = [_listed_name(portal, each) for each in query.get("fields", ())]
    tickets = (forms.list_entry(portal.whole(each), each.last_thread()) for each in _not_trashed(portal))
    matching = search.select(tickets, query, search.LISTED_TICKETS)
    shown = search.page(search.arrange(matching, query.get("sortBy", "-createdTime")), query)
    return list_body([each | _listed_more(portal, each, names, query.get("include", ())) for each in shown])


def _listed_name(portal: SimulatedPortal, name: str) -> str:
    """Return a name of the parameter `fields`. Raises RestError for one that no ticket has."""
    if name not in {each.api_name for each in portal.seed.fields} | set(forms.LIST_KEYS):
        raise invalid(WrongField("/fields", f"there is no field {name}"))
    return name


def _listed_more(portal: SimulatedPortal, entry: Record, names: Sequence[str], include: Sequence[str]) -> Record:
    """Return what the query adds to an entry: the custom fields that it names, and the resources that it includes."""
    ticket = portal.ticket(entry["id"])
    whole = portal.whole(ticket)
    custom = {name: whole["cf"].get(name) for name in names if name.startswith("cf_")}
    return ({"cf": custom} if custom else {}) | _included(portal, ticket, include)


def search_tickets(portal: SimulatedPortal, call: RestCall) -> Record | None:
    found = filter(None, (_searched(portal, each) for each in _not_trashed(portal)))
    results = search_results(search.select(found, call.query, search.FOUND_TICKETS), call.query)
    if results:
        results["data"] = [portal.quirks.show_found(each) for each in results["data"]]
    return results


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
    sent = [each for each in ticket.threads if each["direction"] == "out" and each["status"] == "SUCCESS"]
    outgoing = [_moment(each["createdTime"]) for each in sent]
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
    ticket, query = portal.ticket(call.ids[0]), call.query
    field = ticket.layout.field(query.get("fieldName", ""))
    label = field.label if field else None
    entries = [
        each
        for each in reversed(ticket.history)
        if query.get("agentId") in (None, each["actor"]["id"])
        and ("eventFilter" not in query or _of_kind(each["eventName"], query["eventFilter"]))
        and ("fieldName" not in query or label in {info["propertyName"] for info in each["eventInfo"]})
    ]
    return list_body(search.page(entries, query))


def _of_kind(event_name: str, kind: str) -> bool:
    """Return True for an event that a filter's kind covers: `CommentHistory` covers `CommentAdded`."""
    return event_name.startswith(kind.removesuffix("History"))


def _not_trashed(portal: SimulatedPortal) -> Sequence[DeskTicket]:
    return [each for each in portal.tickets.values() if not each.record["isTrashed"]]


def _included(portal: SimulatedPortal, ticket: DeskTicket, names: Sequence[str]) -> Record:
    """Return the resources that a query includes, under the keys of an answer."""
    return {INCLUDED[name][0]: INCLUDED[name][1](portal, ticket.record) for name in names}


def _inner_contact(portal: SimulatedPortal, record: Record) -> Record:
    contact = portal.contacts[record["contactId"]]
    keys = ("id", "firstName", "lastName", "email", "phone", "mobile", "type", "isSpam")
    return {key: contact[key] for key in keys} | {"account": inner_account(portal, contact)}


def _inner_agent(portal: SimulatedPortal, record: Record) -> Record | None:
    agent = portal.agent(record["assigneeId"])
    keys = ("id", "firstName", "lastName", "photoURL")
    return {key: agent[key] for key in keys} | {"email": agent["emailId"]} if agent else None


def _inner_department(portal: SimulatedPortal, record: Record) -> Record:
    department = next(each for each in portal.seed.departments if each["id"] == record["departmentId"])
    return {"id": department["id"], "name": department["name"]}


def _inner_team(portal: SimulatedPortal, record: Record) -> Record | None:
    team = next((each for each in portal.seed.teams if each["id"] == record["teamId"]), None)
    return {key: team[key] for key in ("id", "name", "logoUrl")} if team else None


def _contract_id(portal: SimulatedPortal, record: Record) -> str | None:
    contracts = (each["id"] for each in portal.contracts.values() if each["accountId"] == record["accountId"])
    return next(contracts, None)


INCLUDED: Mapping[str, tuple[str, Callable[[SimulatedPortal, Record], Any]]] = {
    "contacts": ("contact", _inner_contact),
    "products": ("product", lambda _, __: None),
    "departments": ("department", _inner_department),
    "team": ("team", _inner_team),
    "assignee": ("assignee", _inner_agent),
    "contract": ("contractId", _contract_id),
    "isRead": ("isRead", lambda _, __: False),
    "skills": ("skillsInfo", lambda _, __: []),
}
"""The values of the parameter `include`: the key of an answer that each adds, and its content."""


def _searched(portal: SimulatedPortal, ticket: DeskTicket) -> Record | None:
    """Return a ticket as a search sees it; None if it is not in the index yet."""
    whole = portal.indexed(ticket)
    if whole is None:
        return None
    contact = _inner_contact(portal, ticket.record)
    account = portal.accounts.get(ticket.record["accountId"], {})
    # Searched by, but not part of a result; `search_results` removes it again.
    hidden = {"tags": [each["name"] for each in ticket.tags], "accountName": account.get("accountName")}
    related = {
        "contact": {key: value for key, value in contact.items() if key != "isSpam"},
        "assignee": _found_agent(portal, ticket.record),
        "department": _inner_department(portal, ticket.record),
        "team": _inner_team(portal, ticket.record),
    }
    return forms.search_result(whole, ticket.last_thread()) | related | hidden


def _found_agent(portal: SimulatedPortal, record: Record) -> Record | None:
    agent = portal.agent(record["assigneeId"])
    return {key: agent[key] for key in ("id", "firstName", "lastName", "photoURL", "emailId")} if agent else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _hours(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02} hrs"
