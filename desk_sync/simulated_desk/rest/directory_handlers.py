"""Handlers of the calls about people and organisations: contacts, accounts, agents, teams, departments."""

from __future__ import annotations

from collections.abc import Sequence

from desk_sync.simulated_desk.error import not_found
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.rest import search
from desk_sync.simulated_desk.rest.route import RestCall
from desk_sync.simulated_desk.rest.search import list_body, search_results

NOT_IN_FOUND_CONTACTS = (
    *("isSpam", "isFollowing", "accountCount", "isAnonymous", "isDeleted", "isTrashed"),
    "layoutDetails",
)


def read_contact(portal: SimulatedPortal, call: RestCall) -> Record:
    contact, include = _known(portal.contacts, call.ids[0]), call.query.get("include", ())
    included = {"accounts": ("account", inner_account(portal, contact)), "owner": ("owner", _owner(portal, contact))}
    return contact | dict(included[name] for name in include)


def search_contacts(portal: SimulatedPortal, call: RestCall) -> Record | None:
    contacts = (
        {key: value for key, value in each.items() if key not in NOT_IN_FOUND_CONTACTS}
        | {"account": inner_account(portal, each), "owner": _owner(portal, each)}
        for each in portal.contacts.values()
    )
    return search_results(search.select(contacts, call.query, search.CONTACTS), call.query)


def read_account(portal: SimulatedPortal, call: RestCall) -> Record:
    account = _known(portal.accounts, call.ids[0])
    return account | ({"owner": _owner(portal, account)} if "include" in call.query else {})


def search_accounts(portal: SimulatedPortal, call: RestCall) -> Record | None:
    accounts = list(portal.accounts.values())
    return search_results(search.select(accounts, call.query, search.ACCOUNTS), call.query, hidden=())


def _owner(portal: SimulatedPortal, record: Record) -> Record | None:
    agent = portal.agent(record["ownerId"])
    keys = ("id", "firstName", "lastName", "photoURL", "emailId", "zuid")
    return {key: agent[key] for key in keys} if agent else None


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
    shown = search.page(agents, query)
    return list_body([each | {name: _part(each, name) for name in query.get("include", ())} for each in shown])


def _part(agent: Record, name: str) -> Record:
    """Return the profile or the role of an agent."""
    return {"id": agent[f"{name}Id"], "name": "Support Administrator" if name == "profile" else "CEO"}


def read_agent_by_email(portal: SimulatedPortal, call: RestCall) -> Record | None:
    agent = next((each for each in portal.seed.agents if each["emailId"] == call.ids[0].lower()), None)
    return {key: value for key, value in agent.items() if key != "isZiaAgent"} if agent else None


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
