"""Scripted answers of Zoho Billing: customers, subscriptions, and changes of single values.

The lists have pages of a given size. A change is a function that gets the table of answers by path, and edits it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.zoho_host import HostRequest, Reply

BASE = "/billing/v1"
ADMIN = "admin@large.example"
CUSTOMER = {"customer_id": "1", "email": ADMIN, "company_name": "Large"}
LISTED = {"subscription_id": "S1", "customer_id": "1", "status": "live", "plan_name": "CRM Enterprise"}
RECORD = {
    "subscription_id": "S1",
    "status": "live",
    "product_name": "Zoho CRM",
    "plan": {"plan_code": "crm", "name": "CRM Enterprise", "quantity": 25},
    "addons": [{"addon_code": "more", "name": "More users", "quantity": 5}],
    "customer": {"customer_id": "1", "billing_address": {"country": "Germany"}},
}
PLANS = [{"plan_code": "crm", "unit": "users"}, {"plan_code": "storage", "unit": "GB"}]
ADDONS = [{"addon_code": "more", "unit": "users"}, {"addon_code": "storage", "unit": "users"}]


class BillingAnswers:
    """A Billing organisation. `rows` are its lists by path, `records` its single records; `edit` changes an answer."""

    def __init__(self, size: int = 200) -> None:
        self.size = size
        self.rows: dict[str, list[Any]] = {
            "customers": [copy.deepcopy(CUSTOMER)],
            "subscriptions": [copy.deepcopy(LISTED)],
            "plans": copy.deepcopy(PLANS),
            "addons": copy.deepcopy(ADDONS),
        }
        self.records: dict[str, dict[str, Any]] = {"S1": copy.deepcopy(RECORD)}
        self.replies: dict[str, Callable[[HostRequest], Reply | None]] = {}
        self.context: Callable[[str, int, dict[str, Any]], Any] = lambda _, __, context: context

    def reply(self, asked: HostRequest) -> Reply | None:
        path = asked.path.removeprefix(f"{BASE}/")
        if own := self.replies.get(path):
            answer = own(asked)
            if answer is not None:
                return answer
        if path in self.rows:
            return Reply(self._page(path, asked.query))
        kind, _, number = path.partition("/")
        if kind == "subscriptions" and number in self.records:
            return Reply({"code": 0, "subscription": self.records[number]})
        if kind == "customers":
            found = [each for each in self.rows["customers"] if each.get("customer_id") == number]
            return Reply({"code": 0, "customer": found[0]}) if found else None
        return None

    def _page(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        rows = list(self.rows[path])
        if "email" in query:
            rows = [each for each in rows if str(each.get("email")).lower() == query["email"].lower()]
        if "customer_id" in query:
            rows = [each for each in rows if each.get("customer_id") == query["customer_id"]]
        number = int(query["page"])
        first = (number - 1) * self.size
        body = {"code": 0, path: rows[first : first + self.size]}
        context = self.context(path, number, {"page": number, "has_more_page": first + self.size < len(rows)})
        return body if context is None else body | {"page_context": context}
