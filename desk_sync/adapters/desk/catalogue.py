"""The setup of a portal, as far as a mapping refers to it: fields, layouts with their values, people, departments.

Statuses and values of pick lists belong to a layout, and a department has one layout or more. Names of types differ
between versions of Desk in case and spelling; they are in lower case here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from desk_sync.adapters.desk import payload
from desk_sync.adapters.desk.lists import GetCall, entries
from desk_sync.adapters.desk.raw import Raw, identifier, items, text
from desk_sync.domain.ticket.agent import DeskAgent

PAGE = 200
LAYOUT_PAGE = 50
_TICKETS = "tickets"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutEntry:
    """A field on a layout. `values` are those of a pick list; empty if it has none, or Desk does not list them."""

    type: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueLayout:
    """A layout of a department, with its fields by API name."""

    name: str
    department_id: str
    fields: Mapping[str, LayoutEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCatalogue:
    """What a portal has. `fields` gives the type of each field of tickets, `departments` and `teams` names by id.

    `agents` are all agents by their e-mail address, in lower case, active or not.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    layouts: Sequence[CatalogueLayout] = ()
    departments: Mapping[str, str] = field(default_factory=dict)
    agents: Mapping[str, DeskAgent] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)


def read(get: GetCall) -> PortalCatalogue:
    """Return the setup of the portal behind `get`."""
    departments = {
        department_id: text(each.get("name")) or department_id
        for each in entries(get, "/departments", PAGE, {"isEnabled": "true"})
        if (department_id := identifier(each, "id"))
    }
    return PortalCatalogue(
        fields={name: _type(each) for each in items(get("/fields", {"module": _TICKETS})) if (name := _name(each))},
        layouts=[layout for department_id in departments for layout in _layouts(get, department_id)],
        departments=departments,
        agents={
            address.lower(): agent
            for each in entries(get, "/agents", PAGE)
            if (agent := payload.agent(each)) and (address := text(each.get("emailId")))
        },
        teams={
            team_id: text(each.get("name")) or team_id
            for each in items({"data": get("/teams").get("teams")})
            if (team_id := identifier(each, "id"))
        },
    )


def status_types(get: GetCall, department_id: str) -> Mapping[str, str]:
    """Return Desk's type of each status on the department's layouts: Open, On Hold or Closed."""
    return {
        name: kind
        for layout in _raw_layouts(get, department_id)
        for each in _fields_of(layout)
        if _name(each) == "status"
        for choice in _list(each, "allowedValues")
        if (name := text(choice.get("value"))) and (kind := text(choice.get("statusType")))
    }


def labels(get: GetCall, department_id: str) -> Mapping[str, str]:
    """Return the API name of each field on the department's layouts, by its label without case."""
    return {
        label.casefold(): name
        for layout in _raw_layouts(get, department_id)
        for each in _fields_of(layout)
        if (name := _name(each)) and (label := text(each.get("displayLabel")))
    }


def _layouts(get: GetCall, department_id: str) -> Iterator[CatalogueLayout]:
    for layout in _raw_layouts(get, department_id):
        yield CatalogueLayout(
            name=text(layout.get("layoutName")) or str(identifier(layout, "id")),
            department_id=department_id,
            fields={name: _entry(each) for each in _fields_of(layout) if (name := _name(each))},
        )


def _raw_layouts(get: GetCall, department_id: str) -> Iterator[Raw]:
    listed = entries(get, "/layouts", LAYOUT_PAGE, {"module": _TICKETS, "departmentId": department_id})
    yield from (get(f"/layouts/{layout_id}") for each in listed if (layout_id := identifier(each, "id")))


def _fields_of(layout: Raw) -> Iterator[Raw]:
    for section in _list(layout, "sections"):
        yield from _list(section, "fields")


def _entry(raw: Raw) -> LayoutEntry:
    values = (text(each.get("value")) for each in _list(raw, "allowedValues"))
    return LayoutEntry(type=_type(raw), values=tuple(filter(None, values)))


def _list(raw: Raw, name: str) -> Sequence[Raw]:
    return items({"data": raw.get(name)})


def _name(raw: Raw) -> str | None:
    return text(raw.get("apiName"))


def _type(raw: Raw) -> str:
    return (text(raw.get("type")) or "").lower()
