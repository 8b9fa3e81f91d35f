"""A ticket of the simulated Desk with its conversation, tags and history, and the forms in which Desk shows it.

Counts and ids are texts, system fields have JSON booleans, custom fields are texts or null.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from desk_sync.simulated_desk.portal.fields import format_instant
from desk_sync.simulated_desk.portal.seed import DeskLayout, Record

TRUNCATED_FROM = 10_000

SOURCE = {"appName": None, "extId": None, "permalink": None, "type": "SYSTEM", "appPhotoURL": None}

# The fields that a client may set, with their values in a new ticket.
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

# The fields that only Desk sets.
DESK_ONLY: Mapping[str, Any] = {
    "closedTime": None,
    "onholdTime": None,
    "customerResponseTime": None,
    "slaId": None,
    "lockedTime": None,
    "sourceTicket": None,
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
    "source": {**SOURCE, "uuid": None},
}

LIST_KEYS = [
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
NOT_IN_WRITE_ANSWERS = ["createdBy", "isFollowing", "sentiment", "followerCount", "tagCount"]
NOT_IN_SEARCH_RESULTS = [
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
    """State of one ticket. `record` has Desk's keys except the computed ones; the keys of `cf` are API names."""

    record: Record
    layout: DeskLayout
    cf: dict[str, str | None]
    threads: list[Record] = field(default_factory=list)
    comments: list[Record] = field(default_factory=list)
    tags: list[Record] = field(default_factory=list)
    history: list[Record] = field(default_factory=list)
    stages: list[tuple[str, datetime]] = field(default_factory=list)
    last_event: int = 0
    versions: list[tuple[datetime, Record]] = field(default_factory=list)

    @property
    def ticket_id(self) -> str:
        ticket_id: str = self.record["id"]
        return ticket_id

    def whole(self, now: datetime) -> Record:
        """Return the ticket in the form of GET, PATCH and events."""
        due = self.record["dueDate"]
        return {
            **self.record,
            "statusType": self.layout.statuses[self.record["status"]],
            "isOverDue": due is not None and due < format_instant(now) and self.record["closedTime"] is None,
            "layoutId": self.layout.layout_id,
            "layoutDetails": {"id": self.layout.layout_id, "layoutName": self.layout.name},
            "threadCount": str(len(self.threads)),
            "commentCount": str(len(self.comments)),
            "tagCount": str(len(self.tags)),
            "cf": {each.api_name: self.cf.get(each.api_name, each.default) for each in self.layout.custom},
            "customFields": {each.label: self.cf.get(each.api_name, each.default) for each in self.layout.custom},
        }

    def remember(self, at: datetime, whole: Record) -> None:
        """Keep this state for searches that lag behind."""
        self.versions.append((at, whole))

    def version(self, at: datetime) -> Record | None:
        """Return the state at an instant; None before the first one."""
        return next((whole for since, whole in reversed(self.versions) if since <= at), None)

    def last_thread(self) -> Record | None:
        """Return the summary of the newest thread that lists contain; None without threads."""
        if not self.threads:
            return None
        thread = self.threads[-1]
        draft = thread["status"] == "DRAFT"
        return {"channel": thread["channel"], "isDraft": draft, "isForward": False, "direction": thread["direction"]}


def list_entry(whole: Record, last_thread: Record | None) -> Record:
    """Return the short form of the ticket list: no custom fields, no time of the last change."""
    return {key: whole[key] for key in LIST_KEYS} | {"relationshipType": None, "lastThread": last_thread}


def search_result(whole: Record, last_thread: Record | None) -> Record:
    """Return the form of a search result: most of the ticket; what belongs to it is added by the search."""
    return {key: value for key, value in whole.items() if key not in NOT_IN_SEARCH_RESULTS} | {
        "product": None,
        "isRead": False,
        "childTicketCount": "0",
        "relationshipType": None,
        "parentTicket": None,
        "sourceTicket": None,
        "lastThread": last_thread,
    }


def after_write(whole: Record) -> Record:
    """Return the form of the answer to POST and PATCH."""
    return {key: value for key, value in whole.items() if key not in NOT_IN_WRITE_ANSWERS}


def markup(text: str | None) -> str:
    """Return a description as HTML; a text with tags is returned unchanged."""
    if text and re.search(r"</?[a-z]++[^<>]*+>", text, re.IGNORECASE):
        return text
    return f"<div>{html.escape(text or '', quote=False).replace(chr(10), '<br>')}</div>"


def plain(markup: str) -> str:
    """Return the text of a piece of HTML, good enough for a summary."""
    return html.unescape(re.sub(r"<[^<>]+>", " ", markup)).strip()


def thread_entry(thread: Record) -> Record:
    """Return a thread without its content, the form of the thread list."""
    return {key: value for key, value in thread.items() if key not in ("content", "to", "cc", "bcc", "replyTo")}


def thread_whole(thread: Record, ticket_id: str, *, with_plain_text: bool) -> Record:
    """Return a thread with its content, truncated after TRUNCATED_FROM characters."""
    content = thread["content"]
    cut = len(content) > TRUNCATED_FROM
    path = f"/api/v1/tickets/{ticket_id}/threads/{thread['id']}/fullContent"
    whole = thread | {
        "content": content[:TRUNCATED_FROM],
        "isContentTruncated": cut,
        "fullContentURL": path if cut else None,
    }
    return whole | ({"plainText": plain(content)} if with_plain_text else {})


def thread_in_event(thread: Record, ticket_id: str) -> Record:
    """Return the form of a thread in an event: with its content and the ticket's id, without addresses."""
    addresses = ("to", "cc", "bcc", "replyTo", "fromEmailAddress", "isForward")
    return {key: value for key, value in thread.items() if key not in addresses} | {"ticketId": ticket_id}
