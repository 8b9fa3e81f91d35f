"""The customers of the simulated sources, read from an account file with one row for each subscription.

The columns are those of the sample. The file is read here a second time, by other code than the product's: a mistake in
one reading shows as a difference. The book is changed only by quirks of lists that move.
"""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from desk_sync.errors import InputError, Problem

NEEDED = ("super_admin_email", "subscription_id", "service_name", "plan_name", "plan_quantity", "plan_unit", "status")
"""The columns without which there is nothing to simulate."""
MAIL_SERVICES = ("zoho workplace", "workplace", "zoho mail", "mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedPart:
    """The plan of a subscription, or one of its add-ons. `quantity` is None for a plan that is sold without one."""

    code: str
    name: str
    quantity: int | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedSubscription:
    """One subscription. `facts` are the other columns of its row."""

    subscription_id: str
    customer_id: str
    service: str
    status: str
    paid: bool
    zoid: str
    plan: BookedPart
    addons: tuple[BookedPart, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_mail(self) -> bool:
        return self.service.lower() in MAIL_SERVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedCustomer:
    """One customer: a super admin's address with its subscriptions."""

    customer_id: str
    name: str
    email: str
    country: str
    country_code: str
    domain: str
    tagged: bool
    subscriptions: tuple[BookedSubscription, ...]

    @property
    def zoid(self) -> str:
        return next((each.zoid for each in self.subscriptions if each.zoid), "")


@dataclass(slots=True)
class SourceBook:
    """The customers in the order of the file. `added` and `deleted` are those that moving lists brought and took."""

    _customers: dict[str, BookedCustomer] = field(default_factory=dict)
    _subscriptions: dict[str, BookedSubscription] = field(default_factory=dict)
    _of_zoid: dict[str, list[BookedSubscription]] = field(default_factory=dict)
    added: list[BookedCustomer] = field(default_factory=list)
    deleted: list[BookedCustomer] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def load(self, file: Path) -> None:
        """Replace the customers by those of the file. Raises InputError if it is no account file."""
        self.fill(read_customers(file))
        self.added.clear()
        self.deleted.clear()

    def fill(self, customers: Iterable[BookedCustomer]) -> None:
        """Replace the customers by these, in this order."""
        self._customers = {each.customer_id: each for each in customers}
        self._subscriptions = {
            each.subscription_id: each for customer in self._customers.values() for each in customer.subscriptions
        }
        self._of_zoid = {}
        for each in self._subscriptions.values():
            self._of_zoid.setdefault(each.zoid, []).append(each)

    @property
    def customers(self) -> Sequence[BookedCustomer]:
        return list(self._customers.values())

    @property
    def subscriptions(self) -> Sequence[BookedSubscription]:
        return list(self._subscriptions.values())

    def customer(self, customer_id: str) -> BookedCustomer | None:
        return self._customers.get(customer_id)

    def subscription(self, subscription_id: str) -> BookedSubscription | None:
        return self._subscriptions.get(subscription_id)

    def subscriptions_of(self, zoid: str) -> Sequence[BookedSubscription]:
        return self._of_zoid.get(zoid, ())

    def is_first(self, customer: BookedCustomer) -> bool:
        """Return True for the first customer of the list."""
        return customer is next(iter(self._customers.values()), None)

    def add_customer(self) -> None:
        """Put a customer with one subscription of 60 users in front of all others."""
        number = next(self._numbers)
        domain = f"new-{number}.example"
        plan = BookedPart(code="crm-enterprise", name="CRM Enterprise", quantity=60, unit="users")
        facts = {"country_code": "DE", "currency": "EUR", "start_date": "2026-11-01"}
        subscription = BookedSubscription(
            subscription_id=f"9039{number:010d}",
            customer_id=f"9039{number:014d}",
            service="Zoho CRM",
            status="live",
            paid=True,
            zoid=f"2009{number:07d}",
            plan=plan,
            facts=facts,
        )
        customer = BookedCustomer(
            customer_id=subscription.customer_id,
            name=f"New {number}",
            email=f"admin@{domain}",
            country="Germany",
            country_code="DE",
            domain=domain,
            tagged=True,
            subscriptions=(subscription,),
        )
        self.fill([customer, *self.customers])
        self.added.append(customer)

    def delete_customer(self, customer_id: str) -> None:
        """Take a customer away, with its subscriptions."""
        if gone := self._customers.get(customer_id):
            self.fill(each for each in self.customers if each is not gone)
            self.deleted.append(gone)

    def delete_subscription(self, subscription_id: str) -> None:
        """Take a subscription away; its customer stays."""
        customer = self._customers[self._subscriptions[subscription_id].customer_id]
        left = tuple(each for each in customer.subscriptions if each.subscription_id != subscription_id)
        self.fill(replace(each, subscriptions=left) if each is customer else each for each in self.customers)


def read_customers(file: Path) -> Iterable[BookedCustomer]:
    """Return the customers of an account file. Raises InputError if a column is missing, or the file is."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(file), [Problem(message=f"cannot be read: {error}")]) from None
    head = text.partition("\n")[0]
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ","))
    missing = [name for name in NEEDED if name not in (rows[0] if rows else head.split(","))]
    if missing:
        raise InputError(str(file), [Problem(message=f"has no column {', '.join(missing)}")])
    by_address: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        by_address.setdefault(row["super_admin_email"].strip().lower(), []).append(row)
    return [_customer(own) for own in by_address.values()]


def _customer(rows: Sequence[Mapping[str, str]]) -> BookedCustomer:
    first = rows[0]
    customer_id = f"903{zlib.crc32(first['super_admin_email'].strip().lower().encode()):015d}"
    each_once = {row["subscription_id"]: _subscription(row, customer_id) for row in rows}
    return BookedCustomer(
        customer_id=customer_id,
        name=_cell(first, "company_name") or first["super_admin_email"],
        email=first["super_admin_email"].strip(),
        country=_cell(first, "country"),
        country_code=_cell(first, "country_code"),
        domain=_cell(first, "customer_domain") or first["super_admin_email"].rpartition("@")[2],
        tagged=_cell(first, "partner_tag_status") in ("", "tagged"),
        subscriptions=tuple(each_once.values()),
    )


def _subscription(row: Mapping[str, str], customer_id: str) -> BookedSubscription:
    plan = BookedPart(
        code=_cell(row, "plan_code"),
        name=_cell(row, "plan_name"),
        quantity=_number(row["plan_quantity"]),
        unit=_cell(row, "plan_unit"),
    )
    return BookedSubscription(
        subscription_id=row["subscription_id"].strip(),
        customer_id=customer_id,
        service=_cell(row, "service_name"),
        status=_cell(row, "status"),
        paid=_cell(row, "is_paid").lower() != "false",
        zoid=_cell(row, "zoid"),
        plan=plan,
        addons=tuple(map(_addon, json.loads(_cell(row, "addons") or "[]"))),
        facts={name: (value or "").strip() for name, value in row.items() if name},
    )


def _addon(addon: Mapping[str, Any]) -> BookedPart:
    quantity = addon.get("quantity")
    return BookedPart(
        code=str(addon.get("code") or ""),
        name=str(addon.get("name") or ""),
        quantity=None if quantity is None else _number(str(quantity)),
        unit=str(addon.get("unit") or ""),
    )


def _number(written: str) -> int | None:
    """Return a whole number that may have separators of thousands; None for an empty cell."""
    digits = "".join(each for each in written if each.isdigit())
    return int(digits) if digits else None


def _cell(row: Mapping[str, str], name: str) -> str:
    return (row.get(name) or "").strip()
