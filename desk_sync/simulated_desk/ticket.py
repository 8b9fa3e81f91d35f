"""A ticket of the simulated Desk, with what hangs on it, and the forms in which Desk shows it.

Counts are texts, ids are texts, system booleans are JSON's, custom fields are texts or null.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from desk_sync.simulated_desk.fields import written
from desk_sync.simulated_desk.seed import DeskLayout, Record

TRUNCATED_FROM = 10_000

SOURCE = {"appName": None, "extId": None, "permalink": None, "type": "SYSTEM", "appPhotoURL": None}

# What a client may set, as it stands in a ticket in which nobody has set anything.
EMPTY: Mapping[str, Any] = {
    "subject": "",
    "description": None,
    "status": "Open",
    "priority": None,
    "category": None,
    "subCategory": None,
    "classification": None,
    "channel": "Web",
    "language": "English",
    "email": None,
    "phone": None,
    "productId": None,
    "contactId": None,
    "accountId": None,
    "assigneeId": None,
    "teamId": None,
    "dueDate": None,
    "responseDueDate": None,
    "resolution": None,
    "secondaryContacts": [],
    "sharedDepartments": [],
    "entitySkills": [],
}

# What only Desk sets.
OWN: Mapping[str, Any] = {
    "closedTime": None,
    "onholdTime": None,
    "customerResponseTime": None,
    "slaId": None,
    "lockedTime": None,
    "isEscalated": False,
    "isResponseOverdue": False,
    "isSpam": False,
    "isDeleted": False,
    "isTrashed": False,
    "isArchived": False,
    "isFollowing": False,
    "sentiment": None,
    "channelCode": None,
    "channelRelatedInfo": None,
    "taskCount": "0",
    "attachmentCount": "0",
    "followerCount": "0",
    "approvalCount": "0",
    "timeEntryCount": "0",
    "source": SOURCE,
}

LISTED = [
    "id",
    "ticketNumber",
    "subject",
    "email",
    "phone",
    "departmentId",
    "layoutId",
    "contactId",
    "accountId",
    "productId",
    "assigneeId",
    "teamId",
    "status",
    "statusType",
    "priority",
    "category",
    "subCategory",
    "channel",
    "channelCode",
    "language",
    "dueDate",
    "responseDueDate",
    "customerResponseTime",
    "createdTime",
    "closedTime",
    "onholdTime",
    "threadCount",
    "commentCount",
    "isSpam",
    "isArchived",
    "lockedTime",
    "sentiment",
    "source",
    "webUrl",
]
FOUND_LEFT_OUT = [
    "layoutDetails",
    "isFollowing",
    "isDeleted",
    "isTrashed",
    "isResponseOverdue",
    "sentiment",
    "channelCode",
    "channelRelatedInfo",
    "taskCount",
    "attachmentCount",
    "followerCount",
    "approvalCount",
    "timeEntryCount",
    "tagCount",
    "source",
]


@dataclass(slots=True)
class DeskTicket:
    """State of one ticket. `record` has Desk's keys, less those that are worked out; `cf` is by API name."""

    record: Record
    layout: DeskLayout
    cf: dict[str, str | None]
    threads: list[Record] = field(default_factory=list)
    comments: list[Record] = field(default_factory=list)
    tags: list[Record] = field(default_factory=list)
    history: list[Record] = field(default_factory=list)
    stages: list[tuple[str, datetime]] = field(default_factory=list)
    last_event: int = 0

    @property
    def ticket_id(self) -> str:
        ticket_id: str = self.record["id"]
        return ticket_id

    def whole(self, now: datetime) -> Record:
        """The ticket as GET and PATCH answer it, and as an event carries it."""
        due = self.record["dueDate"]
        return {
            **self.record,
            "statusType": self.layout.statuses[self.record["status"]],
            "isOverDue": due is not None and due < written(now) and self.record["closedTime"] is None,
            "layoutId": self.layout.layout_id,
            "layoutDetails": {"id": self.layout.layout_id, "layoutName": self.layout.name},
            "threadCount": str(len(self.threads)),
            "commentCount": str(len(self.comments)),
            "tagCount": str(len(self.tags)),
            "cf": {each.api_name: self.cf.get(each.api_name, each.default) for each in self.layout.custom},
            "customFields": {each.label: self.cf.get(each.api_name, each.default) for each in self.layout.custom},
        }

    def last_thread(self) -> Record | None:
        """The few words about the newest thread that lists carry."""
        if not self.threads:
            return None
        thread = self.threads[-1]
        return {"channel": thread["channel"], "isDraft": False, "isForward": False, "direction": thread["direction"]}


def listed(ticket: DeskTicket, now: datetime) -> Record:
    """The small form of the ticket list: no custom fields, no time of the last change."""
    whole = ticket.whole(now)
    return {key: whole[key] for key in LISTED} | {"lastThread": ticket.last_thread()}


def found(
    ticket: DeskTicket, now: datetime, *, contact: Record | None, assignee: Record | None, department: Record
) -> Record:
    """The form of a search result: most of the ticket, with contact, assignee and department inside."""
    whole = ticket.whole(now)
    return {key: value for key, value in whole.items() if key not in FOUND_LEFT_OUT} | {
        "contact": contact,
        "assignee": assignee,
        "department": department,
        "team": None,
        "product": None,
        "isRead": False,
        "childTicketCount": "0",
        "lastThread": ticket.last_thread(),
    }


def markup(text: str | None) -> str:
    """A description as HTML; one that has tags is taken to be it already."""
    if text and re.search(r"</?[a-z]+[^>]*>", text, re.IGNORECASE):
        return text
    return f"<div>{html.escape(text or '', quote=False).replace(chr(10), '<br>')}</div>"


def plain(markup: str) -> str:
    """The text of a piece of HTML, as far as a summary needs it."""
    return html.unescape(re.sub(r"<[^>]+>", " ", markup)).strip()


def thread_listed(thread: Record) -> Record:
    """A thread without its content, as lists of threads have it."""
    return {key: value for key, value in thread.items() if key not in ("content", "to", "cc", "bcc", "replyTo")}


def thread_whole(thread: Record, ticket_id: str, *, with_plain_text: bool) -> Record:
    """One thread with its content, cut off where it is long."""
    content = thread["content"]
    cut = len(content) > TRUNCATED_FROM
    path = f"/api/v1/tickets/{ticket_id}/threads/{thread['id']}/fullContent"
    whole = thread | {
        "content": content[:TRUNCATED_FROM],
        "isContentTruncated": cut,
        "fullContentURL": path if cut else None,
    }
    return whole | ({"plainText": plain(content)} if with_plain_text else {})


def thread_sent(thread: Record, ticket_id: str) -> Record:
    """A thread as events carry it: with content and the ticket's id, without addresses."""
    addresses = ("to", "cc", "bcc", "replyTo", "fromEmailAddress", "isForward")
    return {key: value for key, value in thread.items() if key not in addresses} | {"ticketId": ticket_id}
