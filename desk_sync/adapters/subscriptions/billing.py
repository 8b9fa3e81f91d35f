"""Zoho Billing: customers, their subscriptions, and the licence items of each subscription.

The filters `email=` and `customer_id=` are undocumented, so every returned row is compared with the query: a row of
another customer is dropped, or the pull is refused.
Lists contain no quantities; each subscription that can count is read separately (one more call).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from desk_sync.adapters.subscriptions.lenient import Raw, country, quantity, rows, section, text
from desk_sync.adapters.subscriptions.paging import resumed
from desk_sync.adapters.subscriptions.zoho_api import LOOKUP_TIMEOUT, ZohoApi
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.errors import PermanentError
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts, SourcePage, UnitStore

PAGE = 200
CUSTOMERS_AT_ONCE = 25
"""Customers on a page of a pull: each costs several calls, and an unfinished page is read again."""
ORGANISATION_HEADER = "X-com-zoho-subscriptions-organizationid"
# The items of these subscriptions are not read: they do not count.
_ENDED = frozenset({"cancelled", "expired", "trial_expired", "creation_failed", "cancelled_from_dunning"})


class BillingSource:
    """A Billing organisation as a source. Each customer is one account."""

    kinds = frozenset({IdentifierKind.EMAIL})

    def __init__(self, api: ZohoApi, *, units: UnitStore, data_center: str = "") -> None:
        self._api = api
        self._units = units
        self._data_centers = (data_center.upper(),) if data_center else ()

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        return PulledAccounts(accounts=resumed(checkpoints, self._page))

    def ask(self, identifier: Identifier) -> Sequence[Account]:
        bounded = copy(self)
        bounded._api = self._api.within(LOOKUP_TIMEOUT)
        return [bounded._account(row) for row in bounded._customers_of(identifier.value)]

    def _page(self, after: str) -> SourcePage:
        """Return the customers of a page; `after` is the number of the page before."""
        number = int(after or 0) + 1
        body = self._get("/customers", filter_by="Status.All", page=number, per_page=CUSTOMERS_AT_ONCE)
        # A customer without a valid address can never be found.
        accounts = [self._account(row) for row in _list(body, "customers") if _address(row)]
        return SourcePage(accounts=accounts, after=str(number) if _more(body, "/customers") else None)

    def _customers_of(self, address: str) -> Sequence[Raw]:
        """Return the customers with exactly this address; Billing can return others."""
        body = self._get("/customers", email=address, page=1, per_page=PAGE)
        return [row for row in _list(body, "customers") if _address(row) == address]

    def _account(self, customer: Raw) -> Account:
        customer_id = text(customer, "customer_id")
        address = _address(customer) or ""
        host = address.rpartition("@")[2]
        subscriptions = list(self._subscriptions(customer_id))
        addresses = [section(section(each, "customer"), "billing_address") for each in subscriptions]
        return Account(
            account_id=customer_id,
            super_admin_email=address,
            items=tuple(item for each in subscriptions for item in self._items(each)),
            countries=_distinct(code for each in addresses for code in country(text(each, "country"))),
            data_centers=self._data_centers,
            domain=None if identifiers.is_public_mail(host) else host,
            zoids=_distinct(zoid for each in subscriptions for zoid in _zoids(each)),
        )

    def _subscriptions(self, customer_id: str) -> Iterator[Raw]:
        """Yield the customer's subscriptions; those that can count, with their items."""
        query = {"customer_id": customer_id, "filter_by": "SubscriptionStatus.All"}
        for row in self._listed("/subscriptions", "subscriptions", **query):
            _check_owner(row, customer_id)
            if text(row, "status").lower() in _ENDED:
                yield row
            else:
                yield self._subscription(text(row, "subscription_id"), customer_id)

    def _subscription(self, subscription_id: str, customer_id: str) -> Raw:
        body = self._get(f"/subscriptions/{subscription_id}")
        subscription = section(body, "subscription")
        if text(subscription, "subscription_id") != subscription_id:
            raise PermanentError(f"Billing returned another subscription instead of {subscription_id}")
        _check_owner(section(subscription, "customer"), customer_id)
        return subscription

    def _items(self, subscription: Raw) -> Iterator[LicenceItem]:
        plan = section(subscription, "plan")
        name = text(plan, "name") or text(subscription, "plan_name")
        code = text(plan, "plan_code")
        facts: dict[str, Any] = {
            "subscription_id": text(subscription, "subscription_id"),
            "service": text(subscription, "product_name") or text(subscription, "name") or "unnamed service",
            "status": text(subscription, "status"),
            "edition": f"{name} {code}".strip(),
        }
        yield self._item(plan, name=name or "unnamed plan", code=code, **facts)
        for addon in rows(subscription.get("addons") or []):
            yield self._item(addon, name=text(addon, "name"), code=text(addon, "addon_code"), **facts)

    def _item(self, part: Raw, *, name: str, code: str, **facts: Any) -> LicenceItem:
        number = quantity(part, "quantity")
        unit = (self._unit(code) or _stated_unit(part)) if number else ""
        return LicenceItem(name=name, code=code, quantity=number, unit=unit, **facts)

    def _unit(self, code: str) -> str:
        """Return the unit of a plan or add-on; the lists of both are read once a day."""
        units = self._units.read()
        if units is None:
            units = dict(self._read_units())
            self._units.save(units)
        return units.get(code, "")

    def _read_units(self) -> Iterator[tuple[str, str]]:
        for kind in ("plan", "addon"):
            for row in self._listed(f"/{kind}s", f"{kind}s"):
                yield text(row, f"{kind}_code"), _unit_of(row)

    def _listed(self, path: str, key: str, **query: str) -> Iterator[Raw]:
        """Yield every row of a list, page by page. Raises PermanentError if a page has not the documented form."""
        page, more = 1, True
        while more:
            body = self._get(path, **query, page=page, per_page=PAGE)
            yield from _list(body, key)
            page, more = page + 1, _more(body, path)

    def _get(self, path: str, **query: str | int) -> Mapping[str, Any]:
        """Return the body of a success. A `code` other than 0 is an error, even with status 200: PermanentError."""
        body = self._api.get(f"/billing/v1{path}", **query).body
        if not isinstance(body, dict) or str(body.get("code")) != "0":
            raise PermanentError(f"Billing refused {path}")
        return body


