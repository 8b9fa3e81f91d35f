"""Faults of single fields: the body of a PATCH as Desk takes it while some fields cannot be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desk_sync.simulated_desk.error import WrongField, forbidden, invalid
from desk_sync.simulated_desk.faults import FieldFault
from desk_sync.simulated_desk.portal.fields import LayoutField
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.portal.ticket import DeskTicket

REFUSALS: Mapping[str, str] = {"invalid": "the value is not valid", "missing": "a value is needed"}
OTHER_VALUES: Mapping[str, str] = {
    "DateTime": "2030-01-01T00:00:00.000Z",
    "Email": "changed@layout-rule.example",
    "Text": "Changed by a layout rule",
}


def passed(ticket: DeskTicket, body: Mapping[str, Any], faults: Mapping[str, FieldFault]) -> Record:
    """Return the body without the fields that are dropped, and with those changed that are.

    Raises RestError: 403 for a forbidden field, else 422 with every refused one.
    """
    written = _written(body)
    if any(kind == "forbidden" and name in written for name, kind in faults.items()):
        raise forbidden()
    wrong = [
        WrongField(_pointer(name), REFUSALS[kind], "missing" if kind == "missing" else "invalid")
        for name, kind in faults.items()
        if kind in REFUSALS and name in written
    ]
    wrong += [
        WrongField(_pointer(name), REFUSALS["missing"], "missing")
        for name, kind in faults.items()
        if kind == "mandatory" and not written.get(name, _stored(ticket, name))
    ]
    if wrong:
        raise invalid(*wrong)
    taken = _replaced(body, faults, ticket)
    return taken | {"cf": _replaced(body["cf"], faults, ticket)} if body.get("cf") else taken


def _written(body: Mapping[str, Any]) -> Record:
    return {**body, **(body.get("cf") or {})}


def _stored(ticket: DeskTicket, name: str) -> Any:
    return ticket.cf.get(name, ticket.record.get(name))


def _pointer(name: str) -> str:
    return f"/cf/{name}" if name.startswith("cf_") else f"/{name}"


def _replaced(values: Mapping[str, Any], faults: Mapping[str, FieldFault], ticket: DeskTicket) -> Record:
    return {
        name: _other(ticket, name, value) if faults.get(name) == "changed" else value
        for name, value in values.items()
        if faults.get(name) != "dropped"
    }


def _other(ticket: DeskTicket, name: str, value: Any) -> Any:
    """Return another value than the one written, which the field accepts."""
    field = ticket.layout.field(name)
    if field is None:
        return value
    return next((each for each in _possible(field) if each != value), value)


def _possible(field: LayoutField) -> list[str]:
    if field.choices:
        return [each.value for each in reversed(field.choices)]
    if field.type == "Boolean":
        return ["true", "false"]
    return [OTHER_VALUES.get(field.type, OTHER_VALUES["Text"])]
