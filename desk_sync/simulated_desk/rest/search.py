"""Search of tickets and contacts: filters, order, pages.

A filter is a function of the record and of the query's value. Texts are compared without regard to case; a span
includes both ends; instants are compared as texts, since Desk's format sorts by time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from desk_sync.simulated_desk.portal.seed import Record

Filter: TypeAlias = Callable[[Record, Any], bool]


def select(records: Iterable[Record], query: Mapping[str, Any], filters: Mapping[str, Filter]) -> list[Record]:
    """Return the records that match every filter named in the query."""
    applied = [(filters[key], value) for key, value in query.items() if key in filters]
    return [record for record in records if all(matches(record, value) for matches, value in applied)]


def arrange(records: list[Record], key: str) -> list[Record]:
    """Return the records sorted by the key, descending with a minus sign; an empty value sorts before all others."""
    return sorted(records, key=lambda each: each.get(key.lstrip("-")) or "", reverse=key.startswith("-"))


def page(records: Sequence[Record], query: Mapping[str, Any], *, first: int = 0) -> list[Record]:
    """Return a page of the records; `first` is Desk's index of the first record."""
    start = max(query["from"] - first, 0)
    return list(records[start : start + query["limit"]])


def among(key: str) -> Filter:
    return lambda record, values: str(record.get(key)).lower() in {each.lower() for each in values}


def equals(key: str) -> Filter:
    return lambda record, value: str(record.get(key)).lower() == str(value).lower()


def contains(key: str) -> Filter:
    return lambda record, value: value.strip("*").lower() in str(record.get(key) or "").lower()


def within(key: str) -> Filter:
    return lambda record, span: span[0] <= (record.get(key) or "") <= span[1]


def status(record: Record, values: Sequence[str]) -> bool:
    """Match a status by name, or every status of a type as `${open}`."""
    own = {record["status"].lower(), f"${{{record['statusType'].lower()}}}"}
    return not own.isdisjoint(each.lower() for each in values)


def assignee(record: Record, values: Sequence[str]) -> bool:
    return (record["assigneeId"] or "Unassigned") in values


def custom(record: Record, value: str) -> bool:
    """Match `api name:value`, where the value may be `${empty}` or `${notempty}`."""
    name, _, wanted = value.partition(":")
    stored = record["cf"].get(name)
    if wanted in ("${empty}", "${notempty}"):
        return (wanted == "${empty}") is (stored is None)
    return stored is not None and stored.lower() == wanted.lower()


def anywhere(*keys: str) -> Filter:
    return lambda record, value: any(contains(key)(record, value) for key in keys)


def tagged(record: Record, value: str) -> bool:
    return value.lower() in (each.lower() for each in record["tags"])


def _inner(outer: str, key: str) -> Filter:
    return lambda record, value: value.lower() in str((record.get(outer) or {}).get(key) or "").lower()


CUSTOM_FIELDS: Mapping[str, Filter] = {f"customField{n}": custom for n in range(1, 11)}
LISTED_TICKETS: Mapping[str, Filter] = {
    "departmentIds": among("departmentId"),
    "status": status,
    "priority": among("priority"),
    "channel": among("channel"),
    "assignee": assignee,
    "teamIds": among("teamId"),
    "receivedSince": lambda record, since: record["createdTime"] >= since,
}
FOUND_TICKETS: Mapping[str, Filter] = {
    "id": among("id"),
    "email": among("email"),
    "phone": among("phone"),
    "ticketNumber": among("ticketNumber"),
    "subject": contains("subject"),
    "description": contains("description"),
    "contactId": among("contactId"),
    "contactName": _inner("contact", "lastName"),
    "accountId": among("accountId"),
    "accountName": contains("accountName"),
    "assigneeId": among("assigneeId"),
    "departmentId": equals("departmentId"),
    "productId": among("productId"),
    "productName": contains("productName"),
    "status": status,
    "priority": among("priority"),
    "channel": equals("channel"),
    "category": equals("category"),
    "tag": tagged,
    "_all": anywhere("subject", "description", "email", "ticketNumber"),
    "createdTimeRange": within("createdTime"),
    "modifiedTimeRange": within("modifiedTime"),
    "dueDateRange": within("dueDate"),
    "customerResponseTimeRange": within("customerResponseTime"),
    **CUSTOM_FIELDS,
}
CONTACTS: Mapping[str, Filter] = {
    "id": among("id"),
    "email": among("email"),
    "phone": among("phone"),
    "mobile": among("mobile"),
    "lastName": contains("lastName"),
    "firstName": contains("firstName"),
    "fullName": anywhere("lastName", "firstName"),
    "accountName": _inner("account", "accountName"),
    "_all": anywhere("lastName", "firstName", "email"),
    "createdTimeRange": within("createdTime"),
    "modifiedTimeRange": within("modifiedTime"),
    **CUSTOM_FIELDS,
}


ACCOUNTS: Mapping[str, Filter] = {
    "id": among("id"),
    "accountName": contains("accountName"),
    "_all": anywhere("accountName", "website", "email", "phone"),
    "createdTimeRange": within("createdTime"),
    "modifiedTimeRange": within("modifiedTime"),
    **CUSTOM_FIELDS,
}


def search_results(
    matching: list[Record], query: Mapping[str, str], *, hidden: Sequence[str] = ("tags", "accountName")
) -> Record | None:
    """Return a page of results in order, without the keys that are searched by but not shown."""
    ordered = arrange(matching, query.get("sortBy", "relevance"))
    shown = page(ordered, query)
    results = [{key: value for key, value in each.items() if key not in hidden} for each in shown]
    return {"data": results, "count": len(matching)} if results else None


def list_body(records: Sequence[Record]) -> Record | None:
    """Return a list as Desk sends it; None, that is no body, if it is empty."""
    return {"data": list(records)} if records else None
