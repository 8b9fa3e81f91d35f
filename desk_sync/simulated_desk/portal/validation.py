"""Validation of the values that a client sends for a ticket, and the form in which Desk stores them.

The form of the body (its keys and their JSON types) has been checked before (`bodies.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from desk_sync.simulated_desk.error import WrongField, invalid
from desk_sync.simulated_desk.portal.fields import LayoutField, instant
from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from desk_sync.simulated_desk.portal.seed import DeskLayout, PortalSeed, Record

NOT_STORED = ("contact", "uploads", "webUrl", "sourceTicket", "parentTicket", "ticketCreationType", "clonedTicketId")
PUBLISHED = re.compile(r"[A-Za-z0-9\s_\-.$@?,:'/!\u0080-\U0010ffff]+")
REQUIRED = ("departmentId", "contactId", "layoutId")


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentContent:
    """The fields and resources that a ticket of one department may use, and the quirks of its portal.

    `custom_fields` are all those of the portal, on the layout or not; `references` has the valid ids of each key.
    """

    layout: DeskLayout
    custom_fields: Sequence[LayoutField]
    references: Mapping[str, Container[str]]
    quirks: DeskQuirks


def department_content(
    seed: PortalSeed,
    department_id: str,
    *,
    layout: DeskLayout,
    contacts: Container[str],
    accounts: Container[str],
    quirks: DeskQuirks,
) -> DepartmentContent:
    """Return the content of a department of the seed; the id need not exist."""
    return DepartmentContent(
        layout=layout,
        custom_fields=[each for each in seed.fields if each.custom],
        references={
            "departmentId": {each["id"] for each in seed.departments},
            "contactId": contacts,
            "accountId": accounts,
            "productId": (),
            "layoutId": {each.layout_id for each in seed.layouts if each.department_id == department_id},
            "assigneeId": {each["id"] for each in seed.agents if _is_assignable(each, department_id)},
            "teamId": {each["id"] for each in seed.teams if each["departmentId"] == department_id},
        },
        quirks=quirks,
    )


def _is_assignable(agent: Record, department_id: str) -> bool:
    """Return True for an active, confirmed member of the department."""
    active = agent["status"] == "ACTIVE" and agent["isConfirmed"]
    return bool(active and department_id in agent["associatedDepartmentIds"])


def accept(content: DepartmentContent, values: Mapping[str, Any]) -> tuple[Record, Record]:
    """Return the system fields and the custom fields to store. Raises RestError with every wrong field."""
    wrong: list[WrongField] = []
    system, custom = {}, {}
    for key, value in values.items():
        if key in ("cf", "customFields"):
            custom.update(_custom(content, key, value, wrong))
        elif key not in NOT_STORED:
            system[key] = _checked(f"/{key}", partial(_system, content, key, value), wrong)
    if wrong:
        raise invalid(*wrong)
    return system, custom


def _checked(pointer: str, store: Callable[[], Any], wrong: list[WrongField]) -> Any:
    try:
        return store()
    except ValueError as error:
        wrong.append(WrongField(pointer, str(error)))
        return None


def _custom(content: DepartmentContent, key: str, sent: Mapping[str, Any], wrong: list[WrongField]) -> Record:
    by_name = {each.api_name if key == "cf" else each.label: each for each in content.custom_fields}
    stored = {}
    for name, value in sent.items():
        pointer, field = f"/{key}/{name}", by_name.get(name)
        if field is None:
            wrong.append(WrongField(pointer, "no such field"))
        elif content.layout.field(field.api_name):
            stored[field.api_name] = _checked(pointer, partial(_store, content.quirks, field, value), wrong)
        elif "refuses_fields_off_the_layout" in content.quirks:
            wrong.append(WrongField(pointer, "the field is not on the layout"))
    return stored


def _store(quirks: DeskQuirks, field: LayoutField, value: Any) -> str | None:
    """Return the stored form of a custom value, by the rules of the portal's quirks. Raises ValueError."""
    if "enforces_published_patterns" in quirks and isinstance(value, str) and not PUBLISHED.fullmatch(value):
        raise ValueError("the text has another form than expected")
    if "takes_json_booleans" in quirks and field.type == "Boolean" and isinstance(value, bool):
        value = str(value).lower()
    return field.store(value, seconds="keeps_seconds" in quirks)


def _system(content: DepartmentContent, key: str, value: Any) -> Any:
    field = content.layout.field(key)
    if field and field.choices:
        return _choice(field.store(value), required=key == "status")
    if key == "dueDate":
        return instant(value) if value else None
    if key == "responseDueDate":
        return None
    if key in content.references:
        return _reference(value, content.references[key], required=key in REQUIRED)
    return value.strip() if isinstance(value, str) else value


def _choice(value: str | None, *, required: bool) -> str | None:
    if required and value is None:
        raise ValueError("may not be empty")
    return value


def _reference(value: str | None, valid: Container[str], *, required: bool) -> str | None:
    if not value and not required:
        return None
    if value not in valid:
        raise ValueError("no such resource, or not in this department")
    return value
