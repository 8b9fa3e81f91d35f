"""The conversation of tickets: threads with their states, comments, tags; the mails of notification rules; history.

Desk has no event for a thread that changes its state or is deleted, nor for a deleted comment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk_sync.simulated_desk.error import not_found
from desk_sync.simulated_desk.portal import ticket as forms
from desk_sync.simulated_desk.portal.directory import PortalDirectory
from desk_sync.simulated_desk.portal.event import DeskEvent
from desk_sync.simulated_desk.portal.fields import format_instant, milliseconds
from desk_sync.simulated_desk.portal.quirks import SEARCH_LAGS, DeskQuirks
from desk_sync.simulated_desk.portal.records import find_record, new_comment, new_thread
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.portal.ticket import DeskTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationMail:
    """A mail of a notification rule: `contact` (a public comment) or `owner` (any comment)."""

    rule: str
    to: str
    ticket_id: str
    at: datetime


class PortalConversations(PortalDirectory):
    """The tickets of a portal with their conversations. `mails` are those of its notification rules, in order."""

    def __init__(self, *, now: Callable[[], datetime], quirks: DeskQuirks | None = None) -> None:
        super().__init__(now=now, quirks=quirks)
        self.tickets: dict[str, DeskTicket] = {}
        self.mails: list[NotificationMail] = []
        self._tags: dict[str, str] = {}

    def ticket(self, ticket_id: str) -> DeskTicket:
        """Return a ticket. Raises RestError (404) if it does not exist."""
        try:
            return self.tickets[ticket_id]
        except KeyError:
            raise not_found() from None

    def whole(self, ticket: DeskTicket) -> Record:
        """Return a ticket as Desk shows it now."""
        return self.quirks.show_ticket(ticket.whole(self.now()), ticket, self.now())

    def agent_reply(self, ticket_id: str, content: str, *, by: str | None = None, status: str | None = None) -> Record:
        """Add a public mail from an agent to the customer; `content` is HTML. A draft is no event yet."""
        usual = "PENDING" if "replies_are_pending_first" in self.quirks else "SUCCESS"
        return self._reply(ticket_id, "out", content, by or self.person["id"], status or usual)

    def customer_reply(self, ticket_id: str, content: str) -> Record:
        """Add a mail from the ticket's contact; `content` is HTML."""
        ticket = self.ticket(ticket_id)
        ticket.record["customerResponseTime"] = format_instant(self.now())
        return self._reply(ticket_id, "in", content, ticket.record["contactId"], "SUCCESS")

    def _reply(self, ticket_id: str, direction: str, content: str, by: str, status: str) -> Record:
        ticket = self.ticket(ticket_id)
        created, author = format_instant(self.now()), self.author(by)
        thread = new_thread(self.new_id(), ticket.record["email"], direction, content, author, created, status=status)
        ticket.threads.append(thread)
        if status != "DRAFT":
            self._announce_thread(ticket, thread)
        return thread

    def attach(self, ticket_id: str, names: Sequence[str]) -> None:
        """Give the newest mail of a ticket attachments; no event tells of those that come with a mail."""
        ticket = self.ticket(ticket_id)
        files = [{"id": self.new_id(), "name": name, "size": "1024", "href": "", "previewurl": None} for name in names]
        thread = ticket.threads[-1]
        thread.update({"hasAttach": bool(files), "attachments": files, "attachmentCount": str(len(files))})
        ticket.record["attachmentCount"] = str(int(ticket.record["attachmentCount"]) + len(files))

    def _announce_thread(self, ticket: DeskTicket, thread: Record) -> None:
        by = thread["author"]["id"]
        if "replies_touch_modified_time" in self.quirks:
            ticket.record.update({"modifiedTime": format_instant(self.now()), "modifiedBy": by})
        self._record(ticket, "ThreadAdded", by)
        payload = forms.thread_in_event(self.shown_thread(thread), ticket.ticket_id)
        self._announce(ticket, "Ticket_Thread_Add", payload, direction=thread["direction"])

    def change_thread(self, ticket_id: str, thread_id: str, status: str) -> Record:
        """Give a thread another state. A draft that is sent gets the time of its sending, and is an event then."""
        ticket, thread = self.ticket(ticket_id), self.thread(ticket_id, thread_id)
        was_draft = thread["status"] == "DRAFT"
        thread["status"] = status
        if was_draft and status != "DRAFT":
            thread["createdTime"] = format_instant(self.now())
            ticket.threads.remove(thread)
            ticket.threads.append(thread)
            self._announce_thread(ticket, thread)
        return thread

    def remove_thread(self, ticket_id: str, thread_id: str, *, by: str) -> None:
        """Delete a thread. Desk has no event for it."""
        ticket = self.ticket(ticket_id)
        ticket.threads.remove(self.thread(ticket_id, thread_id))
        self._record(ticket, "ThreadDeleted", by)

    def indexed(self, ticket: DeskTicket) -> Record | None:
        """Return the ticket as searches see it; None if they do not see it yet."""
        if "search_lags" in self.quirks and ticket.versions:
            return ticket.version(self.now() - SEARCH_LAGS)
        return self.whole(ticket)

    def shown_thread(self, thread: Record) -> Record:
        return self.quirks.show_thread(thread, self.now())

    def thread(self, ticket_id: str, thread_id: str) -> Record:
        return find_record(self.ticket(ticket_id).threads, thread_id)

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
        ticket, comment = self.ticket(ticket_id), self.comment(ticket_id, comment_id)
        ticket.comments.remove(comment)
        self._record(ticket, "CommentDeleted", by)
        self._mail_contact(ticket, comment)

    def comment(self, ticket_id: str, comment_id: str) -> Record:
        return find_record(self.ticket(ticket_id).comments, comment_id)

    def _commented(
        self, ticket: DeskTicket, comment: Record, event: str, entry: str, by: str, source_id: str | None
    ) -> None:
        self._record(ticket, entry, by)
        self._mail_contact(ticket, comment)
        self._mail_owner(ticket, by)
        self._announce(ticket, event, comment | {"ticketId": ticket.ticket_id}, source_id=source_id)

    def _mail_contact(self, ticket: DeskTicket, comment: Record) -> None:
        """Mail the contact about a public comment that was added, edited or deleted."""
        address = self.contacts[ticket.record["contactId"]]["email"]
        if comment["isPublic"] and address and "contact_rule_off" not in self.quirks:
            self._mail(ticket, "contact", address)

    def _mail_owner(self, ticket: DeskTicket, by: str) -> None:
        """Mail the ticket's owner about a comment of another person that was added or edited."""
        owner = self.agent(ticket.record["assigneeId"])
        if owner and owner["id"] != by and "owner_rule_off" not in self.quirks:
            self._mail(ticket, "owner", owner["emailId"])

    def _mail(self, ticket: DeskTicket, rule: str, to: str) -> None:
        self.mails.append(NotificationMail(rule=rule, to=to, ticket_id=ticket.ticket_id, at=self.now()))

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
        if "search_lags" in self.quirks:
            ticket.remember(self.now(), self.whole(ticket))
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
