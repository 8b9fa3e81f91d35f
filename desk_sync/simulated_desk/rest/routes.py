"""Every call of Desk's REST interface that the simulated Desk serves: its parameters, its scopes, its handler.

The first route that matches a path wins; routes of one path are next to each other.
"""

from __future__ import annotations

from typing import Any

from desk_sync.simulated_desk.rest import (
    bodies,
    conversation_handlers,
    directory_handlers,
    setup_handlers,
    ticket_handlers,
)
from desk_sync.simulated_desk.rest.route import PageRange, RestRoute, any_of
from desk_sync.simulated_desk.rest.rules import comma_list, identifier, one_of, order, span, text, text_flag

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
FOUND_PAGE = PageRange(default=10, last=999)
TEAM_PAGE = PageRange(default=0, least=0, most=200)


def _webhook_scopes(verb: str) -> tuple[frozenset[str]]:
    return (any_of(f"Desk.webhooks.{verb}", f"Desk.events.{verb}", f"Desk.settings.{verb}"),)


ROUTES: tuple[RestRoute, ...] = (
    RestRoute(
        method="GET",
        path="/tickets",
        handler=ticket_handlers.list_tickets,
        scopes=READ,
        paging=PageRange(default=25),
        query={
            "include": comma_list(5, allowed=("contacts", "products", "departments", "team", "assignee")),
            "departmentIds": comma_list(20),
            "departmentId": ONE_ID,  # accepted, without effect
            "status": IDS,
            "priority": comma_list(20),
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
    RestRoute(
        method="POST", path="/tickets", handler=ticket_handlers.create_ticket, scopes=CREATE, body=bodies.TICKET_CREATE
    ),
    RestRoute(
        method="GET",
        path="/tickets/search",
        handler=ticket_handlers.search_tickets,
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
        handler=ticket_handlers.trash_tickets,
        scopes=UPDATE,
        body=bodies.TRASH,
        empty=204,
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}",
        handler=ticket_handlers.read_ticket,
        scopes=READ,
        query={
            "include": comma_list(
                8,
                allowed=("contacts", "products", "departments", "team", "assignee", "contract", "isRead", "skills"),
            )
        },
    ),
    RestRoute(
        method="PATCH",
        path="/tickets/{id}",
        handler=ticket_handlers.write_ticket,
        scopes=UPDATE,
        query={"disableClosureNotification": text_flag},
        body=bodies.TICKET_WRITE,
    ),
    RestRoute(
        method="POST",
        path="/tickets/{id}/move",
        handler=ticket_handlers.move_ticket,
        scopes=UPDATE,
        query={"departmentId": ONE_ID},
        required=("departmentId",),
        body=bodies.MOVE,
        empty=200,
    ),
    RestRoute(method="GET", path="/tickets/{id}/metrics", handler=ticket_handlers.read_metrics, scopes=READ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/History",
        handler=ticket_handlers.read_history,
        scopes=READ,
        paging=SHORT_PAGE,
        query={"fieldName": text(255), "eventFilter": IDS},
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/threads",
        handler=conversation_handlers.list_threads,
        scopes=READ,
        paging=PageRange(most=200),
        query={"sortBy": order("sendDateTime")},
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/threads/{thread_id}",
        handler=conversation_handlers.read_thread,
        scopes=READ,
        query=THREAD_INCLUDE,
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/threads/{thread_id}/fullContent",
        handler=conversation_handlers.read_full_content,
        scopes=READ,
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/latestThread",
        handler=conversation_handlers.read_latest_thread,
        scopes=READ,
        query={
            "needPublic": text_flag,
            "needIncomingThread": text_flag,
            "threadStatus": one_of("SUCCESS", "PENDING", "FAILED", "DRAFT"),
            **THREAD_INCLUDE,
        },
    ),
    RestRoute(
        method="GET",
        path="/tickets/{id}/comments",
        handler=conversation_handlers.list_comments,
        scopes=READ,
        paging=PageRange(),
        query={"include": comma_list(2, allowed=("mentions", "plainText")), "sortBy": order("commentedTime")},
    ),
    RestRoute(
        method="POST",
        path="/tickets/{id}/comments",
        handler=conversation_handlers.create_comment,
        scopes=UPDATE,
        body=bodies.COMMENT,
    ),
    RestRoute(
        method="PATCH",
        path="/tickets/{id}/comments/{comment_id}",
        handler=conversation_handlers.write_comment,
        scopes=UPDATE,
        body=bodies.COMMENT,
    ),
    RestRoute(
        method="DELETE",
        path="/tickets/{id}/comments/{comment_id}",
        handler=conversation_handlers.delete_comment,
        scopes=UPDATE,
        empty=200,
    ),
    RestRoute(method="GET", path="/tickets/{id}/tags", handler=conversation_handlers.list_tags, scopes=READ),
    RestRoute(
        method="POST",
        path="/tickets/{id}/associateTag",
        handler=conversation_handlers.add_tags,
        scopes=CREATE,
        body=bodies.TAG_NAMES,
    ),
    RestRoute(
        method="POST",
        path="/tickets/{id}/dissociateTag",
        handler=conversation_handlers.remove_tags,
        scopes=CREATE,
        body=bodies.TAG_NAMES,
    ),
    RestRoute(
        method="GET",
        path="/contacts/search",
        handler=directory_handlers.search_contacts,
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
        handler=directory_handlers.read_contact,
        scopes=CONTACTS,
        query={"include": comma_list(2, allowed=("accounts", "owner"))},
    ),
    RestRoute(
        method="GET",
        path="/accounts/{id}",
        handler=directory_handlers.read_account,
        scopes=CONTACTS,
        query={"include": one_of("owner")},
    ),
    RestRoute(
        method="GET",
        path="/accounts/{id}/contracts",
        handler=directory_handlers.list_contracts,
        scopes=(any_of("Desk.contracts.READ", "Desk.settings.READ"),),
        paging=SHORT_PAGE,
        query={"contractStatus": one_of("ACTIVE", "EXPIRED", "UPCOMING")},
    ),
    RestRoute(
        method="GET",
        path="/fields",
        handler=setup_handlers.list_fields,
        scopes=(any_of("Desk.fields.READ", "Desk.basic.READ"),),
        query={
            "module": text(100, shortest=1),
            "apiNames": comma_list(300),
            "filter": text(),
            "associatedDepartments": ONE_ID,
        },
        required=("module",),
    ),
    RestRoute(
        method="GET",
        path="/layouts",
        handler=setup_handlers.list_layouts,
        scopes=BASIC,
        paging=PageRange(),
        query={"module": text(100, shortest=1), "departmentId": ONE_ID},
        required=("module",),
    ),
    RestRoute(method="GET", path="/layouts/{id}", handler=setup_handlers.read_layout, scopes=BASIC),
    RestRoute(
        method="GET",
        path="/agents",
        handler=directory_handlers.list_agents,
        scopes=(any_of("Desk.agents.READ", "Desk.basic.READ", "Desk.settings.READ"),),
        paging=PageRange(default=10, least=0, most=200),
        query={
            "include": comma_list(2, allowed=("profile", "role")),
            "roleIds": IDS,
            "profileIds": IDS,
            "departmentIds": IDS,
            "searchStr": text(100, shortest=1),
            "cfSearchStr": text(),
            "cfFieldName": text(form=r"cf_\w+"),
            "fieldName": one_of("firstName", "lastName", "emailId", "name"),
            "isLightAgent": text_flag,
            "sortOrder": one_of("asc", "desc"),
            "rolePermissionType": one_of(
                "AgentPublic", "AgentPersonal", "AgentTeamPersonal", "Admin", "Custom", "Light"
            ),
            "isConfirmed": text_flag,
            "status": one_of("ACTIVE", "DISABLED", "DELETED", "IMPORTED"),
        },
    ),
    RestRoute(method="GET", path="/agents/email/{email}", handler=directory_handlers.read_agent_by_email, scopes=BASIC),
    RestRoute(method="GET", path="/myinfo", handler=directory_handlers.read_myself, scopes=BASIC),
    RestRoute(method="GET", path="/teams", handler=directory_handlers.list_teams, scopes=BASIC, paging=TEAM_PAGE),
    RestRoute(
        method="GET",
        path="/departments/{id}/teams",
        handler=directory_handlers.list_department_teams,
        scopes=BASIC,
        paging=TEAM_PAGE,
        query={"searchStr": text(100, shortest=1)},
    ),
    RestRoute(
        method="GET",
        path="/departments",
        handler=directory_handlers.list_departments,
        scopes=BASIC,
        paging=PageRange(least=0, most=200),
        query={
            "searchStr": text(100, shortest=1),
            "isEnabled": text_flag,
            "chatStatus": one_of("AVAILABLE", "DISABLED", "NOT_CREATED", "${UNAVAILABLE}"),
        },
    ),
    RestRoute(
        method="GET",
        path="/businessHours",
        handler=setup_handlers.list_business_hours,
        scopes=(any_of("Desk.automations.READ", "Desk.settings.READ"),),
        paging=SHORT_PAGE,
        query={"businessHourIds": comma_list(50), "status": one_of("ACTIVE", "INACTIVE")},
    ),
    RestRoute(method="GET", path="/businessHours/{id}", handler=setup_handlers.read_business_hours, scopes=SETTINGS),
    RestRoute(
        method="GET",
        path="/holidayList",
        handler=setup_handlers.list_holiday_lists,
        scopes=(any_of("Desk.automations.READ", "Desk.settings.READ"),),
        paging=SHORT_PAGE,
        query={"status": one_of("ACTIVE", "INACTIVE")},
    ),
    RestRoute(method="GET", path="/holidayList/{id}", handler=setup_handlers.read_holiday_list, scopes=SETTINGS),
    RestRoute(
        method="GET",
        path="/organizations",
        handler=directory_handlers.list_organizations,
        scopes=BASIC,
        needs_org=False,
    ),
    RestRoute(
        method="GET", path="/accessibleOrganizations", handler=directory_handlers.list_organizations, scopes=BASIC
    ),
    RestRoute(method="GET", path="/webhooks", handler=setup_handlers.list_webhooks, scopes=_webhook_scopes("READ")),
    RestRoute(
        method="POST",
        path="/webhooks",
        handler=setup_handlers.create_webhook,
        scopes=_webhook_scopes("CREATE"),
        body=bodies.WEBHOOK_CREATE,
        needs_handshake=True,
    ),
    RestRoute(method="GET", path="/webhooks/{id}", handler=setup_handlers.read_webhook, scopes=_webhook_scopes("READ")),
    RestRoute(
        method="PATCH",
        path="/webhooks/{id}",
        handler=setup_handlers.write_webhook,
        scopes=_webhook_scopes("UPDATE"),
        body=bodies.WEBHOOK_WRITE,
        needs_handshake=True,
    ),
    RestRoute(
        method="DELETE",
        path="/webhooks/{id}",
        handler=setup_handlers.delete_webhook,
        scopes=_webhook_scopes("DELETE"),
        empty=200,
    ),
)
