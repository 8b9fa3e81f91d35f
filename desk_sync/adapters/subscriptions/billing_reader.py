"""What one reading of Zoho Billing asks: lists page by page, single records, and the units of plans and add-ons.

Lists contain no quantities; each subscription that can count is read separately. A record that cannot be read costs its
account, not the source: what stands for it may be any number of licences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desk_sync.adapters.subscriptions.item_lines import (
    NOT_STATED,
    ItemLine,
    each_once,
    is_free,
    stated_number,
    unreadable,
)
from desk_sync.adapters.subscriptions.lenient import Raw, country, rows, section, text, truth
from desk_sync.adapters.subscriptions.paging import ListPage, check_page
from desk_sync.adapters.subscriptions.zoho_answer import RecordFault, own_words
from desk_sync.adapters.subscriptions.zoho_api import ZohoApi
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.errors import Absent, NotPermitted, PermanentError
from desk_sync.ports.subscriptions import SourceProblem, UnitStore

PAGE = 200
DIFFERENT_UNITS = "units that differ"
# The items of these subscriptions are not read: they do not count.
_ENDED = frozenset({"cancelled", "expired", "trial_expired", "creation_failed", "cancelled_from_dunning"})


@dataclass(frozen=True, slots=True)
class SubscriptionPiece:
    """What one subscription adds to its account, and the problems that were found in it."""

    account: Account
    problems: tuple[SourceProblem, ...] = ()


@dataclass(slots=True)
class BillingReader:
    """One reading of a Billing organisation."""

    api: ZohoApi
    units: UnitStore
    known: Mapping[str, str] | None = None
    renewed: bool = False

    def page(self, path: str, key: str, number: int, **query: str) -> ListPage:
        """Return a page of a list. Raises PermanentError if the answer does not say if there are more."""
        body = self._get(path, **query, page=number, per_page=PAGE)
        context = body.get("page_context")
        if not isinstance(context, dict):
            raise PermanentError(f"page {number} of {path}: no page_context")
        try:
            return ListPage(_list(body, key), truth(context, "has_more_page"))
        except ValueError as error:
            raise PermanentError(f"page {number} of {path}: {error}") from None

    def listed(self, path: str, key: str, row_id: str, **query: str) -> Iterator[Raw]:
        """Yield every row of a list once, page by page. Raises PermanentError for a list that repeats or has no end."""
        seen: set[str] = set()
        number, more = 1, True
        while more:
            page = self.page(path, key, number, **query)
            new = {text(row, row_id): row for row in page.rows if text(row, row_id) not in seen}
            check_page(page, number, new=len(new), what=path)
            yield from (row for row in page.rows if text(row, row_id) in new)
            seen.update(new)
            number, more = number + 1, page.more

    def customer(self, customer_id: str) -> Raw:
        """Return the customer. Raises Absent."""
        return section(self._get(f"/customers/{customer_id}"), "customer")

    def subscriptions_of(self, customer_id: str) -> Iterator[SubscriptionPiece]:
        """Yield the customer's subscriptions. One that is gone when it is read was deleted just now: look again."""
        pieces: dict[str, SubscriptionPiece] = {}
        gone: set[str] = set()
        for last in (False, True):
            for subscription_id, row in self._rows_of(customer_id).items():
                if subscription_id in pieces:
                    continue
                try:
                    pieces[subscription_id] = self.piece(row, customer_id)
                except Absent as error:
                    if last and subscription_id in gone:
                        pieces[subscription_id] = flawed(customer_id, subscription_id, "subscription_id", str(error))
                    gone.add(subscription_id)
            if not gone:
                break
        yield from pieces.values()

    def _rows_of(self, customer_id: str) -> Mapping[str, Raw]:
        """Return the rows of the customer's subscriptions by their ids."""
        found: dict[str, Raw] = {}
        query = {"customer_id": customer_id, "filter_by": "SubscriptionStatus.All"}
        for row in self.listed("/subscriptions", "subscriptions", "subscription_id", **query):
            if text(row, "customer_id") != customer_id:
                raise PermanentError(f"Billing returned another customer's subscription for customer {customer_id}")
            known = found.setdefault(text(row, "subscription_id"), row)
            found[text(row, "subscription_id")] = same_row(known, row)
        return found

    def piece(self, row: Raw, customer_id: str) -> SubscriptionPiece:
        """Return what the subscription of a list's row is. Raises Absent if it is gone."""
        subscription_id = text(row, "subscription_id")
        if has_ended(row):
            return SubscriptionPiece(_account(customer_id, items=(ended_item(row),)))
        if not subscription_id:
            return flawed(customer_id, "", "subscription_id", "a subscription without an id")
        try:
            return self._read(subscription_id, customer_id)
        except (Absent, NotPermitted):
            raise
        except (PermanentError, RecordFault) as error:
            return flawed(customer_id, subscription_id, "subscription", str(error))

    def _read(self, subscription_id: str, customer_id: str) -> SubscriptionPiece:
        raw = section(self._get(f"/subscriptions/{subscription_id}"), "subscription")
        if text(raw, "subscription_id") != subscription_id:
            raise PermanentError(f"Billing returned another subscription instead of {subscription_id}")
        owner = section(raw, "customer")
        if text(owner, "customer_id") != customer_id:
            raise PermanentError(f"Billing returned another customer's subscription for customer {customer_id}")
        problems: list[SourceProblem] = []
        lines = each_once(subscription_id, list(self._lines(raw, customer_id, problems)))
        if lines.contested:
            message = "a plan or add-on is listed twice, with different numbers"
            problems.append(
                SourceProblem(account=customer_id, subscription=subscription_id, field="addons", message=message)
            )
        found = _account(
            customer_id,
            items=lines.items,
            contested=lines.contested,
            countries=country(text(section(owner, "billing_address"), "country")),
            zoids=tuple(dict.fromkeys(zoids_of(raw))),
        )
        return SubscriptionPiece(found, tuple(problems))

    def _lines(self, raw: Raw, customer_id: str, problems: list[SourceProblem]) -> Iterator[ItemLine]:
        plan = section(raw, "plan")
        stated = text(plan, "name") or text(raw, "plan_name")
        code = text(plan, "plan_code")
        facts: dict[str, Any] = {
            "subscription_id": text(raw, "subscription_id"),
            "service": text(raw, "product_name") or text(raw, "name") or "unnamed service",
            "status": text(raw, "status"),
            "edition": f"{stated} {code}".strip(),
            # A plan without a name may be a free one.
            "paid": bool(stated) and not is_free(stated, code),
        }
        parts = [("plan", plan, stated or "unnamed plan", code)]
        for addon in rows(raw.get("addons") or []):
            parts.append(("addon", addon, text(addon, "name") or "unnamed add-on", text(addon, "addon_code")))
        for kind, part, name, part_code in parts:
            number = stated_number(part, "quantity")
            problems += number.problems(customer_id, facts["subscription_id"], f"{kind}.quantity")
            unit = "" if number.number == 0 else self.unit(kind, part_code) or _stated_unit(part)
            if number.number is None:
                unit = unit or NOT_STATED
            item = LicenceItem(name=number.named(name), code=part_code, quantity=number.number, unit=unit, **facts)
            yield ItemLine(kind, item)

    def unit(self, kind: str, code: str) -> str:
        """Return the unit of a plan or add-on; the lists of both are read once a day, and once for an unknown code."""
        if not code:
            return ""
        key = f"{kind}:{code}"
        if self.known is None:
            self.known = self.units.read()
        if self.known is None or (key not in self.known and not self.renewed):
            self.known, self.renewed = dict(self._read_units()), True
            self.units.save(self.known)
        if key not in self.known:
            self.known = {**self.known, key: ""}
            self.units.save(self.known)
        return self.known[key]

    def _read_units(self) -> Iterator[tuple[str, str]]:
        for kind in ("plan", "addon"):
            found: dict[str, str] = {}
            for row in self.listed(f"/{kind}s", f"{kind}s", f"{kind}_code"):
                code, unit = text(row, f"{kind}_code"), _unit_of(row)
                found[code] = unit if found.get(code, unit) == unit else DIFFERENT_UNITS
            yield from ((f"{kind}:{code}", unit) for code, unit in found.items())

    def _get(self, path: str, **query: str | int) -> Mapping[str, Any]:
        """Return the body of a success. A `code` other than 0 is an error, even with status 200: PermanentError."""
        body = self.api.get(f"/billing/v1{path}", **query).body
        if not isinstance(body, dict) or str(body.get("code")) != "0":
            raise PermanentError(f"Billing refused {path}{own_words(body)}")
        return body


