"""The simulated Mail partner API: child organisations, each with super admin, domains and Mail licences; no list.

An organisation is there if a subscription of its ZOID is one of Mail or Workplace and in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from desk_sync.simulated_sources import refusal
from desk_sync.simulated_sources.billing import IN_FORCE
from desk_sync.simulated_sources.book import BookedCustomer, BookedSubscription, SourceBook
from desk_sync.simulated_sources.quirks import Row, SourceQuirks, without_absent

BASE = "/api/organization"
_OF_FIRST = {"addresses_missing", "one_quantity_unreadable"}
_OWN = re.compile(r"/([0-9]+)(/storage)?")


@dataclass(slots=True, kw_only=True)
class SimulatedMail:
    """The answers of Mail to one partner."""

    book: SourceBook
    quirks: SourceQuirks

    def scope(self, path: str) -> str:
        """Return the scope that a path needs. Raises SourceRefusal for a path that does not exist."""
        if path and not _OWN.fullmatch(path):
            raise refusal.no_such_url()
        return f"ZohoMail.{'organization.subscriptions' if path.endswith('/storage') else 'partner.organization'}.READ"

    def answer(self, path: str, query: Mapping[str, str]) -> Row:
        """Return the body of a success. Raises SourceRefusal."""
        match = _OWN.fullmatch(path)
        data = self._search(query) if match is None else self._read(match[1], storage=bool(match[2]))
        return {"status": {"code": 200, "description": "success"}, "data": data}

    def _search(self, query: Mapping[str, str]) -> Any:
        if query.get("mode") != "getCustomerOrgDetails" or not query.get("searchKey"):
            raise refusal.wrong_value("mode")
        domain = query["searchKey"].lower()
        found = [
            self._organization(customer, each)
            for customer, each in self._organizations()
            if domain == customer.domain.lower() or "filters_ignored" in self.quirks
        ]
        return found[0] if "search_gives_an_object" in self.quirks and found else found

    def _read(self, zoid: str, *, storage: bool) -> Row:
        subscription = next(filter(self._is_mail, reversed(self.book.subscriptions_of(zoid))), None)
        customer = self.book.customer(subscription.customer_id) if subscription else None
        if subscription is None or customer is None:
            raise refusal.not_there("Organization")
        if storage:
            total = self.quirks.number(_licences(subscription))
            plan = {"planType": subscription.plan.name, "totalCount": total, "allotedCount": 0}
            return {"zoid": zoid, "orgPlans": [without_absent(plan)]}
        return self._organization(customer, subscription)

    def _organizations(self) -> Iterator[tuple[BookedCustomer, BookedSubscription]]:
        """Yield each organisation once, with its super admin."""
        mails = {
            each.zoid: (customer, each)
            for customer in self.book.customers
            for each in customer.subscriptions
            if self._is_mail(each)
        }
        yield from mails.values()

    def _is_mail(self, subscription: BookedSubscription) -> bool:
        in_force = subscription.status in (*IN_FORCE, "trial") and "lists_are_empty" not in self.quirks
        return bool(subscription.zoid) and subscription.is_mail and in_force

    def _organization(self, customer: BookedCustomer, subscription: BookedSubscription) -> Row:
        zoid = subscription.zoid
        first = not _OF_FIRST.isdisjoint(self.quirks.names) and subscription is next(self._organizations())[1]
        without_address = first and "addresses_missing" in self.quirks
        licences = _licences(subscription)
        plan = without_absent({"licenseCount": self.quirks.number(licences, first=first), "usersCount": licences - 1})
        kind = "trial" if subscription.status == "trial" else "paid" if subscription.paid else "free"
        named = {} if "plan_names_missing" in self.quirks else {"basePlan": subscription.plan.name}
        return (
            plan
            | named
            | {
                "zoid": int(zoid),
                "zaid": str(int(zoid) + 1),
                "orgName": customer.domain.partition(".")[0],
                "primaryDomainName": customer.domain,
                "domains": [customer.domain],
                "superAdmin": None if without_address else customer.email,
                "planType": kind,
                "encryptedZoid": "0" * 64,
                "isMailHostingEnabled": True,
            }
        )


def _licences(subscription: BookedSubscription) -> int:
    """Return the users of the plan, or of the add-ons of a plan that is sold without a quantity."""
    of_users = sum(each.quantity or 0 for each in subscription.addons if each.name.endswith("User"))
    return of_users if subscription.plan.quantity is None else subscription.plan.quantity
