"""Every call of Desk's REST interface that the simulated Desk serves: what it takes, what it needs, who carries it out.

The first route that fits a path wins; routes of one path stand together.
"""

from __future__ import annotations

from typing import Any

from desk_sync.simulated_desk import bodies
from desk_sync.simulated_desk import handlers as calls
from desk_sync.simulated_desk.route import PageRange, RestRoute, any_of
from desk_sync.simulated_desk.rules import identifier, one_of, order, span, spoken_flag, text, words

READ = (any_of("Desk.tickets.READ"),)
UPDATE = (any_of("Desk.tickets.UPDATE"),)
CREATE = (any_of("Desk.tickets.CREATE"),)
BASIC = (any_of("Desk.basic.READ", "Desk.settings.READ"),)
SETTINGS = (any_of("Desk.settings.READ"),)
CONTACTS = (any_of("Desk.contacts.READ"),)
SEARCH = any_of("Desk.search.READ")

IDS = words(30)
ONE_ID = identifier()
TIMES = {f"{each}TimeRange": span for each in ("created", "modified")}
CUSTOM: dict[str, Any] = {f"customField{n}": text(1000, shortest=1) for n in range(1, 11)}
THREAD_INCLUDE = {"include": one_of("plainText")}
SHORT_PAGE = PageRange(most=50)
FOUND_PAGE = PageRange(default=10, last=999)
TEAM_PAGE = PageRange(default=0, least=0, most=200)


def _webhook_scopes(verb: str) -> tuple[frozenset[str]]:
    return (any_of(f"Desk.webhooks.{verb}", f"Desk.events.{verb}", f"Desk.settings.{verb}"),)


