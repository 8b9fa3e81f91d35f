"""The calls about people and organisations: contacts, accounts, agents, teams, departments, organisations."""

from __future__ import annotations

from desk_sync.simulated_desk.rest import directory_handlers
from desk_sync.simulated_desk.rest.parameters import (
    BASIC,
    CONTACTS,
    CUSTOM,
    FOUND_PAGE,
    IDS,
    SEARCH,
    SHORT_PAGE,
    TEAM_PAGE,
    TIMES,
)
from desk_sync.simulated_desk.rest.route import PageRange, RestRoute, any_of
from desk_sync.simulated_desk.rest.rules import comma_list, one_of, order, text, text_flag

DIRECTORY_ROUTES: tuple[RestRoute, ...] = (
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
        path="/accounts/search",
        handler=directory_handlers.search_accounts,
        scopes=(SEARCH, *CONTACTS),
        paging=FOUND_PAGE,
        query={
            "id": IDS,
            "accountName": text(500, shortest=1),
            "_all": text(1000, shortest=3),
            **TIMES,
            **CUSTOM,
            "sortBy": order("relevance", "modifiedTime", "createdTime", "accountName"),
        },
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
        path="/organizations",
        handler=directory_handlers.list_organizations,
        scopes=BASIC,
        needs_org=False,
    ),
    RestRoute(
        method="GET", path="/accessibleOrganizations", handler=directory_handlers.list_organizations, scopes=BASIC
    ),
)
