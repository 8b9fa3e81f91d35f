"""Handlers of the calls about the portal's setup: fields, layouts, business hours, webhooks."""

from __future__ import annotations

from collections.abc import Sequence

from desk_sync.simulated_desk.error import RestError, WrongField, invalid, not_found
from desk_sync.simulated_desk.portal.fields import LayoutField, PickListField
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.seed import CREATED_AT, DeskLayout, Record
from desk_sync.simulated_desk.rest import search
from desk_sync.simulated_desk.rest.route import RestCall
from desk_sync.simulated_desk.rest.search import list_body


def list_fields(portal: SimulatedPortal, call: RestCall) -> Record:
    _only_tickets(call)
    names, department = call.query.get("apiNames"), call.query.get("associatedDepartments")
    layouts = [each for each in portal.seed.layouts if each.department_id == department]
    fields = [
        each
        for each in portal.seed.fields
        if (names is None or each.api_name in names)
        and (department is None or any(layout.field(each.api_name) for layout in layouts))
    ]
    return {"data": [_field(each) | {"maxLength": each.max_length, "isEncryptedField": False} for each in fields]}


def list_layouts(portal: SimulatedPortal, call: RestCall) -> Record | None:
    _only_tickets(call)
    department = call.query.get("departmentId")
    layouts = [each for each in portal.seed.layouts if department in (None, each.department_id)]
    return list_body(search.page([_layout(each) for each in layouts], call.query))


def read_layout(portal: SimulatedPortal, call: RestCall) -> Record:
    layout = next((each for each in portal.seed.layouts if each.layout_id == call.ids[0]), None)
    if layout is None:
        raise not_found()
    parts = {
        "Ticket Information": [each for each in layout.fields if not each.custom],
        "Additional Information": list(layout.custom),
    }
    sections = [{"name": name, "fields": [_layout_field(each) for each in fields]} for name, fields in parts.items()]
    return _layout(layout) | {"sections": sections}


def _only_tickets(call: RestCall) -> None:
    if call.query["module"] != "tickets":
        raise invalid(WrongField("/module", "the simulated portal has fields of tickets only"))


def _field(field: LayoutField) -> Record:
    return {
        "id": field.field_id,
        "name": field.api_name,
        "apiName": field.api_name,
        "displayLabel": field.label,
        "i18NLabel": field.label,
        "type": field.type,
        "isCustomField": field.custom,
        "isMandatory": field.api_name in ("subject", "status"),
    }


def _layout_field(field: LayoutField) -> Record:
    values = {"allowedValues": [_choice(each) for each in field.choices]} if field.choices else {}
    return _field(field) | values


def _choice(choice: PickListField) -> Record:
    return {"value": choice.value} | ({"statusType": choice.status_type} if choice.status_type else {})


def _layout(layout: DeskLayout) -> Record:
    return {
        "id": layout.layout_id,
        "layoutName": layout.name,
        "module": "tickets",
        "departmentId": layout.department_id,
        "isDefaultLayout": True,
        "createdTime": CREATED_AT,
    }


def list_business_hours(portal: SimulatedPortal, call: RestCall) -> Record:
    without = call.headers.get("exclude_holiday_list") == "true"
    left_out = ("holidayLists", "associatedHolidayList") if without else ()
    hours = search.page(portal.seed.business_hours, call.query)
    return {"data": [{key: value for key, value in each.items() if key not in left_out} for each in hours]}


def read_business_hours(portal: SimulatedPortal, call: RestCall) -> Record:
    return _by_id(portal.seed.business_hours, call.ids[0])


def list_holiday_lists(portal: SimulatedPortal, call: RestCall) -> Record:
    lists = search.page(portal.seed.holiday_lists, call.query)
    return {"data": [{key: value for key, value in each.items() if key != "holidays"} for each in lists]}


def read_holiday_list(portal: SimulatedPortal, call: RestCall) -> Record:
    return _by_id(portal.seed.holiday_lists, call.ids[0])


def _by_id(records: Sequence[Record], record_id: str) -> Record:
    record = next((each for each in records if each["id"] == record_id), None)
    if record is None:
        raise RestError("UNPROCESSABLE_ENTITY", "There is no such resource.")
    return record


def list_webhooks(portal: SimulatedPortal, call: RestCall) -> Record | None:
    return list_body(list(portal.webhooks.values()))


def create_webhook(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.add_webhook(call.body)


def read_webhook(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.webhook(call.ids[0])


def write_webhook(portal: SimulatedPortal, call: RestCall) -> Record:
    return portal.change_webhook(call.ids[0], call.body)


def delete_webhook(portal: SimulatedPortal, call: RestCall) -> None:
    portal.webhook(call.ids[0])
    portal.remove_webhook(call.ids[0])