def _more(body: Raw, path: str) -> bool:
    context = body.get("page_context")
    if not isinstance(context, dict):
        raise PermanentError(f"Billing sent no page_context.has_more_page for {path}")
    return context.get("has_more_page") is True


def _list(body: Raw, key: str) -> Sequence[Raw]:
    """Return the rows of a list. The reference calls the list of customers `contacts` on one of its pages."""
    names = (key, "contacts") if key == "customers" else (key,)
    return list(rows(next((body[name] for name in names if name in body), None)))


def _address(customer: Raw) -> str | None:
    return identifiers.email(text(customer, "email"))


def _check_owner(row: Raw, customer_id: str) -> None:
    if text(row, "customer_id") != customer_id:
        raise PermanentError(f"Billing returned another customer's subscription for customer {customer_id}")


def _zoids(subscription: Raw) -> Iterator[str]:
    """Yield the values of a custom field ZOID. Reference numbers are not read: they can be any number."""
    for each in rows(subscription.get("custom_fields") or []):
        if text(each, "label").casefold() == "zoid" and (zoid := identifiers.number(text(each, "value"))):
            yield zoid


def _unit_of(row: Raw) -> str:
    """Return the unit of a row. For package pricing it is not known if the quantity counts packages or units."""
    if text(row, "pricing_scheme") == "package":
        return "priced by the package"
    return text(row, "unit") or text(row, "unit_name")


def _stated_unit(part: Raw) -> str:
    fields = rows(part.get("item_custom_fields") or [])
    return next((text(each, "value") for each in fields if text(each, "label").casefold() == "licence unit"), "")


def _distinct(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