def same_row(known: Raw, row: Raw) -> Raw:
    """Return the row of a subscription that a list has twice; if the status differs, the record decides."""
    same = text(known, "status") == text(row, "status")
    return row if same else {**row, "status": ""}


def has_ended(row: Raw) -> bool:
    """Return True for a subscription that cannot count."""
    return text(row, "status").lower() in _ENDED


def ended_item(row: Raw) -> LicenceItem:
    """Return what is known of a subscription that has ended, from its row in a list."""
    plan = text(row, "plan_name")
    return LicenceItem(
        subscription_id=text(row, "subscription_id"),
        service=text(row, "product_name") or text(row, "name") or "unnamed service",
        name=plan or "unnamed plan",
        quantity=0,
        unit="",
        status=text(row, "status"),
        edition=plan,
    )


def flawed(customer_id: str, subscription_id: str, where: str, message: str) -> SubscriptionPiece:
    """Return what stands for a subscription that could not be read."""
    problem = SourceProblem(account=customer_id, subscription=subscription_id, field=where, message=message)
    return SubscriptionPiece(_account(customer_id, items=(unreadable(subscription_id, message),)), (problem,))


def zoids_of(raw: Raw) -> Iterator[str]:
    """Yield the values of a custom field ZOID. Reference numbers are not read: they can be any number."""
    stated = [text(raw, "cf_zoid")]
    fields = raw.get("custom_fields")
    for each in fields if isinstance(fields, list) else ():
        if isinstance(each, dict) and text(each, "label").casefold() == "zoid":
            stated.append(text(each, "value"))
    yield from (zoid for each in stated if (zoid := identifiers.number(each)))


def _account(customer_id: str, **facts: Any) -> Account:
    """Return a piece of the customer's account."""
    return Account(**{"account_id": customer_id, "super_admin_email": "", "items": ()} | facts)


def _list(body: Raw, key: str) -> Sequence[Raw]:
    """Return the rows of a list. The reference calls the list of customers `contacts` on one of its pages."""
    names = (key, "contacts") if key == "customers" else (key,)
    return list(rows(next((body[name] for name in names if name in body), None)))


def _unit_of(row: Raw) -> str:
    """Return the unit of a row. For package pricing it is not known if the quantity counts packages or units."""
    if text(row, "pricing_scheme") == "package":
        return "priced by the package"
    return text(row, "unit") or text(row, "unit_name")


def _stated_unit(part: Raw) -> str:
    fields = part.get("item_custom_fields")
    known = [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []
    return next((text(each, "value") for each in known if text(each, "label").casefold() == "licence unit"), "")
