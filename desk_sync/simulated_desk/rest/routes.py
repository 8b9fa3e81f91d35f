"""Every call of Desk's REST interface that the simulated Desk serves: its parameters, its scopes, its handler.

The first route that matches a path wins; routes of one path are next to each other.
"""

from __future__ import annotations

from desk_sync.simulated_desk.rest import bodies, conversation_handlers, setup_handlers, ticket_handlers
from desk_sync.simulated_desk.rest.directory_routes import DIRECTORY_ROUTES
from desk_sync.simulated_desk.rest.parameters import (
    BASIC,
    CREATE,
    CUSTOM,
    FOUND_PAGE,
    HISTORY_KINDS,
    IDS,
    ONE_ID,
    READ,
    SEARCH,
    SETTINGS,
    SHORT_PAGE,
    THREAD_INCLUDE,
    TIMES,
    UPDATE,
)
from desk_sync.simulated_desk.rest.route import PageRange, RestRoute, any_of
from desk_sync.simulated_desk.rest.rules import comma_list, one_of, order, span, text, text_flag


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
        paging=PageRange(default=10, most=50),
        query={"fieldName": text(255), "eventFilter": one_of(*HISTORY_KINDS), "agentId": ONE_ID},
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
    *DIRECTORY_ROUTES,
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
