"""Handlers of the calls about people and organisations: contacts, accounts, agents, teams, departments."""

from __future__ import annotations

from collections.abc import Sequence

from desk_sync.simulated_desk.error import not_found
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.rest import search
from desk_sync.simulated_desk.rest.route import RestCall
from desk_sync.simulated_desk.rest.search import list_body, search_results


def read_contact(portal: SimulatedPortal, call: RestCall) -> Record:
    contact = _known(portal.contacts, call.ids[0])
    with_account = "accounts" in call.query.get("include", ())
    return contact | ({"account": inner_account(portal, contact)} if with_account else {})


def search_contacts(portal: SimulatedPortal, call: RestCall) -> Record | None:
    contacts = (each | {"account": inner_account(portal, each)} for each in portal.contacts.values())
    return search_results(search.select(contacts, call.query, search.CONTACTS), call.query)


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
    return list_body(search.page(contracts, call.query))


def _known(records: dict[str, Record], record_id: str) -> Record:
    if record_id not in records:
        raise not_found()
    return records[record_id]


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
    return list_body(search.page(agents, query))


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
    return list_body(search.page(departments, call.query))


def list_organizations(portal: SimulatedPortal, call: RestCall) -> Record:
    return {"data": [portal.seed.organization]}


def inner_account(portal: SimulatedPortal, contact: Record) -> Record | None:
    account = portal.accounts.get(contact["accountId"])
    return {key: account[key] for key in ("id", "accountName", "website")} if account else None
