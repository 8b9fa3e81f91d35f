"""Records as Desk makes them: contacts, accounts, threads, comments, webhooks, properties of a ticket's history."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from desk_sync.simulated_desk.error import not_found
from desk_sync.simulated_desk.portal.seed import DeskLayout, Record
from desk_sync.simulated_desk.portal.ticket import SOURCE, plain

DESK_ADDRESS = "support@desk.example"
NOT_IN_HISTORY = ("cf", "customFields", "modifiedTime", "modifiedBy", "statusType", "closedTime", "onholdTime")


def new_thread(
    thread_id: str,
    customer: str | None,
    direction: str,
    content: str,
    author: Record,
    created: str,
    *,
    status: str = "SUCCESS",
    first: bool = False,
) -> Record:
    """Return a mail between the customer's address and Desk; the `first` one is the ticket's description."""
    return {
        "id": thread_id,
        "summary": plain(content)[:200],
        "content": content,
        "contentType": "text/html",
        "channel": "EMAIL",
        "direction": direction,
        "status": status,
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
        "commenter": author | {"roleName": "Agent" if author["type"] == "AGENT" else None},
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


_ADDRESS = ("street", "city", "state", "country")
_PERSON = ("firstName", "lastName", "email", "secondaryEmail", "phone", "mobile", "title", "zip", "facebook", "twitter")
_COMPANY = ("accountName", "website", "email", "phone", "fax", "code", "industry", "annualrevenue")
_OWNED = ("ownerId", "description", "webUrl", "layoutId", "layoutDetails")


def new_contact(contact_id: str, created: str, values: Mapping[str, Any]) -> Record:
    """Return a contact with every key that Desk has; those that `values` leaves out are empty."""
    flags = dict.fromkeys(("isSpam", "isEndUser", "isFollowing", "isAnonymous", "isDeleted", "isTrashed"), False)
    empty = dict.fromkeys((*_PERSON, *_ADDRESS, *_OWNED, "accountId", "type", "photoURL", "zohoCRMContact"))
    times = {"createdTime": created, "modifiedTime": created, "accountCount": "0", "customerHappiness": None}
    return {"id": contact_id, **empty, **flags, **times, "cf": {}, "customFields": {}, **values}


def new_account(account_id: str, created: str, values: Mapping[str, Any]) -> Record:
    """Return an account with every key that Desk has; those that `values` leaves out are empty."""
    flags = dict.fromkeys(("isFollowing", "isDeleted", "isTrashed"), False)
    empty = dict.fromkeys((*_COMPANY, *_ADDRESS, *_OWNED, "zohoCRMAccount"))
    times = {"createdTime": created, "modifiedTime": created, "associatedSLAIds": []}
    return {"id": account_id, **empty, **flags, **times, "cf": {}, "customFields": {}, **values}


def find_record(records: Iterable[Record], record_id: str) -> Record:
    record = next((each for each in records if each["id"] == record_id), None)
    if record is None:
        raise not_found()
    return record


def history_differences(before: Record, after: Record, layout: DeskLayout) -> Iterable[Record]:
    """Yield the changed properties of an update as a history entry has them: by label, with old and new value."""
    for name, old, value in differences(before, after):
        yield history_property(name, layout, {"previousValue": old, "updatedValue": value})


def differences(before: Record, after: Record) -> Iterable[tuple[str, Any, Any]]:
    """Yield the changed fields of a ticket, by key, with old and new value."""
    flat_before, flat_after = ({**each, **each["cf"]} for each in (before, after))
    for name, value in flat_after.items():
        old = flat_before.get(name)
        if old != value and name not in NOT_IN_HISTORY:
            yield name, old, value


def history_property(name: str, layout: DeskLayout, value: Any) -> Record:
    """Return a property of a history entry; its name is the field's label, for a key without a field the key."""
    field = layout.field(name)
    return {
        "propertyName": field.label if field else name,
        "propertyType": field.type if field else "Text",
        "systemProperty": not name.startswith("cf_"),
        "propertyValue": value,
    }
