"""The request bodies that Desk accepts, key by key. Keys that only Desk sets are left out, and so are rejected."""

from __future__ import annotations

from typing import Any

from desk_sync.simulated_desk.rest.rules import (
    BodyRules,
    InnerRules,
    Rule,
    anything,
    array,
    flag,
    identifier,
    nothing,
    one_of,
    table,
    text,
)

URL = r"https?://\S+"
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
UUID_OR_EMPTY = r"([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?"

CONTACT = InnerRules(
    BodyRules(
        {
            "lastName": text(200, null=True),
            "firstName": text(100, null=True),
            "email": text(255, null=True, form=EMAIL),
            "phone": text(100, null=True),
        },
        either=("lastName", "email"),
    )
)
TICKET_KEYS: dict[str, Rule] = {
    "subject": text(1000),
    "description": text(null=True),
    "status": text(120),
    "priority": text(120, null=True),
    "category": text(120, null=True),
    "subCategory": text(120, null=True),
    "classification": text(120, null=True),
    "channel": text(120, null=True),
    "language": text(120, null=True),
    "email": text(150, null=True),
    "phone": text(120, null=True),
    "productId": identifier(null=True),
    "contactId": identifier(),
    "contact": CONTACT,
    "accountId": identifier(),
    "departmentId": identifier(),
    "assigneeId": identifier(null=True),
    "teamId": identifier(null=True),
    "dueDate": text(100, null=True),
    "responseDueDate": one_of("null"),
    "resolution": text(),
    "secondaryContacts": array(identifier(), most=20),
    "sharedDepartments": array(anything, most=10),
    "entitySkills": array(identifier(), most=10),
    "layoutId": identifier(),
    "uploads": array(identifier()),
    "webUrl": text(5000),
    "sourceTicket": table(identifier()),
    "parentTicket": table(identifier()),
    "ticketCreationType": one_of("sendAsEmail", "clone"),
    "clonedTicketId": identifier(),
    # The values of custom fields are validated later, against the ticket's layout.
    "cf": table(anything),
    "customFields": table(anything),
}
TICKET_WRITE = BodyRules(TICKET_KEYS)
TICKET_CREATE = BodyRules(TICKET_KEYS, required=("departmentId", "subject"))
MOVE = BodyRules({"departmentId": identifier(), "forumId": identifier()})
TRASH = BodyRules({"ticketIds": array(identifier(), least=1, most=100)}, required=("ticketIds",))

COMMENT = BodyRules(
    {
        "content": text(32_000, shortest=1),
        "isPublic": flag,
        "contentType": one_of("html", "plainText"),
        "attachmentIds": array(identifier()),
    },
    required=("content",),
)
TAG_NAMES = BodyRules({"tags": array(text(50, shortest=3), least=1, most=51)}, required=("tags",))

IDS = array(identifier())


def _filter(**keys: Rule) -> Rule:
    """Return the rule for the filter of an event: null, or an object with some of the keys."""
    inner = InnerRules(BodyRules(keys))

    def rule(value: Any) -> Any:
        return None if value is None else inner(value)

    return rule


BY_DEPARTMENTS: dict[str, Rule] = {"departmentIds": IDS}
BY_DEPARTMENT: dict[str, Rule] = {"departmentId": identifier(), "departmentIds": IDS}
WITH_BEFORE: dict[str, Rule] = {"includePrevState": flag}
# Every event that can be subscribed to, with the rule of its filter. The simulated portal sends only ticket events.
EVENTS: dict[str, Rule] = {
    name: rule
    for rule, names in {
        nothing: """Ticket_Delete Ticket_Approval_Add Ticket_Comment_Attachment_Add Ticket_Comment_Attachment_Delete
            Contact_Add Contact_Delete Account_Add Account_Delete Department_Add Agent_Add Agent_Delete
            Agent_Presence_Update Agent_Channel_Preference_Update TimeEntry_Add TimeEntry_Delete Task_Delete Call_Delete
            Event_Delete Article_Add Article_Delete Article_Translation_Add Article_Translation_Delete
            Article_Feedback_Add KBRootCategory_Add KBRootCategory_Delete KBSection_Add KBSection_Delete""",
        _filter(): "Ticket_Attachment_Add Ticket_Attachment_Update",
        _filter(**BY_DEPARTMENTS): """Ticket_Attachment_Trashed Ticket_Attachment_Restored Ticket_Attachment_Delete
            Task_Add Call_Add Event_Add IM_Message_Add IM_Message_Status""",
        _filter(**BY_DEPARTMENTS, **WITH_BEFORE): "Task_Update Call_Update Event_Update",
        _filter(**WITH_BEFORE): """Contact_Update Account_Update Agent_Update Department_Update Article_Update
            Article_Translation_Update KBRootCategory_Update KBSection_Update TimeEntry_Update
            Ticket_Approval_Update""",
        _filter(**BY_DEPARTMENT): "Ticket_Add Ticket_Comment_Add Ticket_Comment_Update IM_Session_Status",
        _filter(**BY_DEPARTMENT, direction=one_of("in", "out")): "Ticket_Thread_Add",
        _filter(**BY_DEPARTMENT, **WITH_BEFORE, fields=array(text(100), most=5)): "Ticket_Update",
    }.items()
    for name in names.split()
}


def _webhook(longest_url: int) -> BodyRules:
    keys: dict[str, Rule] = {
        "url": text(longest_url, form=URL),
        "subscriptions": InnerRules(BodyRules(EVENTS)),
        "name": text(100),
        "description": text(3000),
        "isEnabled": flag,
        "ignoreSourceId": text(250, form=UUID_OR_EMPTY),
        "includeEventsFrom": array(one_of("AUTOMATION")),
    }
    return BodyRules(keys, required=("url", "subscriptions"))


WEBHOOK_CREATE = _webhook(500)
WEBHOOK_WRITE = _webhook(100)
