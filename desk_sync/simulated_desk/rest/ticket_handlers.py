"""Handlers of the calls about tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from desk_sync.simulated_desk.error import WrongField, invalid
from desk_sync.simulated_desk.portal import ticket as forms
from desk_sync.simulated_desk.portal.fields import format_instant
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.portal.ticket import DeskTicket
from desk_sync.simulated_desk.rest import search
from desk_sync.simulated_desk.rest.directory_handlers import inner_account
from desk_sync.simulated_desk.rest.route import RestCall
from desk_sync.simulated_desk.rest.search import list_body, search_results


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
    return list_body(search.page(search.arrange(matching, query.get("sortBy", "-createdTime")), query))


def search_tickets(portal: SimulatedPortal, call: RestCall) -> Record | None:
    matching = search.select(
        (_searched(portal, each) for each in _not_trashed(portal)), call.query, search.FOUND_TICKETS
    )
    return search_results(matching, call.query)


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
    return list_body(search.page(entries, query))


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
    return {key: contact[key] for key in keys} | {"mobile": None, "account": inner_account(portal, contact)}


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


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _hours(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02} hrs"
