"""The content of a new simulated portal: departments, layouts, fields, agents, hours, holidays.

Resources that never change are kept as Desk sends them. The department of partner support has every field that the
programme needs; the second department's layout lacks two of them, and one field is on no layout at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeAlias

from desk_sync.simulated_desk.portal.fields import LayoutField, PickListField

Record: TypeAlias = dict[str, Any]

ORG_ID = "60001234567"
CREATED_AT = "2026-01-05T08:00:00.000Z"

STATUSES = tuple(
    PickListField(value=value, status_type=kind)
    for value, kind in [
        ("Open", "Open"),
        ("Waiting for Partner", "On Hold"),
        ("On Hold", "On Hold"),
        ("Escalated", "Open"),
        ("Closed", "Closed"),
    ]
)
REQUEST_TYPES = (
    "Technical Support",
    "Payments Renewal",
    "Trial Extension",
    "Store Related",
    "Upgrades",
    "Invoice changes",
    "Commission Payment",
    "Product Management Related",
    "Sales Discussions",
)
ISSUE_TYPES = ("Outage", "Login", "Defect", "How-to", "Feature request", "Limitation", "Security")
SEVERITIES = ("S1-Critical", "S2-Moderate", "S3-Minimal")
CLOCK_STATES = ("On track", "At risk", "Breached", "Paused", "Met")
MISSING_IN_SECOND_DEPARTMENT = {"cf_severity", "cf_priority_customer_large_user_account"}

# api name, label, type, pick-list values
SYSTEM_FIELDS = (
    ("subject", "Subject", "Text", ()),
    ("status", "Status", "Picklist", STATUSES),
    ("priority", "Priority", "Picklist", ("High", "Medium", "Low")),
    ("classification", "Classification", "Picklist", ("Question", "Problem", "Feature", "Others")),
    ("channel", "Channel", "Picklist", ("Email", "Phone", "Web", "Chat", "Forums", "Feedback")),
    ("dueDate", "Due Date", "DateTime", ()),
    ("email", "Email", "Email", ()),
    ("phone", "Phone", "Phone", ()),
)
CUSTOM_FIELDS = (
    ("cf_customer_primary_email_address", "Customer Primary Email Address", "Email", ()),
    ("cf_priority_customer_large_user_account", "Priority Customer - Large User Account", "Boolean", ()),
    ("cf_severity", "Severity", "Picklist", SEVERITIES),
    ("cf_type_of_support_request", "Type of Support Request", "Picklist", REQUEST_TYPES),
    ("cf_issue_type", "Issue Type", "Picklist", ISSUE_TYPES),
    ("cf_zoho_product_name", "Zoho Product Name", "Text", ()),
    ("cf_service_organisation_id", "Service Organisation ID", "Text", ()),
    ("cf_acknowledgement_due", "Acknowledgement Due", "DateTime", ()),
    ("cf_determination_due", "Determination Due", "DateTime", ()),
    ("cf_resolution_due", "Resolution Due", "DateTime", ()),
    ("cf_update_due", "Update Due", "DateTime", ()),
    ("cf_clock_state", "Clock State", "Picklist", CLOCK_STATES),
    ("cf_next_milestone", "Next Milestone", "Text", ()),
    ("cf_escalation_level", "Escalation Level", "Text", ()),
    ("cf_escalation_owner", "Escalation Owner", "Text", ()),
    ("cf_escalation_request", "Escalation Request", "Boolean", ()),
    ("cf_taken_over", "Taken Over", "Boolean", ()),
    ("cf_explanation", "Explanation", "Text", ()),
)
FIELDS_WITHOUT_LAYOUT = (("cf_field_without_layout", "Field without Layout", "Text", ()),)


class SeedIds:
    """Ids as Desk assigns them: 18 digits, above 2^53, ascending."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)

    def __call__(self) -> str:
        return f"700100{next(self._numbers) * 1000 + 7:012d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLayout:
    """The fields of a department's tickets."""

    layout_id: str
    name: str
    department_id: str
    fields: tuple[LayoutField, ...]

    def field(self, api_name: str) -> LayoutField | None:
        return next((each for each in self.fields if each.api_name == api_name), None)

    @property
    def custom(self) -> Iterator[LayoutField]:
        return (each for each in self.fields if each.custom)

    @property
    def statuses(self) -> dict[str, str | None]:
        status = self.field("status")
        return {each.value: each.status_type for each in status.choices} if status else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSeed:
    """The fixed part of a portal. New tickets use the first department, tokens act as the first agent."""

    departments: Sequence[Record]
    agents: Sequence[Record]
    teams: Sequence[Record]
    fields: Sequence[LayoutField]
    layouts: Sequence[DeskLayout]
    business_hours: Sequence[Record]
    holiday_lists: Sequence[Record]
    organization: Record


