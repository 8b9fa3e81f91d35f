"""Scopes, parameters and pages that several calls of the REST interface share."""

from __future__ import annotations

from typing import Any

from desk_sync.simulated_desk.rest.route import PageRange, any_of
from desk_sync.simulated_desk.rest.rules import comma_list, identifier, one_of, span, text

READ = (any_of("Desk.tickets.READ"),)
UPDATE = (any_of("Desk.tickets.UPDATE"),)
CREATE = (any_of("Desk.tickets.CREATE"),)
BASIC = (any_of("Desk.basic.READ", "Desk.settings.READ"),)
SETTINGS = (any_of("Desk.settings.READ"),)
CONTACTS = (any_of("Desk.contacts.READ"),)
SEARCH = any_of("Desk.search.READ")

IDS = comma_list(30)
ONE_ID = identifier()
TIMES = {f"{each}TimeRange": span for each in ("created", "modified")}
CUSTOM: dict[str, Any] = {f"customField{n}": text(1000, shortest=1) for n in range(1, 11)}
THREAD_INCLUDE = {"include": one_of("plainText")}
SHORT_PAGE = PageRange(most=50)
HISTORY_KINDS = tuple(
    f"{each}History"
    for each in [
        *("Comment", "TimeEntry", "Attachment", "Approval", "AssignmentRule", "NotificationRule", "Workflow"),
        *("Macro", "Supervise", "SLA", "Blueprint", "Task", "Call", "Event"),
    ]
)
FOUND_PAGE = PageRange(default=10, last=999)
TEAM_PAGE = PageRange(default=0, least=0, most=200)
