"""Whether Desk takes the values that a client wants in a ticket, and what it stores of them.

The form of the body (which keys there are, of which JSON type) has been checked before (`bodies.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from desk_sync.simulated_desk.error import WrongField, invalid
from desk_sync.simulated_desk.fields import instant
from desk_sync.simulated_desk.seed import DeskLayout, Record

if TYPE_CHECKING:
    from desk_sync.simulated_desk.portal import SimulatedPortal

NOT_STORED = ("contact", "uploads", "webUrl", "sourceTicket", "parentTicket", "ticketCreationType", "clonedTicketId")


def accept(
    portal: SimulatedPortal, layout: DeskLayout, department_id: str, values: Mapping[str, Any]
) -> tuple[Record, Record]:
    """The system fields and the custom fields to store. Raises Refusal with everything that is wrong at once."""
    wrong: list[WrongField] = []
    system, custom = {}, {}
    for key, value in values.items():
        if key in ("cf", "customFields"):
            custom.update(_custom(portal, layout, key, value, wrong))
        elif key not in NOT_STORED:
            system[key] = _checked(f"/{key}", partial(_system, portal, layout, department_id, key, value), wrong)
    if wrong:
        raise invalid(*wrong)
    return system, custom


def _checked(pointer: str, store: Callable[[], Any], wrong: list[WrongField]) -> Any:
    try:
        return store()
    except ValueError as error:
        wrong.append(WrongField(pointer, str(error)))
        return None


def _custom(
    portal: SimulatedPortal, layout: DeskLayout, key: str, sent: Mapping[str, Any], wrong: list[WrongField]
) -> Record:
    by_name = {each.api_name if key == "cf" else each.label: each for each in portal.seed.fields if each.custom}
    stored = {}
    for name, value in sent.items():
        pointer, field = f"/{key}/{name}", by_name.get(name)
        if field is None:
            wrong.append(WrongField(pointer, "no such field"))
        elif layout.field(field.api_name):
            store = partial(field.store, value, seconds=not portal.quirks.drops_seconds)
            stored[field.api_name] = _checked(pointer, store, wrong)
        elif not portal.quirks.drops_fields_off_the_layout:
            wrong.append(WrongField(pointer, "the field is not on the layout"))
    return stored


def _system(portal: SimulatedPortal, layout: DeskLayout, department_id: str, key: str, value: Any) -> Any:
    field = layout.field(key)
    if field and field.choices:
        return _choice(field.store(value), required=key == "status")
    if key == "dueDate":
        return instant(value) if value else None
    if key == "responseDueDate":
        return None
    if key in REFERENCES:
        return _reference(value, REFERENCES[key](portal, department_id), required=key in REQUIRED)
    return value.strip() if isinstance(value, str) else value


def _choice(value: str | None, *, required: bool) -> str | None:
    if required and value is None:
        raise ValueError("may not be empty")
    return value


def _reference(value: str | None, known: Container[str], *, required: bool) -> str | None:
    if not value and not required:
        return None
    if value not in known:
        raise ValueError("no such resource, or not in this department")
    return value


def _fit_agents(portal: SimulatedPortal, department_id: str) -> Container[str]:
    """Agents whom a ticket of the department may be given to: active, confirmed, members of it."""
    return {
        each["id"]
        for each in portal.seed.agents
        if each["status"] == "ACTIVE" and each["isConfirmed"] and department_id in each["associatedDepartmentIds"]
    }


REQUIRED = ("departmentId", "contactId", "layoutId")
REFERENCES: Mapping[str, Callable[[SimulatedPortal, str], Container[str]]] = {
    "departmentId": lambda portal, _: {each["id"] for each in portal.seed.departments},
    "contactId": lambda portal, _: portal.contacts,
    "accountId": lambda portal, _: portal.accounts,
    "productId": lambda portal, _: (),
    "layoutId": lambda portal, department: {
        each.layout_id for each in portal.seed.layouts if each.department_id == department
    },
    "assigneeId": _fit_agents,
    "teamId": lambda portal, department: {
        each["id"] for each in portal.seed.teams if each["departmentId"] == department
    },
}