def create_seed(ids: SeedIds) -> PortalSeed:
    """Return the seed of a new portal."""
    departments = [_department(ids(), "Partner Support", default=True), _department(ids(), "Partner Operations")]
    department_ids = [each["id"] for each in departments]
    agents = [
        new_agent(ids, "Support", "Desk Sync", "desk-sync@support.example", department_ids),
        new_agent(ids, "Ada", "Agent", "ada.agent@support.example", department_ids),
        new_agent(ids, "Ben", "Backup", "ben.backup@support.example", department_ids[:1]),
        new_agent(ids, "Gone", "Away", "gone.away@support.example", department_ids) | {"status": "DISABLED"},
    ]
    fields = [_field(ids(), *each) for each in (*SYSTEM_FIELDS, *CUSTOM_FIELDS)]
    hours, holidays = _hours_with_holidays(ids)
    return PortalSeed(
        departments=departments,
        agents=agents,
        teams=[_team(ids(), "Escalation Desk", department_ids[0], [agents[1]["id"]])],
        fields=[*fields, *(_field(ids(), *each) for each in FIELDS_WITHOUT_LAYOUT)],
        layouts=[
            DeskLayout(layout_id=ids(), name="Standard", department_id=department_ids[0], fields=tuple(fields)),
            DeskLayout(
                layout_id=ids(),
                name="Operations",
                department_id=department_ids[1],
                fields=tuple(each for each in fields if each.api_name not in MISSING_IN_SECOND_DEPARTMENT),
            ),
        ],
        business_hours=[hours],
        holiday_lists=[holidays],
        organization=_organization(),
    )


def with_field(
    seed: PortalSeed, ids: SeedIds, api_name: str, label: str, kind: str, values: Iterable[PickListField | str]
) -> PortalSeed:
    """Return the seed with a custom field added to every layout, or with values added to an existing one."""
    known = next((each for each in seed.fields if each.api_name == api_name), None)
    if known is None:
        field = _field(ids(), api_name, label, kind, tuple(values))
        layouts = [replace(each, fields=(*each.fields, field)) for each in seed.layouts]
        return replace(seed, fields=[*seed.fields, field], layouts=layouts)
    present = {choice.value for choice in known.choices}
    added = [each for each in _choices(tuple(values)) if each.value not in present]
    field = replace(known, choices=(*known.choices, *added))
    layouts = [replace(each, fields=_replaced(each.fields, known, field)) for each in seed.layouts]
    return replace(seed, fields=_replaced(seed.fields, known, field), layouts=layouts)


def _replaced(fields: Iterable[LayoutField], old: LayoutField, new: LayoutField) -> tuple[LayoutField, ...]:
    return tuple(new if each is old else each for each in fields)


def _choices(values: Sequence[PickListField | str]) -> tuple[PickListField, ...]:
    return tuple(each if isinstance(each, PickListField) else PickListField(value=each) for each in values)


def _field(field_id: str, api_name: str, label: str, kind: str, values: Sequence[PickListField | str]) -> LayoutField:
    return LayoutField(
        field_id=field_id,
        api_name=api_name,
        label=label,
        type=kind,
        max_length=120 if values else 1000 if api_name == "subject" else 255,
        choices=_choices(values),
        custom=api_name.startswith("cf_"),
    )


def _department(department_id: str, name: str, *, default: bool = False) -> Record:
    return {
        "id": department_id,
        "name": name,
        "nameInCustomerPortal": name,
        "sanitizedName": name.lower().replace(" ", "-"),
        "description": None,
        "isEnabled": True,
        "isDefault": default,
        "isAssignToTeamEnabled": default,
        "isVisibleInCustomerPortal": True,
        "hasLogo": False,
        "chatStatus": "NOT_CREATED",
        "creatorId": None,
        "createdTime": CREATED_AT,
    }


