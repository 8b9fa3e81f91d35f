"""The state of one simulated Desk portal, and every operation on it; no sockets, no clock of its own.

Every write is announced to the portal's listeners as a DeskEvent, the integration's own writes too. Each event of a
ticket has its own millisecond, even while `now` does not advance. `by` is the id of an agent or of a contact.
Methods raise RestError where Desk refuses. Threads that share a portal hold `lock` during each call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from desk_sync.simulated_desk.error import RestError, WrongField, invalid, not_found
from desk_sync.simulated_desk.portal import ticket as forms
from desk_sync.simulated_desk.portal.event import DeskEvent
from desk_sync.simulated_desk.portal.fields import format_instant, milliseconds
from desk_sync.simulated_desk.portal.records import (
    find_record,
    history_differences,
    new_comment,
    new_thread,
    new_webhook,
)
from desk_sync.simulated_desk.portal.seed import (
    DeskLayout,
    DeskQuirks,
    PortalSeed,
    Record,
    SeedIds,
    create_seed,
    new_agent,
    with_field,
)
from desk_sync.simulated_desk.portal.ticket import DeskTicket
from desk_sync.simulated_desk.portal.validation import DepartmentContent, accept, department_content


class SimulatedPortal:
    """One organisation: its fixed part (`seed`), the records created since, and the listeners to its events."""

    def __init__(self, *, now: Callable[[], datetime], quirks: DeskQuirks | None = None) -> None:
        self.now = now
        self.quirks = quirks or DeskQuirks()
        self.lock = threading.RLock()
        self.listeners: list[Callable[[DeskEvent], None]] = []
        self.new_id = SeedIds()
        self.seed: PortalSeed = create_seed(self.new_id)
        self.tickets: dict[str, DeskTicket] = {}
        self.contacts: dict[str, Record] = {}
        self.accounts: dict[str, Record] = {}
        self.contracts: dict[str, Record] = {}
        self.webhooks: dict[str, Record] = {}
        self._tags: dict[str, str] = {}
        self._ticket_numbers = count(101)

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

    def set_up_field(self, api_name: str, label: str, kind: str, values: Iterable[str] = ()) -> None:
        """Add a custom field to every layout, as an admin does; an existing field gets the additional values."""
        self.seed = with_field(self.seed, self.new_id, api_name, label, kind, values)

    def layout_of(self, department_id: str) -> DeskLayout:
        return next(each for each in self.seed.layouts if each.department_id == department_id)

    def ticket(self, ticket_id: str) -> DeskTicket:
        """Return a ticket. Raises RestError (404) if it does not exist."""
        try:
            return self.tickets[ticket_id]
        except KeyError:
            raise not_found() from None

    def whole(self, ticket: DeskTicket) -> Record:
        return ticket.whole(self.now())

    def add_account(self, name: str, *, website: str | None = None, country: str | None = None, **more: Any) -> Record:
        account = self._customer({"accountName": name, "website": website, "country": country}, more)
        return self.accounts.setdefault(account["id"], account | {"associatedSLAIds": []})

    def add_contact(
        self, last_name: str, email: str, *, account_id: str | None = None, country: str | None = None, **more: Any
    ) -> Record:
        names = {"lastName": last_name, "firstName": None, "email": email, "accountId": account_id, "country": country}
        contact = self._customer(names, more)
        return self.contacts.setdefault(contact["id"], contact | {"isSpam": False, "type": None, "isEndUser": False})

    def add_contract(self, account_id: str, *, start: str, end: str, sla_name: str = "Partner Support") -> Record:
        """Add a contract of an account, valid from `start` through `end` (yyyy-MM-dd, both included)."""
        contract_id = self.new_id()
        contract = {"id": contract_id, "accountId": account_id, "contractName": sla_name, "slaName": sla_name}
        dates = {"slaGroupId": self.new_id(), "contractStatus": "ACTIVE", "startDate": start, "endDate": end}
        return self.contracts.setdefault(contract_id, contract | dates)

    def _customer(self, names: Record, more: Mapping[str, Any]) -> Record:
        times = {"createdTime": format_instant(self.now()), "modifiedTime": format_instant(self.now())}
        rest = dict.fromkeys(("phone", "mobile", "state", "city", "description", "ownerId", "webUrl"))
        return {"id": self.new_id(), **rest, **names, **times, "cf": {}, "customFields": {}, **more}

    def open_ticket(self, values: Mapping[str, Any], *, by: str, source_id: str | None = None) -> DeskTicket:
        """Create a ticket with its first thread from the body of a POST."""
        department_id = values["departmentId"]
        if department_id not in {each["id"] for each in self.seed.departments}:
            raise invalid(WrongField("/departmentId", "no such department"))
        layout = self.layout_of(department_id)
        system, custom = accept(self._content(layout, department_id), values)
        contact = self._contact_for(values)
        system |= {"contactId": contact["id"], "email": system.get("email") or contact["email"]}
        system.setdefault("accountId", contact["accountId"])
        ticket = self._new_ticket(layout, system, custom, by)
        thread = self._thread(ticket, "in", forms.markup(system.get("description")), contact["id"], first=True)
        ticket.threads.append(thread)
        self._record(ticket, "TicketCreated", by)
        thread_keys = {"firstThread": forms.thread_in_event(thread, ticket.ticket_id), "description": thread["content"]}
        self._announce(ticket, "Ticket_Add", self.whole(ticket) | thread_keys, source_id=source_id)
        return ticket

    def _contact_for(self, values: Mapping[str, Any]) -> Record:
        if contact_id := values.get("contactId"):
            return self.contacts[contact_id]
        contact = values.get("contact")
        if not contact:
            raise invalid(WrongField("/contactId", "a contact is needed", "missing"))
        address = contact["email"].strip().lower()
        known = next((each for each in self.contacts.values() if each["email"].lower() == address), None)
        if known:
            return known
        return self.add_contact(contact["lastName"], contact["email"].strip(), firstName=contact.get("firstName"))

    def _new_ticket(self, layout: DeskLayout, system: Record, custom: Record, by: str) -> DeskTicket:
        now, ticket_id = format_instant(self.now()), self.new_id()
        status = system.get("status", "Open")
        record = {
            "id": ticket_id,
            "ticketNumber": str(next(self._ticket_numbers)),
            "createdTime": now,
            "modifiedTime": now,
            "createdBy": by,
            "modifiedBy": by,
            "webUrl": f"https://desk.example/support/partnersupport/ShowHomePage.do#Cases/dv/{ticket_id}",
            **forms.EMPTY,
            **forms.DESK_ONLY,
            "customerResponseTime": now,
            **{key: value for key, value in system.items() if key != "layoutId"},
        }
        ticket = DeskTicket(record=record, layout=layout, cf=custom, stages=[(status, self.now())])
        self._stamp_status(ticket, now)
        return self.tickets.setdefault(ticket_id, ticket)

    def change_ticket(
        self, ticket_id: str, values: Mapping[str, Any], *, by: str, source_id: str | None = None
    ) -> DeskTicket:
        """Apply the body of a PATCH; a write that changes nothing is announced too."""
        ticket = self.ticket(ticket_id)
        if ticket.record["isTrashed"]:
            raise RestError("UNPROCESSABLE_ENTITY", "The ticket is in the recycle bin.")
        before = self.whole(ticket)
        department_id = values.get("departmentId") or ticket.record["departmentId"]
        system, custom = accept(self._content(self._layout_for(ticket, department_id), department_id), values)
        self._place(ticket, department_id)
        ticket.record.update({key: value for key, value in system.items() if key != "layoutId"})
        ticket.cf.update(custom)
        self._changed(ticket, before, by=by, source_id=source_id)
        return ticket

    def move_ticket(self, ticket_id: str, department_id: str, *, by: str, source_id: str | None = None) -> None:
        self.change_ticket(ticket_id, {"departmentId": department_id}, by=by, source_id=source_id)

    def trash_ticket(self, ticket_id: str, *, by: str, source_id: str | None = None) -> None:
        """Put a ticket in the bin: it can still be read, but no list contains it."""
        ticket = self.ticket(ticket_id)
        ticket.record.update({"isTrashed": True, "modifiedTime": format_instant(self.now()), "modifiedBy": by})
        self._record(ticket, "TicketDeleted", by)
        self._announce(ticket, "Ticket_Delete", {"id": ticket_id}, source_id=source_id)

    def erase_ticket(self, ticket_id: str) -> None:
        """Remove a ticket permanently: reading it is 404 from now on."""
        ticket = self.tickets.pop(ticket_id)
        if not ticket.record["isTrashed"]:
            self._announce(ticket, "Ticket_Delete", {"id": ticket_id})

    def nudge(self, ticket_id: str) -> None:
        """Announce one update in which a person changed the status and changed it back; the ticket stays as it was."""
        ticket = self.ticket(ticket_id)
        payload = self.whole(ticket)
        other = next(each for each in ticket.layout.statuses if each != payload["status"])
        before = payload | {"status": other, "statusType": ticket.layout.statuses[other]}
        ticket.record["modifiedTime"] = payload["modifiedTime"] = format_instant(self.now())
        ticket.record["modifiedBy"] = payload["modifiedBy"] = self.person["id"]
        self._announce(ticket, "Ticket_Update", payload, before=before)

    def _content(self, layout: DeskLayout, department_id: str) -> DepartmentContent:
        return department_content(
            self.seed,
            department_id,
            layout=layout,
            contacts=self.contacts,
            accounts=self.accounts,
            quirks=self.quirks,
        )

    def _layout_for(self, ticket: DeskTicket, department_id: str) -> DeskLayout:
        known = {each["id"] for each in self.seed.departments}
        return self.layout_of(department_id) if department_id in known else ticket.layout

    def _place(self, ticket: DeskTicket, department_id: str) -> None:
        """Move the ticket to a department: give it the layout, and remove assignee and team."""
        if department_id == ticket.record["departmentId"]:
            return
        ticket.layout = self.layout_of(department_id)
        ticket.record.update({"departmentId": department_id, "assigneeId": None, "teamId": None})

    def _changed(self, ticket: DeskTicket, before: Record, *, by: str, source_id: str | None) -> None:
        now = format_instant(self.now())
        ticket.record.update({"modifiedTime": now, "modifiedBy": by})
        if before["status"] != ticket.record["status"]:
            ticket.stages.append((ticket.record["status"], self.now()))
            self._stamp_status(ticket, now)
        after = self.whole(ticket)
        self._record(ticket, "TicketUpdated", by, history_differences(before, after))
        self._announce(ticket, "Ticket_Update", after, before=before, source_id=source_id)

    def _stamp_status(self, ticket: DeskTicket, now: str) -> None:
        kind = ticket.layout.statuses[ticket.record["status"]]
        ticket.record["closedTime"] = now if kind == "Closed" else None
        ticket.record["onholdTime"] = now if kind == "On Hold" else None

    def agent_reply(self, ticket_id: str, content: str, *, by: str | None = None) -> Record:
        """Add a public mail from an agent to the customer; `content` is HTML."""
        return self._reply(ticket_id, "out", content, by or self.person["id"])

    def customer_reply(self, ticket_id: str, content: str) -> Record:
        """Add a mail from the ticket's contact; `content` is HTML."""
        ticket = self.ticket(ticket_id)
        ticket.record["customerResponseTime"] = format_instant(self.now())
        return self._reply(ticket_id, "in", content, ticket.record["contactId"])

    def _reply(self, ticket_id: str, direction: str, content: str, by: str) -> Record:
        ticket = self.ticket(ticket_id)
        thread = self._thread(ticket, direction, content, by)
        ticket.threads.append(thread)
        if self.quirks.replies_touch_modified_time:
            ticket.record.update({"modifiedTime": format_instant(self.now()), "modifiedBy": by})
        self._record(ticket, "ThreadAdded", by)
        self._announce(ticket, "Ticket_Thread_Add", forms.thread_in_event(thread, ticket_id), direction=direction)
        return thread

    def _thread(self, ticket: DeskTicket, direction: str, content: str, by: str, *, first: bool = False) -> Record:
        created, author = format_instant(self.now()), self.author(by)
        return new_thread(self.new_id(), ticket.record["email"], direction, content, author, created, first=first)

    def author(self, person_id: str) -> Record:
        """Return an agent or a contact in the form in which Desk shows an author."""
        agent = next((each for each in self.seed.agents if each["id"] == person_id), None)
        person = agent or self.contacts[person_id]
        name = f"{person['firstName'] or ''} {person['lastName']}".strip()
        kind, email = ("AGENT", person["emailId"]) if agent else ("END_USER", person["email"])
        names = {"name": name, "firstName": person["firstName"], "lastName": person["lastName"]}
        return {"id": person_id, "type": kind, "email": email, "photoURL": None} | names

    def add_comment(
        self, ticket_id: str, content: str, *, public: bool, by: str, kind: str = "html", source_id: str | None = None
    ) -> Record:
        ticket = self.ticket(ticket_id)
        comment = new_comment(self.new_id(), content, kind, self.author(by), format_instant(self.now()), public=public)
        ticket.comments.append(comment)
        self._commented(ticket, comment, "Ticket_Comment_Add", "CommentAdded", by, source_id)
        return comment

    def edit_comment(
        self, ticket_id: str, comment_id: str, changes: Mapping[str, Any], *, by: str, source_id: str | None = None
    ) -> Record:
        ticket, comment = self.ticket(ticket_id), self.comment(ticket_id, comment_id)
        comment.update(changes, modifiedTime=format_instant(self.now()))
        self._commented(ticket, comment, "Ticket_Comment_Update", "CommentUpdated", by, source_id)
        return comment

    def remove_comment(self, ticket_id: str, comment_id: str, *, by: str) -> None:
        """Remove a comment. Desk has no event for it."""
        self.ticket(ticket_id).comments.remove(self.comment(ticket_id, comment_id))
        self._record(self.ticket(ticket_id), "CommentDeleted", by)

    def comment(self, ticket_id: str, comment_id: str) -> Record:
        return find_record(self.ticket(ticket_id).comments, comment_id)

    def thread(self, ticket_id: str, thread_id: str) -> Record:
        return find_record(self.ticket(ticket_id).threads, thread_id)

    def _commented(
        self, ticket: DeskTicket, comment: Record, event: str, entry: str, by: str, source_id: str | None
    ) -> None:
        self._record(ticket, entry, by)
        self._announce(ticket, event, comment | {"ticketId": ticket.ticket_id}, source_id=source_id)

    def deactivate(self, agent_id: str) -> None:
        """Disable an agent: no ticket can be assigned to it any more."""
        agent = next(each for each in self.seed.agents if each["id"] == agent_id)
        agent["status"] = "DISABLED"

    def add_tags(self, ticket_id: str, names: Iterable[str], *, by: str) -> list[Record]:
        ticket = self.ticket(ticket_id)
        known = {each["name"] for each in ticket.tags}
        for name in dict.fromkeys(names):
            if name not in known:
                tag_id = self._tags.setdefault(name, self.new_id())
                ticket.tags.append({"id": tag_id, "name": name, "tagType": "MANUAL"})
        self._record(ticket, "TagsAdded", by)
        return ticket.tags

    def remove_tags(self, ticket_id: str, names: Iterable[str], *, by: str) -> list[Record]:
        ticket, removed = self.ticket(ticket_id), set(names)
        ticket.tags = [each for each in ticket.tags if each["name"] not in removed]
        self._record(ticket, "TagsRemoved", by)
        return ticket.tags

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

    def _record(self, ticket: DeskTicket, name: str, by: str, info: Iterable[Record] = ()) -> None:
        author = self.author(by)
        actor = {"id": by, "name": author["name"], "type": "Agent" if author["type"] == "AGENT" else "Contact"}
        entry = {"eventName": name, "eventTime": format_instant(self.now()), "actor": actor, "actorInfo": None}
        ticket.history.append(entry | {"source": "Web", "eventInfo": list(info)})

    def _announce(
        self,
        ticket: DeskTicket,
        event_type: str,
        payload: Record,
        *,
        before: Record | None = None,
        source_id: str | None = None,
        direction: str | None = None,
    ) -> None:
        ticket.last_event = max(milliseconds(self.now()), ticket.last_event + 1)
        event = DeskEvent(
            type=event_type,
            at_ms=ticket.last_event,
            ticket_id=ticket.ticket_id,
            department_id=ticket.record["departmentId"],
            payload=payload,
            before=before,
            source_id=source_id,
            direction=direction,
        )
        for listener in self.listeners:
            listener(event)
