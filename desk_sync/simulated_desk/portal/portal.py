"""The state of one simulated Desk portal, and every operation on its tickets; no sockets, no clock of its own.

Every write is announced to the portal's listeners as a DeskEvent, the integration's own writes too. Each event of a
ticket has its own millisecond, even while `now` does not advance. `by` is the id of an agent or of a contact.
Methods raise RestError where Desk refuses. Threads that share a portal hold `lock` during each call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from desk_sync.simulated_desk.error import RestError, WrongField, invalid
from desk_sync.simulated_desk.portal import ticket as forms
from desk_sync.simulated_desk.portal.conversations import PortalConversations
from desk_sync.simulated_desk.portal.fields import format_instant
from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from desk_sync.simulated_desk.portal.records import history_differences, history_property, new_thread
from desk_sync.simulated_desk.portal.seed import DeskLayout, Record
from desk_sync.simulated_desk.portal.ticket import DeskTicket
from desk_sync.simulated_desk.portal.validation import DepartmentContent, accept, department_content


class SimulatedPortal(PortalConversations):
    """One portal with everything that can be done to its tickets."""

    def __init__(self, *, now: Callable[[], datetime], quirks: DeskQuirks | None = None) -> None:
        super().__init__(now=now, quirks=quirks)
        self._ticket_numbers = count(101)

    def set_up_field(self, api_name: str, label: str, kind: str, values: Iterable[str] = ()) -> None:
        super().set_up_field(api_name, label, kind, values)
        for ticket in self.tickets.values():
            ticket.layout = self.layout_of(ticket.record["departmentId"])

    def open_ticket(self, values: Mapping[str, Any], *, by: str, source_id: str | None = None) -> DeskTicket:
        """Create a ticket with its first thread from the body of a POST."""
        department_id = values["departmentId"]
        if department_id not in {each["id"] for each in self.seed.departments}:
            raise invalid(WrongField("/departmentId", "no such department"))
        layout = self.layout_of(department_id)
        system, custom = accept(self._content(layout, department_id), values)
        contact = self.contact_for(values)
        system |= {"contactId": contact["id"], "email": system.get("email") or contact["email"]}
        if "contacts_without_email" in self.quirks:
            system |= {"email": None, "channel": "Phone"}
        system.setdefault("accountId", contact["accountId"])
        ticket = self._new_ticket(layout, system, custom, by)
        thread = self._first_thread(ticket, forms.markup(system.get("description")))
        self._record(ticket, "TicketCreated", by, [history_property("status", layout, ticket.record["status"])])
        thread_keys = {"firstThread": forms.thread_in_event(thread, ticket.ticket_id), "description": thread["content"]}
        self._announce(ticket, "Ticket_Add", self.whole(ticket) | thread_keys, source_id=source_id)
        return ticket

    def _first_thread(self, ticket: DeskTicket, content: str) -> Record:
        created, author = format_instant(self.now()), self.author(ticket.record["contactId"])
        thread = new_thread(self.new_id(), ticket.record["email"], "in", content, author, created, first=True)
        ticket.threads.append(thread)
        return thread

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
        if by == self.own_agent["id"]:
            values = self.quirks.take_write(ticket, values)
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

    def restore_ticket(self, ticket_id: str, *, by: str) -> None:
        """Take a ticket out of the bin again. It is announced as an update: Desk has no event of its own for it."""
        self._set_flag(ticket_id, "isTrashed", value=False, entry="TicketRestored", by=by)

    def mark_as_spam(self, ticket_id: str, *, by: str) -> None:
        self._set_flag(ticket_id, "isSpam", value=True, entry="TicketMarkedAsSpam", by=by)

    def _set_flag(self, ticket_id: str, name: str, *, value: bool, entry: str, by: str) -> None:
        ticket = self.ticket(ticket_id)
        before = self.whole(ticket)
        ticket.record.update({name: value, "modifiedTime": format_instant(self.now()), "modifiedBy": by})
        self._record(ticket, entry, by)
        self._announce(ticket, "Ticket_Update", self.whole(ticket), before=before)

    def merge_tickets(self, ticket_id: str, other_id: str, *, by: str) -> None:
        """Take the conversation of another ticket into this one, each thread at its own time; the other one is gone."""
        ticket, other = self.ticket(ticket_id), self.ticket(other_id)
        before = self.whole(ticket)
        self.erase_ticket(other_id)
        ticket.threads += other.threads
        ticket.comments = sorted([*ticket.comments, *other.comments], key=lambda each: str(each["commentedTime"]))
        if "merged_threads_on_top" not in self.quirks:
            ticket.threads.sort(key=lambda each: str(each["createdTime"]))
        self._record(ticket, "TicketMerged", by)
        ticket.record.update({"modifiedTime": format_instant(self.now()), "modifiedBy": by})
        self._announce(ticket, "Ticket_Update", self.whole(ticket), before=before)

    def erase_ticket(self, ticket_id: str) -> None:
        """Remove a ticket permanently: reading it is 404 from now on."""
        ticket = self.ticket(ticket_id)
        if not ticket.record["isTrashed"]:
            self._announce(ticket, "Ticket_Delete", {"id": ticket_id})
        del self.tickets[ticket_id]

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
        self._record(ticket, "TicketUpdated", by, history_differences(before, after, ticket.layout))
        self._announce(ticket, "Ticket_Update", after, before=before, source_id=source_id)

    def _stamp_status(self, ticket: DeskTicket, now: str) -> None:
        kind = ticket.layout.statuses[ticket.record["status"]]
        ticket.record["closedTime"] = now if kind == "Closed" else None
        ticket.record["onholdTime"] = now if kind == "On Hold" else None