def new_agent(ids: SeedIds, first: str, last: str, email: str, departments: Sequence[str]) -> Record:
    """Return an active agent who belongs to these departments."""
    agent_id = ids()
    return {
        "id": agent_id,
        "zuid": f"8{agent_id[-8:]}",
        "emailId": email,
        "name": f"{first} {last}",
        "firstName": first,
        "lastName": last,
        "status": "ACTIVE",
        "isConfirmed": True,
        "associatedDepartmentIds": list(departments),
        "associatedChatDepartmentIds": [],
        "roleId": ids(),
        "profileId": ids(),
        "rolePermissionType": "Admin",
        "timeZone": "Europe/Berlin",
        "langCode": "en_US",
        "countryCode": "en_US",
        "photoURL": None,
        "aboutInfo": None,
        "phone": None,
        "mobile": None,
        "extn": None,
        "channelExpert": [],
        "isZiaAgent": False,
        "cf": {},
    }


def _team(team_id: str, name: str, department_id: str, agents: Sequence[str]) -> Record:
    return {
        "id": team_id,
        "name": name,
        "description": None,
        "departmentId": department_id,
        "agents": list(agents),
        "derivedAgents": list(agents),
        "roles": [],
        "rolesWithSubordinates": [],
        "subTeams": [],
        "logoUrl": None,
    }


def _hours_with_holidays(ids: SeedIds) -> tuple[Record, Record]:
    hours_id, holidays_id = ids(), ids()
    changes = {
        "createdTime": CREATED_AT,
        "modifiedTime": CREATED_AT,
        "createdBy": None,
        "modifiedBy": None,
        "status": "ACTIVE",
    }
    working, closed = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"], ["SATURDAY", "SUNDAY"]
    slots = [{"startTime": "09:00", "endTime": "12:30"}, {"startTime": "13:30", "endTime": "18:00"}]
    hours = changes | {
        "id": hours_id,
        "name": "Office hours",
        "type": "SPECIFIC",
        "timeZone": {"id": "Europe/Berlin", "name": "Central European Time"},
        "businessTimes": [
            *({"day": day, "startTime": "09:00", "endTime": "18:00", "timeSlots": slots} for day in working),
            *({"day": day, "startTime": "00:00", "endTime": "00:00", "timeSlots": []} for day in closed),
        ],
        "associatedHolidayList": {
            "holidayListId": holidays_id,
            "holidayListName": "Year's end",
            "holidayListStatus": "ACTIVE",
        },
        "holidayLists": [{"id": holidays_id, "name": "Year's end", "status": "ACTIVE"}],
    }
    holidays = changes | {
        "id": holidays_id,
        "name": "Year's end",
        "holidayListType": "RECURRING",
        "year": None,
        "associatedBusinessHours": [
            {"businessHourId": hours_id, "businessHourName": "Office hours", "businessHourStatus": "ACTIVE"}
        ],
        "holidays": [
            {"from": "12-24", "to": "12-26", "holidayName": "Christmas"},
            {"from": "12-31", "to": "01-01", "holidayName": "New Year"},
        ],
    }
    return hours, holidays


_ORGANIZATION = (
    *("city", "description", "employeeCount", "employeeCountRange", "industry", "preferredSolution", "migrationFrom"),
    *("alias", "preferredCommunicationChannels", "designation", "faviconURL", "street", "currencyLocale", "state"),
    *("fax", "zip", "website", "mobile", "currencySymbol", "logoURL", "phoneNumber", "portalURL", "primaryContact"),
    "currencyCode",
)


def _organization() -> Record:
    return dict.fromkeys(_ORGANIZATION) | {
        "id": ORG_ID,
        "companyName": "Partner Support (simulated)",
        "portalName": "partnersupport",
        "edition": "ENTERPRISE",
        "timeZone": "Europe/Berlin",
        "country": "DE",
        "isDefault": True,
        "isAdminInOrg": True,
        "isSandboxPortal": False,
        "isPayloadEncryptionEnabled": False,
    }
