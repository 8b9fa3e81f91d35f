"""The people, organisations and webhooks of a portal, beside its fixed part: contacts, accounts, contracts, agents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from desk_sync.simulated_desk.error import WrongField, invalid, not_found
from desk_sync.simulated_desk.portal.event import DeskEvent
from desk_sync.simulated_desk.portal.fields import PickListField, format_instant
from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from desk_sync.simulated_desk.portal.records import new_account, new_contact, new_webhook
from desk_sync.simulated_desk.portal.seed import (
    DeskLayout,
    PortalSeed,
    Record,
    SeedIds,
    create_seed,
    new_agent,
    with_field,
)


class PortalDirectory:
    """One organisation: its fixed part (`seed`), the records created since, and the listeners to its events."""

    def __init__(self, *, now: Callable[[], datetime], quirks: DeskQuirks | None = None) -> None:
        self.now = now
        self.quirks = quirks or DeskQuirks()
        self.lock = threading.RLock()
        self.listeners: list[Callable[[DeskEvent], None]] = []
        self.new_id = SeedIds()
        self.seed: PortalSeed = create_seed(self.new_id)
        self.contacts: dict[str, Record] = {}
        self.accounts: dict[str, Record] = {}
        self.contracts: dict[str, Record] = {}
        self.webhooks: dict[str, Record] = {}

    @property
    def org_id(self) -> str:
        org_id: str = self.seed.organization["id"]
        return org_id

    @property
    def department_id(self) -> str:
        """The department of partner support, whose layout has every field."""
        department_id: str = self.seed.departments[0]["id"]
        return department_id

    @property
    def own_agent(self) -> Record:
        """The agent that the integration's tokens act as."""
        return self.seed.agents[0]

    @property
    def person(self) -> Record:
        """An agent who is a person, not a program."""
        return self.seed.agents[1]

    def add_agent(self, first: str, last: str, email: str) -> Record:
        """Add an agent who belongs to every department."""
        departments = [each["id"] for each in self.seed.departments]
        agent = new_agent(self.new_id, first, last, email, departments)
        self.seed = replace(self.seed, agents=[*self.seed.agents, agent])
        return agent

    def agent(self, agent_id: str | None) -> Record | None:
        return next((each for each in self.seed.agents if each["id"] == agent_id), None)

    def deactivate(self, agent_id: str) -> None:
        """Disable an agent: no ticket can be assigned to it any more."""
        agent = next(each for each in self.seed.agents if each["id"] == agent_id)
        agent["status"] = "DISABLED"

    def set_up_field(self, api_name: str, label: str, kind: str, values: Iterable[str] = ()) -> None:
        """Add a custom field to every layout, as an admin does; an existing field gets the additional values."""
        self.seed = with_field(self.seed, self.new_id, api_name, label, kind, values)

    def set_up_status(self, name: str, status_type: str = "Open") -> None:
        """Add a status to every layout; one that exists, in whatever case, stays as it is."""
        known = {each.lower() for layout in self.seed.layouts for each in layout.statuses}
        if name.lower() not in known:
            choice = PickListField(value=name, status_type=status_type)
            self.seed = with_field(self.seed, self.new_id, "status", "Status", "Picklist", [choice])

    def layout_of(self, department_id: str) -> DeskLayout:
        return next(each for each in self.seed.layouts if each.department_id == department_id)

    def add_account(self, name: str, *, website: str | None = None, country: str | None = None, **more: Any) -> Record:
        names = {"accountName": name, "website": website, "country": country}
        account = new_account(self.new_id(), format_instant(self.now()), names | more)
        return self.accounts.setdefault(account["id"], account)

    def add_contact(
        self,
        last_name: str,
        email: str | None,
        *,
        account_id: str | None = None,
        country: str | None = None,
        **more: Any,
    ) -> Record:
        reach = {"email": email}
        if "contacts_without_email" in self.quirks:
            reach = {"email": None, "phone": "+49 30 5550100"}
        names = {"lastName": last_name, "accountId": account_id, "country": country}
        contact = new_contact(self.new_id(), format_instant(self.now()), names | reach | more)
        return self.contacts.setdefault(contact["id"], contact)

    def add_contract(self, account_id: str, *, start: str, end: str, sla_name: str = "Partner Support") -> Record:
        """Add a contract of an account, valid from `start` through `end` (yyyy-MM-dd, both included)."""
        contract_id = self.new_id()
        contract = {"id": contract_id, "accountId": account_id, "contractName": sla_name, "slaName": sla_name}
        dates = {"slaGroupId": self.new_id(), "contractStatus": "ACTIVE", "startDate": start, "endDate": end}
        return self.contracts.setdefault(contract_id, contract | dates)

    def contact_for(self, values: Mapping[str, Any]) -> Record:
        """Return the contact that the body of a new ticket names, by its id or by name and address."""
        if contact_id := values.get("contactId"):
            return self.contacts[contact_id]
        contact = values.get("contact")
        if not contact:
            raise invalid(WrongField("/contactId", "a contact is needed", "missing"))
        address = (contact.get("email") or "").strip()
        name = contact.get("lastName") or address
        known = (each for each in self.contacts.values() if _is_same(each, name, address))
        more = {key: contact[key] for key in ("firstName", "phone") if contact.get(key)}
        return next(known, None) or self.add_contact(name, address or None, **more)

    def author(self, person_id: str) -> Record:
        """Return an agent or a contact in the form in which Desk shows an author."""
        agent = self.agent(person_id)
        person = agent or self.contacts[person_id]
        name = f"{person['firstName'] or ''} {person['lastName']}".strip()
        kind, email = ("AGENT", person["emailId"]) if agent else ("END_USER", person["email"])
        names = {"name": name, "firstName": person["firstName"], "lastName": person["lastName"]}
        return {"id": person_id, "type": kind, "email": email, "photoURL": None} | names

    def add_webhook(self, values: Mapping[str, Any]) -> Record:
        now, webhook_id = format_instant(self.now()), self.new_id()
        return self.webhooks.setdefault(webhook_id, new_webhook(webhook_id, self.own_agent["id"], now, values))

    def webhook(self, webhook_id: str) -> Record:
        try:
            return self.webhooks[webhook_id]
        except KeyError:
            raise not_found() from None

    def change_webhook(self, webhook_id: str, changes: Mapping[str, Any]) -> Record:
        webhook = self.webhook(webhook_id)
        webhook.update(changes, modifiedTime=format_instant(self.now()))
        return webhook

    def remove_webhook(self, webhook_id: str) -> None:
        self.webhooks.pop(webhook_id, None)


def _is_same(contact: Record, name: str, address: str) -> bool:
    """Return True for the contact with this address; a contact without one is known by its last name."""
    if contact["email"]:
        return bool(contact["email"].lower() == address.lower())
    return bool(contact["lastName"] == name)