ROUTES: tuple[RestRoute, ...] = (
    RestRoute(
        method="GET",
        path="/tickets",
        handler=calls.list_tickets,
        scopes=READ,
        paging=PageRange(default=25),
        query={
            "include": words(5, allowed=("contacts", "products", "departments", "team", "assignee")),
            "departmentIds": words(20),
            "departmentId": ONE_ID,  # taken, and without effect
            "status": IDS,
            "priority": words(20),
            "channel": IDS,
            "assignee": IDS,
            "teamIds": IDS,
            "viewId": ONE_ID,
            "fields": IDS,
            "filters": text(),
            "receivedInDays": one_of("15", "30", "90", "-1"),
            "sortBy": order("dueDate", "createdTime", "recentThread"),
        },
    ),
    RestRoute(method="POST", path="/tickets", handler=calls.create_ticket, scopes=CREATE, body=bodies.TICKET_CREATE),
    RestRoute(
        method="GET",
        path="/tickets/search",
        handler=calls.search_tickets,
        scopes=(SEARCH, *READ),
        paging=FOUND_PAGE,
        query={
            **dict.fromkeys(
                [
                    "email",
                    "phone",
                    "ticketNumber",
                    "id",
                    "contactId",
                    "accountId",
                    "assigneeId",
                    "productId",
                    "status",
                    "priority",
                ],
                IDS,
            ),
            **dict.fromkeys(["subject", "accountName", "productName", "tag"], text(1000, shortest=3)),
            **dict.fromkeys(["description", "contactName", "channel", "category"], text()),
            "departmentId": ONE_ID,
            "_all": text(100, shortest=3),
            **TIMES,
            "dueDateRange": span,
            "customerResponseTimeRange": span,
            **CUSTOM,
            "sortBy": order("relevance", "modifiedTime", "createdTime", "customerResponseTime"),
        },
    ),
    RestRoute(
        method="POST",
        path="/tickets/moveToTrash",
        handler=calls.trash_tickets,
        scopes=UPDATE,
        body=bodies.TRASH,
        empty=204,
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}",
        handler=calls.read_ticket,
        scopes=READ,
        query={
            "include": words(
                8,
                allowed=("contacts", "products", "departments", "team", "assignee", "contract", "isRead", "skills"),
            )
        },
    ),
    RestRoute(
        method="PATCH",
        path="/tickets/{id}",
        handler=calls.write_ticket,
        scopes=UPDATE,
        query={"disableClosureNotification": spoken_flag},
        body=bodies.TICKET_WRITE,
    ),
    RestRoute(
        method="POST",
        path="/tickets/{id}/move",
        handler=calls.move_ticket,
        scopes=UPDATE,
        query={"departmentId": ONE_ID},
        required=("departmentId",),
        body=bodies.MOVE,
        empty=200,
    ),
    RestRoute(method="GET", path="/tickets/{id}/metrics", handler=calls.read_metrics, scopes=READ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/History",
        handler=calls.read_history,
        scopes=READ,
        paging=SHORT_PAGE,
        query={"fieldName": text(255), "eventFilter": IDS},
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/threads",
        handler=calls.list_threads,
        scopes=READ,
        paging=PageRange(most=200),
        query={"sortBy": order("sendDateTime")},
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/threads/{thread_id}",
        handler=calls.read_thread,
        scopes=READ,
        query=THREAD_INCLUDE,
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/threads/{thread_id}/fullContent",
        handler=calls.read_full_content,
        scopes=READ,
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/latestThread",
        handler=calls.read_latest_thread,
        scopes=READ,
        query={
            "needPublic": spoken_flag,
            "needIncomingThread": spoken_flag,
            "threadStatus": one_of("SUCCESS", "PENDING", "FAILED", "DRAFT"),
            **THREAD_INCLUDE,
        },
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/comments",
        handler=calls.list_comments,
        scopes=READ,
        paging=PageRange(),
        query={"include": words(2, allowed=("mentions", "plainText")), "sortBy": order("commentedTime")},
    ),
    RestRoute(
        method="POST", path="/tickets/{id}/comments", handler=calls.create_comment, scopes=UPDATE, body=bodies.COMMENT
    ),
    RestRoute(
        method="PATCH",
        path="/tickets/{id}/comments/{comment_id}",
        handler=calls.write_comment,
        scopes=UPDATE,
        body=bodies.COMMENT,
    ),
    RestRoute(
        method="DELETE",
        path="/tickets/{id}/comments/{comment_id}",
        handler=calls.delete_comment,
        scopes=UPDATE,
        empty=200,
    ),
    RestRoute(method="GET", path="/tickets/{id}/tags", handler=calls.list_tags, scopes=READ),
    RestRoute(
        method="POST", path="/tickets/{id}/associateTag", handler=calls.add_tags, scopes=CREATE, body=bodies.TAG_NAMES
    ),
    RestRoute(
        method="POST",
        path="/tickets/{id}/dissociateTag",
        handler=calls.remove_tags,
        scopes=CREATE,
        body=bodies.TAG_NAMES,
    ),
    RestRoute(
        method="GET",
        path="/contacts/search",
        handler=calls.search_contacts,
        scopes=(SEARCH, *CONTACTS),
        paging=FOUND_PAGE,
        query={
            **dict.fromkeys(["email", "phone", "mobile", "id"], IDS),
            **dict.fromkeys(["firstName", "lastName", "fullName"], text(200)),
            "accountName": text(500, shortest=3),
            "_all": text(1000, shortest=3),
            **TIMES,
            **CUSTOM,
            "sortBy": order("relevance", "modifiedTime", "createdTime", "lastName", "firstName"),
        },
    ),
    RestRoute(
        method="GET",
        path="/contacts/{id}",
        handler=calls.read_contact,
        scopes=CONTACTS,
        query={"include": words(2, allowed=("accounts", "owner"))},
    ),
    RestRoute(
        method="GET",
        path="/accounts/{id}",
        handler=calls.read_account,
        scopes=CONTACTS,
        query={"include": one_of("owner")},
    ),
    RestRoute(
        method="GET",
        path="/accounts/{id}/contracts",
        handler=calls.list_contracts,
        scopes=(any_of("Desk.contracts.READ", "Desk.settings.READ"),),
        paging=SHORT_PAGE,
        query={"contractStatus": one_of("ACTIVE", "EXPIRED", "UPCOMING")},
    ),
    RestRoute(
        method="GET",
        path="/fields",
        handler=calls.list_fields,
        scopes=(any_of("Desk.fields.READ", "Desk.basic.READ"),),
        query={
            "module": text(100, shortest=1),
            "apiNames": words(300),
            "filter": text(),
            "associatedDepartments": ONE_ID,
        },
        required=("module",),
    ),
    RestRoute(
        method="GET",
        path="/layouts",
        handler=calls.list_layouts,
        scopes=BASIC,
        paging=PageRange(),
        query={"module": text(100, shortest=1), "departmentId": ONE_ID},
        required=("module",),
    ),
    RestRoute(method="GET", path="/layouts/{id}", handler=calls.read_layout, scopes=BASIC),
    RestRoute(
        method="GET",
        path="/agents",
        handler=calls.list_agents,
        scopes=(any_of("Desk.agents.READ", "Desk.basic.READ", "Desk.settings.READ"),),
        paging=PageRange(default=10, least=0, most=200),
        query={
            "include": words(2, allowed=("profile", "role")),
            "roleIds": IDS,
            "profileIds": IDS,
            "departmentIds": IDS,
            "searchStr": text(100, shortest=1),
            "cfSearchStr": text(),
            "cfFieldName": text(form=r"cf_\w+"),
            "fieldName": one_of("firstName", "lastName", "emailId", "name"),
            "isLightAgent": spoken_flag,
            "sortOrder": one_of("asc", "desc"),
            "rolePermissionType": one_of(
                "AgentPublic", "AgentPersonal", "AgentTeamPersonal", "Admin", "Custom", "Light"
            ),
            "isConfirmed": spoken_flag,
            "status": one_of("ACTIVE", "DISABLED", "DELETED", "IMPORTED"),
        },
    ),
    RestRoute(method="GET", path="/agents/email/{email}", handler=calls.read_agent_by_email, scopes=BASIC),
    RestRoute(method="GET", path="/myinfo", handler=calls.read_myself, scopes=BASIC),
    RestRoute(method="GET", path="/teams", handler=calls.list_teams, scopes=BASIC, paging=TEAM_PAGE),
    RestRoute(
        method="GET",
        path="/departments/{id}/teams",
        handler=calls.list_department_teams,
        scopes=BASIC,
        paging=TEAM_PAGE,
        query={"searchStr": text(100, shortest=1)},
    ),
    RestRoute(
        method="GET",
        path="/departments",
        handler=calls.list_departments,
        scopes=BASIC,
        paging=PageRange(least=0, most=200),
        query={
            "searchStr": text(100, shortest=1),
            "isEnabled": spoken_flag,
            "chatStatus": one_of("AVAILABLE", "DISABLED", "NOT_CREATED", "${UNAVAILABLE}"),
        },
    ),
    RestRoute(
        method="GET",
        path="/businessHours",
        handler=calls.list_business_hours,
        scopes=(any_of("Desk.automations.READ", "Desk.settings.READ"),),
        paging=SHORT_PAGE,
        query={"businessHourIds": words(50), "status": one_of("ACTIVE", "INACTIVE")},
    ),
    RestRoute(method="GET", path="/businessHours/{id}", handler=calls.read_business_hours, scopes=SETTINGS),
    RestRoute(
        method="GET",
        path="/holidayList",
        handler=calls.list_holiday_lists,
        scopes=(any_of("Desk.automations.READ", "Desk.settings.READ"),),
        paging=SHORT_PAGE,
        query={"status": one_of("ACTIVE", "INACTIVE")},
    ),
    RestRoute(method="GET", path="/holidayList/{id}", handler=calls.read_holiday_list, scopes=SETTINGS),
    RestRoute(method="GET", path="/organizations", handler=calls.list_organizations, scopes=BASIC, needs_org=False),
    RestRoute(method="GET", path="/accessibleOrganizations", handler=calls.list_organizations, scopes=BASIC),
    RestRoute(method="GET", path="/webhooks", handler=calls.list_webhooks, scopes=_webhook_scopes("READ")),
    RestRoute(
        method="POST",
        path="/webhooks",
        handler=calls.create_webhook,
        scopes=_webhook_scopes("CREATE"),
        body=bodies.WEBHOOK_CREATE,
        greets=True,
    ),
    RestRoute(method="GET", path="/webhooks/{id}", handler=calls.read_webhook, scopes=_webhook_scopes("READ")),
    RestRoute(
        method="PATCH",
        path="/webhooks/{id}",
        handler=calls.write_webhook,
        scopes=_webhook_scopes("UPDATE"),
        body=bodies.WEBHOOK_WRITE,
        greets=True,
    ),
    RestRoute(
        method="DELETE",
        path="/webhooks/{id}",
        handler=calls.delete_webhook,
        scopes=_webhook_scopes("DELETE"),
        empty=200,
    ),
)
