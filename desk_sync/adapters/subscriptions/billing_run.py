"""A pull of Zoho Billing: the lists of all customers and of all subscriptions, then the record of each that can count.

The lists are read by pages, not customer by customer, and both are kept in the run, so that they are read once. The
records are read by their ids: nothing that moves in a list can lose one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from desk_sync.adapters.subscriptions.billing_reader import (
    BillingReader,
    SubscriptionPiece,
    ended_item,
    flawed,
    has_ended,
    same_row,
    zoids_of,
)
from desk_sync.adapters.subscriptions.lenient import Raw, text
from desk_sync.adapters.subscriptions.paging import ListPlace, PagePart, check_page, resumed
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import Absent, PermanentError
from desk_sync.ports.subscriptions import CheckpointStore, SourcePage, SourceProblem

RECORDS_AT_ONCE = 10
"""Subscriptions on a page of a run: an unfinished page is read again."""
_CUSTOMERS, _SUBSCRIPTIONS, _RECORDS = "customers", "subscriptions", "records"
_LISTS: Mapping[str, tuple[str, str]] = {
    _CUSTOMERS: ("customer_id", "Status.All"),
    _SUBSCRIPTIONS: ("subscription_id", "SubscriptionStatus.All"),
}
_START = f"{_CUSTOMERS} {ListPlace()}"


@dataclass(slots=True)
class BillingRun:
    """One reading of a Billing organisation, which can be interrupted after each page."""

    reader: BillingReader
    checkpoints: CheckpointStore
    problems: list[SourceProblem] = field(default_factory=list)
    customers: dict[str, Raw] = field(default_factory=dict)
    subscriptions: dict[str, Raw] = field(default_factory=dict)
    pieces: dict[str, list[Account]] = field(default_factory=dict)
    part: PagePart = field(default_factory=PagePart)

    def accounts(self) -> Iterator[Account]:
        """Yield every customer once, when all is read."""
        for page in resumed(self.checkpoints, self._read):
            for row in page.rows:
                self._take(row)
            for piece in page.accounts:
                self.pieces.setdefault(piece.account_id, []).append(piece)
            self.problems += page.problems
        for row in self.subscriptions.values():
            if has_ended(row):
                piece = Account(account_id=row["customer_id"], super_admin_email="", items=(ended_item(row),))
                self.pieces.setdefault(piece.account_id, []).append(piece)
        yield from self._whole()

    def _whole(self) -> Iterator[Account]:
        """Yield the accounts; a customer with neither an address nor a ZOID can never be found, and is left out."""
        for customer_id, customer in self.customers.items():
            pieces = self.pieces.get(customer_id, [])
            account = whole_account(customer_id, customer["email"], customer["zoids"], pieces)
            if account.super_admin_email or account.zoids:
                yield account
            else:
                message = f"customer {customer_id} has neither a valid address nor a ZOID"
                self.problems.append(SourceProblem(account="", subscription="", field="email", message=message))

    def _read(self, after: str) -> SourcePage:
        kind, _, mark = (after or _START).partition(" ")
        return self._read_records(mark) if kind == _RECORDS else self._read_list(kind, ListPlace.parse(mark))

    def _read_list(self, kind: str, place: ListPlace) -> SourcePage:
        row_id, everything = _LISTS[kind]
        page = self.reader.page(f"/{kind}", kind, place.page, filter_by=everything)
        known = self.customers if kind == _CUSTOMERS else self.subscriptions
        new = {text(row, row_id) for row in page.rows} - known.keys()
        if place.number == 1:
            check_page(page, place.page, new=len(new), what=f"/{kind}")
        next_place = place.next(more=page.more, found=len(new))
        following = {_CUSTOMERS: f"{_SUBSCRIPTIONS} {ListPlace()}", _SUBSCRIPTIONS: f"{_RECORDS} "}[kind]
        kept: list[Mapping[str, Any]] = []
        problems: list[SourceProblem] = []
        keep = self._customer_row if kind == _CUSTOMERS else self._subscription_row
        for row in page.rows:
            keep(row, kept, problems)
        return SourcePage(rows=kept, problems=problems, after=f"{kind} {next_place}" if next_place else following)

    def _customer_row(self, row: Raw, kept: list[Mapping[str, Any]], problems: list[SourceProblem]) -> None:
        if text(row, "customer_id"):
            kept.append(customer_row(row))
            return
        problem = SourceProblem(account="", subscription="", field="customer_id", message="a customer without an id")
        problems.append(problem)

    def _subscription_row(self, row: Raw, kept: list[Mapping[str, Any]], problems: list[SourceProblem]) -> None:
        """Keep a row. One without its customer could belong to any account: PermanentError."""
        if not text(row, "customer_id"):
            raise PermanentError(f"subscription {text(row, 'subscription_id') or 'without an id'} has no customer_id")
        words = ("subscription_id", "customer_id", "status", "plan_name", "product_name", "name")
        kept.append({"kind": _SUBSCRIPTIONS} | {word: text(row, word) for word in words})

    def _take(self, row: Raw) -> None:
        """Add a row to what is known. A row that comes twice is one row; if it differs, that is noted."""
        if row["kind"] == _CUSTOMERS:
            known = self.customers.setdefault(row["customer_id"], row)
            if known != row:
                self._doubt(row["customer_id"], "", "email", "the customer is listed twice, with different data")
            return
        number = row["subscription_id"]
        known = self.subscriptions.setdefault(number or f"{len(self.subscriptions)} without an id", row)
        if known["customer_id"] != row["customer_id"]:
            for customer_id in (known["customer_id"], row["customer_id"]):
                self._doubt(customer_id, number, "customer_id", "the subscription is listed for two customers")
        elif number:
            self.subscriptions[number] = same_row(known, row)

    def _doubt(self, customer_id: str, subscription_id: str, where: str, message: str) -> None:
        found = flawed(customer_id, subscription_id, where, message)
        self.pieces.setdefault(customer_id, []).append(found.account)
        self.problems += found.problems

    def _read_records(self, last: str) -> SourcePage:
        """Return the next records, in the order of their keys, after the one named `last`."""
        self.part.check()
        waiting = sorted(key for key, row in self.subscriptions.items() if key > last and not has_ended(row))
        self.checkpoints.expect(customers=len(self.customers), calls=len(waiting))
        owners: list[Mapping[str, Any]] = []
        problems: list[SourceProblem] = []
        group, found = self.part.read(
            waiting[:RECORDS_AT_ONCE], lambda key: self._owned_record(self.subscriptions[key], owners, problems)
        )
        problems += (problem for piece in found for problem in piece.problems)
        after = f"{_RECORDS} {group[-1]}" if len(waiting) > len(group) else None
        return SourcePage(accounts=[piece.account for piece in found], rows=owners, problems=problems, after=after)

    def _owned_record(
        self, row: Raw, owners: list[Mapping[str, Any]], problems: list[SourceProblem]
    ) -> Sequence[SubscriptionPiece]:
        """Return the subscription; one whose customer does not exist is left out, and noted."""
        customer_id = row["customer_id"]
        if customer_id in self.customers or self._find_owner(customer_id, owners):
            return self._record(row, customer_id)
        message = f"its customer {customer_id} does not exist"
        problems.append(
            SourceProblem(account="", subscription=row["subscription_id"], field="customer_id", message=message)
        )
        return ()

    def _find_owner(self, customer_id: str, owners: list[Mapping[str, Any]]) -> bool:
        """Return True if a customer that was in no list exists, and add it to `owners`: it is new, or was skipped."""
        if any(row["customer_id"] == customer_id for row in owners):
            return True
        try:
            customer = self.reader.customer(customer_id)
        except Absent:
            return False
        if text(customer, "customer_id") != customer_id:
            raise PermanentError(f"Billing returned another customer instead of {customer_id}")
        owners.append(customer_row(customer))
        return True

    def _record(self, row: Raw, customer_id: str) -> Sequence[SubscriptionPiece]:
        """Return the subscription; if it is gone, what its customer has instead, which no list had."""
        try:
            return (self.reader.piece(row, customer_id),)
        except Absent:
            pieces = self.reader.subscriptions_of(customer_id)
            listed = self.subscriptions.keys() - {row["subscription_id"]}
            return [piece for piece in pieces if not any(each in listed for each in _ids(piece))]


def whole_account(customer_id: str, address: str, zoids: Sequence[str], pieces: Sequence[Account]) -> Account:
    """Return the customer's account from what its subscriptions add to it."""
    host = address.rpartition("@")[2]
    return Account(
        account_id=customer_id,
        super_admin_email=address,
        items=tuple(item for each in pieces for item in each.items),
        contested=tuple(subscription for each in pieces for subscription in each.contested),
        countries=tuple(dict.fromkeys(code for each in pieces for code in each.countries)),
        domain=host if host and not identifiers.is_public_mail(host) else None,
        zoids=tuple(dict.fromkeys((*zoids, *(zoid for each in pieces for zoid in each.zoids)))),
    )


def customer_row(row: Raw) -> Mapping[str, Any]:
    """Return what is kept of a customer until all is read."""
    zoids = list(dict.fromkeys(zoids_of(row)))
    return {"kind": _CUSTOMERS, "customer_id": customer_id_of(row), "email": address_of(row) or "", "zoids": zoids}


def address_of(customer: Raw) -> str | None:
    return identifiers.email(text(customer, "email"))


def customer_id_of(customer: Raw) -> str:
    return text(customer, "customer_id")


def _ids(piece: SubscriptionPiece) -> set[str]:
    items = [*piece.account.items, *(item for each in piece.account.contested for item in each.readings[0])]
    return {item.subscription_id for item in items}
