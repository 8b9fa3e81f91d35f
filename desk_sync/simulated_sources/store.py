"""The simulated Partner Store: a plain list of the subscriptions of customers that are tagged to the partner.

Licences are add-ons: one that is called "User" for a plan that is sold by users. A response header says if there are
more pages. A plan without a name is a free one, and the store calls everything in force active.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from desk_sync.simulated_sources import refusal
from desk_sync.simulated_sources.billing import IN_FORCE, MORE_LICENCES
from desk_sync.simulated_sources.book import BookedCustomer, BookedPart, BookedSubscription, SourceBook
from desk_sync.simulated_sources.pages import page_of, written_country, written_id
from desk_sync.simulated_sources.quirks import ABSENT, Row, SourceQuirks, without_absent

BASE = "/api/v1/partner"
MORE_HEADER = "X-Has-More-Page"
SCOPES = {f"/{each}": f"ZohoPayments.{each}.READ" for each in ("subscriptions", "transactions", "leads")}
_TAKES = ("trial",)
_ADDONS = dict.fromkeys(("users", "employees", "agents"), "User")


@dataclass(slots=True, kw_only=True)
class SimulatedStore:
    """The answers of the store to one partner."""

    book: SourceBook
    quirks: SourceQuirks

    def scope(self, path: str) -> str:
        """Return the scope that a path needs. Raises SourceRefusal for a path that does not exist."""
        if path.startswith("/subscriptions/"):
            raise refusal.wrong_value("status")
        if path not in SCOPES:
            raise refusal.no_such_url()
        return SCOPES[path]

    def answer(self, path: str, query: Mapping[str, str]) -> tuple[list[Row], Mapping[str, str]]:
        """Return the rows of a page, and the headers that describe it. Raises SourceRefusal."""
        listed = list(self._listed()) if path == "/subscriptions" else []
        page = page_of(listed, query, self.quirks, lambda each: self._row(*each), self._made_up)
        if path == "/subscriptions" and page.rows:
            self._move(str(page.rows[0]["email_id"]))
        more = self.quirks.says_more(page.more)
        silent = more is ABSENT or "page_context_missing" in self.quirks
        said = str(more).lower() if isinstance(more, bool) else "null" if more is None else str(more)
        return list(page.rows), {} if silent else {MORE_HEADER: said}

    def _listed(self) -> Iterator[tuple[BookedCustomer, BookedSubscription]]:
        """Yield each subscription with its customer, in the order of the customers."""
        for customer in (each for each in self.book.customers if each.tagged):
            for subscription in customer.subscriptions:
                yield customer, subscription
                if "rows_contradict" in self.quirks:
                    yield customer, _larger(subscription)

    def _row(self, customer: BookedCustomer, subscription: BookedSubscription) -> Row:
        of_first = self.book.is_first(customer)
        first = of_first and subscription is customer.subscriptions[0]
        subscription_id = written_id(self.quirks, subscription.subscription_id)
        trial, free = subscription.status == "trial", not subscription.paid and subscription.status not in _TAKES
        name = f"{subscription.plan.name.removesuffix(' Trial')} Trial" if trial else subscription.plan.name
        country = written_country(self.quirks, customer.country, customer.country_code)
        without_address = "addresses_missing" in self.quirks and of_first
        facts = subscription.facts
        row = {
            "id": subscription_id,
            "subscription_id": subscription_id,
            "subscription_type": "partner_price",
            "pricing_type": "partner_price",
            "subscription_start_date": facts.get("start_date", ""),
            "status": self._status(subscription),
            "email_id": "" if without_address else customer.email,
            "customer_company_name": customer.name,
            "customer_address": {"country": country},
            "billing_frequency": facts.get("billing_frequency", ""),
            "next_recurring_amount": "1000.00" if subscription.paid else "0",
            "next_recurring_date": facts.get("next_billing_date", ""),
            "org_id": written_id(self.quirks, subscription.zoid),
            "plan_id": None if free else facts.get("plan_code") or "0",
            "plan_name": None if free else ABSENT if "plan_names_missing" in self.quirks else name,
            "profile_id": customer.customer_id,
            "service_id": facts.get("service_id") or "0",
            "service_name": subscription.service.removeprefix("Zoho "),
            "addons": list(self._addons(subscription, first=first)),
        }
        return without_absent(row)

    def _addons(self, subscription: BookedSubscription, *, first: bool) -> Iterator[Row]:
        plan = subscription.plan
        of_plan = [] if plan.quantity is None or plan.unit == "plan" else [replace(plan, name=_addon_name(plan))]
        for part in (*of_plan, *subscription.addons):
            yield self._addon(part, first=first)
            if "addons_repeat" in self.quirks:
                yield self._addon(part, first=first)
            if "addons_contradict" in self.quirks:
                yield self._addon(replace(part, quantity=(part.quantity or 0) + MORE_LICENCES), first=first)

    def _addon(self, part: BookedPart, *, first: bool) -> Row:
        value: Any = self.quirks.number(part.quantity, first=first)
        return without_absent({"addon_name": part.name, "value": value})

    def _status(self, subscription: BookedSubscription) -> str:
        if subscription.status not in (*IN_FORCE, *_TAKES):
            return "inactive"
        return "on_hold" if "statuses_of_filters" in self.quirks else "active"

    def _made_up(self, number: int) -> Row:
        other = SourceBook()
        other.add_customer()
        [customer] = other.customers
        [subscription] = customer.subscriptions
        subscription = replace(subscription, subscription_id=f"7038{number:010d}")
        return self._row(replace(customer, email=f"admin@made-up-{number}.example"), subscription)

    def _move(self, email: str) -> None:
        """Change the list after a page of it, as the quirks say."""
        if "rows_are_deleted" in self.quirks:
            for each in [each for each in self.book.customers if each.email == email]:
                self.book.delete_customer(each.customer_id)
        if "rows_are_added" in self.quirks:
            self.book.add_customer()


def _addon_name(plan: BookedPart) -> str:
    """Return the name of the add-on that holds the quantity of a plan."""
    return _ADDONS.get(plan.unit, plan.unit.replace("_", " ").capitalize())


def _larger(subscription: BookedSubscription) -> BookedSubscription:
    plan = subscription.plan
    return replace(subscription, plan=replace(plan, quantity=(plan.quantity or 0) + MORE_LICENCES))
