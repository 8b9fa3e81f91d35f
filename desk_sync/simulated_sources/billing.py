"""The simulated Zoho Billing: customers, their subscriptions, and the units of plans and add-ons.

Rows of lists have neither plan codes nor quantities; these are in the single subscription only. Units are on the lists
of plans and add-ons only. Query parameters that Billing does not know are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from desk_sync.simulated_sources import refusal
from desk_sync.simulated_sources.book import BookedCustomer, BookedPart, BookedSubscription, SourceBook
from desk_sync.simulated_sources.pages import AnswerPage, page_of, written_country, written_id
from desk_sync.simulated_sources.quirks import ABSENT, Row, SourceQuirks, without_absent

BASE = "/billing/v1"
ORGANIZATION_HEADER = "x-com-zoho-subscriptions-organizationid"
IN_FORCE = ("live", "non_renewing", "dunning", "unpaid")
CUSTOMER_FILTERS = ("All", "Active", "Inactive", "Gapps", "Crm", "NonSubscribers", "PortalEnabled", "PortalDisabled")
STATUS_FILTERS: Mapping[str, Sequence[str]] = {
    "ACTIVE": IN_FORCE,
    "LIVE": ("live",),
    "FUTURE": ("future",),
    "TRIAL": ("trial",),
    "PAST_DUE": ("dunning",),
    "UNPAID": ("unpaid",),
    "NON_RENEWING": ("non_renewing",),
    "CANCELLED_FROM_DUNNING": ("cancelled_from_dunning",),
    "CANCELLED": ("cancelled",),
    "EXPIRED": ("expired",),
    "TRIAL_EXPIRED": ("trial_expired",),
}
MORE_LICENCES = 10


@dataclass(slots=True, kw_only=True)
class SimulatedBilling:
    """The answers of one Billing organisation; `read` counts how often each subscription was read by its id."""

    book: SourceBook
    quirks: SourceQuirks
    org_id: str
    read: dict[str, int] = field(default_factory=dict)
    units_read: set[str] = field(default_factory=set)

    def scope(self, path: str) -> str:
        """Return the scope that a path needs. Raises SourceRefusal for a path that does not exist."""
        return self._route(path)[0]

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Row:
        """Return the body of a success. Raises SourceRefusal."""
        _, handler, ids = self._route(path)
        if path != "/organizations" and self.org_id not in (
            headers.get(ORGANIZATION_HEADER),
            query.get("organization_id"),
        ):
            raise refusal.unauthorized() if ORGANIZATION_HEADER in headers else refusal.wrong_value("organization_id")
        return {"code": 0, "message": "success"} | handler(query, *ids)

    def _route(self, path: str) -> tuple[str, Callable[..., Row], Sequence[str]]:
        handlers: Mapping[str, tuple[str, Callable[..., Row]]] = {
            "/organizations": ("settings", self._organizations),
            "/customers": ("customers", self._list_customers),
            r"/customers/([^/]+)": ("customers", self._read_customer),
            "/subscriptions": ("subscriptions", self._list_subscriptions),
            r"/subscriptions/([^/]+)": ("subscriptions", self._read_subscription),
            "/plans": ("plans", self._list_plans),
            "/addons": ("addons", self._list_addons),
        }
        for form, (scope, handler) in handlers.items():
            if match := re.fullmatch(form, path):
                return f"ZohoSubscriptions.{scope}.READ", handler, match.groups()
        raise refusal.no_such_url()

    def _organizations(self, _: Mapping[str, str]) -> Row:
        return {"organizations": [{"organization_id": self.org_id, "name": "Partner desk", "is_default_org": True}]}

    def _list_customers(self, query: Mapping[str, str]) -> Row:
        _check_filter(query, {f"Status.{each}" for each in CUSTOMER_FILTERS})
        chosen = [each for each in self.book.customers if self._is_asked_for(each, query)]
        page = page_of(
            chosen, query, self.quirks, self._customer_row, lambda number: self._customer_row(_made_up(number))
        )
        self._move(page, "customer_id")
        name = "contacts" if "list_called_contacts" in self.quirks else "customers"
        return self._page(name, page)

    def _is_asked_for(self, customer: BookedCustomer, query: Mapping[str, str]) -> bool:
        if "filters_ignored" in self.quirks:
            return True
        email, text = customer.email.lower(), query.get("search_text", "").lower()
        has_subscriptions = any(each.status in IN_FORCE for each in customer.subscriptions)
        wanted = {"Status.Active": has_subscriptions, "Status.Inactive": not has_subscriptions}
        return (
            email == query.get("email", email).lower()
            and query.get("email_contains", "").lower() in email
            and (text in email or text in customer.name.lower())
            and wanted.get(query.get("filter_by", ""), True)
        )

    def _customer_row(self, customer: BookedCustomer) -> Row:
        without_address = "addresses_missing" in self.quirks and self.book.is_first(customer)
        return {
            "customer_id": written_id(self.quirks, customer.customer_id),
            "display_name": customer.name,
            "company_name": customer.name,
            "email": "" if without_address else customer.email,
            "phone": 15550100410,
            "website": f"www.{customer.domain}",
            "currency_code": _fact(customer, "currency") or "USD",
            "outstanding": 0,
            "unused_credits": 0,
            "is_gapps_customer": False,
            "created_time": "2024-02-01T09:30:08-0700",
            "updated_time": "2026-10-02T11:20:08-0700",
        }

    def _read_customer(self, _: Mapping[str, str], customer_id: str) -> Row:
        customer = self._customer(customer_id)
        address = {"country": written_country(self.quirks, customer.country, customer.country_code), "zip": 68102}
        more = {"status": "active", "billing_address": address, "custom_fields": _custom_fields(customer.zoid)}
        return {"customer": self._customer_row(customer) | more}

    def _list_subscriptions(self, query: Mapping[str, str]) -> Row:
        _check_filter(query, {f"SubscriptionStatus.{each}" for each in ("All", *STATUS_FILTERS)})
        statuses = STATUS_FILTERS.get(query.get("filter_by", "").rpartition(".")[2])
        chosen = [each for each in self._subscriptions_of(query) if statuses is None or each.status in statuses]
        if "rows_contradict" in self.quirks:
            chosen = [each for each in chosen for _ in range(2)]
        page = page_of(chosen, query, self.quirks, self._subscription_row, self._made_up_subscription)
        return self._page("subscriptions", page)

    def _subscriptions_of(self, query: Mapping[str, str]) -> Sequence[BookedSubscription]:
        if "filters_ignored" in self.quirks:
            return self.book.subscriptions
        customer = self.book.customer(query.get("customer_id", ""))
        of_customer = customer.subscriptions if customer else ()
        listed = of_customer if "customer_id" in query else self.book.subscriptions
        return [each for each in listed if query.get("reference_contains", "") in each.zoid]

    def _made_up_subscription(self, number: int) -> Row:
        return self._subscription_row(_made_up(number).subscriptions[0])

    def _subscription_row(self, subscription: BookedSubscription) -> Row:
        """Return a row of a list: without plan code, quantity and add-ons."""
        customer = self.book.customer(subscription.customer_id)
        row = {
            "subscription_id": written_id(self.quirks, subscription.subscription_id),
            "customer_id": written_id(self.quirks, subscription.customer_id),
            "customer_name": customer.name if customer else "",
            "email": customer.email if customer else "",
            "name": f"{subscription.service}-{subscription.plan.name}",
            "plan_name": self._plan_name(subscription),
            "status": self._status(subscription),
            "amount": 100 if subscription.paid else 0,
            "reference_id": subscription.zoid,
            "created_at": subscription.facts.get("start_date", ""),
            "next_billing_at": subscription.facts.get("next_billing_date", ""),
            "expires_at": subscription.facts.get("expires_at", ""),
            "interval": 1,
            "interval_unit": "months" if subscription.facts.get("billing_frequency") == "monthly" else "years",
            "auto_collect": "false;",
            "currency_code": subscription.facts.get("currency", ""),
        }
        return without_absent(row)

    def _read_subscription(self, _: Mapping[str, str], subscription_id: str) -> Row:
        subscription = self.book.subscription(subscription_id)
        first = subscription is not None and self._is_first(subscription)
        if first and "details_are_gone" in self.quirks and subscription_id not in self.read:
            self.book.delete_subscription(subscription_id)
            subscription = None
        self.read[subscription_id] = self.read.get(subscription_id, 0) + 1
        if subscription is None:
            raise refusal.not_there("Subscription")
        if "rows_contradict" in self.quirks and self.read[subscription_id] % 2 == 0:
            subscription = replace(subscription, plan=_larger(subscription.plan))
        return {"subscription": self._whole_subscription(subscription, first=first)}

    def _is_first(self, subscription: BookedSubscription) -> bool:
        customer = self.book.customer(subscription.customer_id)
        return customer is not None and self.book.is_first(customer) and customer.subscriptions[0] is subscription

    def _whole_subscription(self, subscription: BookedSubscription, *, first: bool) -> Row:
        customer = self._customer(subscription.customer_id)
        address = {"country": written_country(self.quirks, customer.country, customer.country_code), "zip": 68102}
        price = 10 if subscription.paid else 0
        plan = self._part(subscription.plan, "plan_code", price, first=first)
        addons = [self._part(each, "addon_code", price) for each in self._addons(subscription)]
        row = self._subscription_row(subscription)
        row.pop("customer_id")
        return row | {
            "product_id": "90300000079065",
            "product_name": subscription.service,
            "plan": plan | {"trial_days": 0, "setup_fee": 0, "plan_description": ""},
            "addons": addons,
            "custom_fields": _custom_fields(subscription.zoid),
            "customer": {
                "customer_id": written_id(self.quirks, customer.customer_id),
                "display_name": customer.name,
                "email": customer.email,
                "billing_address": address,
            },
        }

    def _addons(self, subscription: BookedSubscription) -> Iterable[BookedPart]:
        for each in subscription.addons:
            yield each
            if "addons_repeat" in self.quirks:
                yield each
            if "addons_contradict" in self.quirks:
                yield _larger(each)

    def _part(self, part: BookedPart, code: str, price: int, *, first: bool = False) -> Row:
        """Return a plan or an add-on of a subscription. A plan without a quantity of its own is sold once."""
        name = ABSENT if code == "plan_code" and "plan_names_missing" in self.quirks else part.name
        quantity = self.quirks.number(1 if part.quantity is None else part.quantity, first=first)
        row = {code: part.code, "name": name, "quantity": quantity, "price": price, "discount": 0, "tax_id": ""}
        return without_absent(row)

    def _plan_name(self, subscription: BookedSubscription) -> Any:
        return ABSENT if "plan_names_missing" in self.quirks else subscription.plan.name

    def _status(self, subscription: BookedSubscription) -> str:
        of_filter = "statuses_of_filters" in self.quirks and subscription.status in IN_FORCE
        return "past_due" if of_filter else subscription.status

    def _list_plans(self, query: Mapping[str, str]) -> Row:
        return self._priced("plans", "plan_code", self._plans(), query)

    def _list_addons(self, query: Mapping[str, str]) -> Row:
        addons = {part.code: part for each in self.book.subscriptions for part in each.addons}
        if "codes_collide" in self.quirks:
            addons |= {each.code: replace(each, name=f"{each.name} credits", unit="credits") for each in self._plans()}
        return self._priced("addons", "addon_code", addons.values(), query)

    def _plans(self) -> Sequence[BookedPart]:
        return list({each.plan.code: each.plan for each in self.book.subscriptions}.values())

    def _priced(self, name: str, code: str, parts: Iterable[BookedPart], query: Mapping[str, str]) -> Row:
        priced = list(parts)
        if "units_lag" in self.quirks and name not in self.units_read:
            priced = priced[:-1]
        page = page_of(
            priced,
            query,
            self.quirks,
            lambda part: self._price(part, code),
            lambda number: {code: f"made-up-{number}", "unit": "users"},
        )
        if not page.more:
            self.units_read.add(name)
        return self._page(name, page)

    def _price(self, part: BookedPart, code: str) -> Row:
        unit = ABSENT if "units_missing" in self.quirks else part.unit
        scheme = "package" if "priced_by_package" in self.quirks else "unit"
        return without_absent({code: part.code, "name": part.name, "unit": unit, "pricing_scheme": scheme})

    def _customer(self, customer_id: str) -> BookedCustomer:
        customer = self.book.customer(customer_id)
        if customer is None:
            raise refusal.not_there("Customer")
        return customer

    def _move(self, page: AnswerPage, id_name: str) -> None:
        """Change the list of customers after a page of it, as the quirks say."""
        if page.rows and "rows_are_deleted" in self.quirks:
            self.book.delete_customer(str(page.rows[0][id_name]))
        if page.rows and "rows_are_added" in self.quirks:
            self.book.add_customer()

    def _page(self, name: str, page: AnswerPage) -> Row:
        more = self.quirks.says_more(page.more)
        context = without_absent({"page": page.number, "per_page": page.size, "has_more_page": more})
        with_context = {} if "page_context_missing" in self.quirks else {"page_context": context}
        return {name: list(page.rows)} | with_context


def _check_filter(query: Mapping[str, str], known: set[str]) -> None:
    if "filter_by" in query and query["filter_by"] not in known:
        raise refusal.wrong_value("filter_by")


def _custom_fields(zoid: str) -> list[Row]:
    return [{"index": 1, "label": "ZOID", "value": zoid, "data_type": "text"}] if zoid else []


def _larger(part: BookedPart) -> BookedPart:
    return replace(part, quantity=(part.quantity or 0) + MORE_LICENCES)


def _fact(customer: BookedCustomer, name: str) -> str:
    return next((each.facts.get(name, "") for each in customer.subscriptions), "")


def _made_up(number: int) -> BookedCustomer:
    """Return a customer that no book has, for lists that never end."""
    book = SourceBook()
    book.add_customer()
    [customer] = book.customers
    [subscription] = customer.subscriptions
    customer_id = f"9038{number:014d}"
    subscription = replace(subscription, subscription_id=f"9038{number:010d}", customer_id=customer_id)
    email = f"admin@made-up-{number}.example"
    return replace(customer, customer_id=customer_id, email=email, subscriptions=(subscription,))
