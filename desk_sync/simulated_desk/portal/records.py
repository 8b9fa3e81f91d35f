"""Records as Desk makes them: threads, comments, webhooks, and the entries of a ticket's history."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from desk_sync.simulated_desk.error import not_found
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.portal.ticket import SOURCE, plain

DESK_ADDRESS = "support@desk.example"


def new_thread(
    thread_id: str, customer: str | None, direction: str, content: str, author: Record, created: str, *, first: bool
) -> Record:
    """Return a mail between the customer's address and Desk; the `first` one is the ticket's description."""
    return {
        "id": thread_id,
        "summary": plain(content)[:200],
        "content": content,
        "contentType": "text/html",
        "channel": "EMAIL",
        "direction": direction,
        "status": "SUCCESS",
        "visibility": "public",
        "author": author,
        "isDescriptionThread": first,
        "canReply": True,
        "hasAttach": False,
        "attachments": [],
        "attachmentCount": "0",
        "source": SOURCE,
        "channelRelatedInfo": None,
        "createdTime": created,
        "fromEmailAddress": customer if direction == "in" else DESK_ADDRESS,
        "to": DESK_ADDRESS if direction == "in" else customer,
        "cc": None,
        "bcc": None,
        "replyTo": None,
        "isForward": False,
    }


def new_comment(comment_id: str, content: str, kind: str, author: Record, created: str, *, public: bool) -> Record:
    """Return a comment of the kind `html` or `plainText`; Desk keeps a plain text escaped."""
    return {
        "id": comment_id,
        "content": content if kind == "html" else html.escape(content, quote=False),
        "encodedContent": None,
        "contentType": kind,
        "isPublic": public,
        "commentedTime": created,
        "modifiedTime": None,
        "commenterId": author["id"],
        "commenter": author | {"roleName": "Agent"},
        "impersonatedUser": None,
        "attachments": [],
    }


def new_webhook(webhook_id: str, created_by: str, created: str, values: Mapping[str, Any]) -> Record:
    """Return a webhook with the defaults of what `values` leaves out."""
    return {
        "id": webhook_id,
        "name": None,
        "description": None,
        "isEnabled": True,
        "ignoreSourceId": None,
        "includeEventsFrom": [],
        "type": "CUSTOMER_WEBHOOK",
        "createdBy": created_by,
        "createdTime": created,
        "modifiedTime": created,
        **values,
    }


def find_record(records: Iterable[Record], record_id: str) -> Record:
    record = next((each for each in records if each["id"] == record_id), None)
    if record is None:
        raise not_found()
    return record


def history_differences(before: Record, after: Record) -> Iterable[Record]:
    """Yield the changed properties of an update as a history entry has them, with old and new value."""
    flat_before, flat_after = ({**each, **each["cf"]} for each in (before, after))
    for name, value in flat_after.items():
        old = flat_before.get(name)
        if old != value and name not in ("cf", "customFields", "modifiedTime", "modifiedBy"):
            change = {"previousValue": old, "updatedValue": value}
            yield {
                "propertyName": name,
                "propertyType": "Custom" if name.startswith("cf_") else "System",
                "propertyValue": change,
            }
