"""Zoho's Partner Store: the subscriptions of the customers who are tagged to the partner whose token is used.

The answer is a plain JSON array. Users are counted in the add-ons of a subscription whose names end in "User"
("Standard User", "Mail Lite User"). A response header announces further pages, but its name is not documented: any
header with "more" in its name is accepted, and after a full page the next one is always read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from desk_sync.adapters.subscriptions.lenient import Raw, country, quantity, rows, section, text
from desk_sync.adapters.subscriptions.paging import resumed
from desk_sync.adapters.subscriptions.zoho_api import ApiAnswer, ZohoApi
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.licence_policy import plain
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.errors import PermanentError
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts, SourcePage

PAGE = 200
_PATH = "/api/v1/partner/subscriptions"
# The store's words, and those of Billing, which the mapping uses. Other words are left for a person to decide.
_STATUS = {"active": "live", "inactive": "expired"}


class PartnerStore:
    """The store as a source. Each super admin's address is one account."""

    def __init__(self, api: ZohoApi, *, data_center: str = "") -> None:
        self._api = api
        self._data_centers = (data_center.upper(),) if data_center else ()

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        """Return every subscription once; those of one super admin, on one page or several, are one account."""
        by_address: dict[str, list[Account]] = {}
        known: set[str] = set()
        for each in resumed(checkpoints, self._page):
            _check_new(each, known)
            by_address.setdefault(each.super_admin_email, []).append(each)
        return PulledAccounts(accounts=[_merged(pieces) for pieces in by_address.values()])

    def _page(self, after: str) -> SourcePage:
        """Return one account for each subscription of a page; `after` is the number of the page before."""
        number = int(after or 0) + 1
        answer = self._api.get(_PATH, page=number, per_page=PAGE)
        found = list(rows(answer.body))
        more = _has_more(answer) or len(found) >= PAGE
        return SourcePage(accounts=[self._account(row) for row in found], after=str(number) if more else None)

    def _account(self, row: Raw) -> Account:
        address = _address(row)
        host = address.rpartition("@")[2]
        zoid = identifiers.number(text(row, "org_id"))
        return Account(
            account_id=f"store-{_id(row)}",
            super_admin_email=address,
            items=tuple(_items(row)),
            countries=country(text(section(row, "customer_address"), "country")),
            data_centers=self._data_centers,
            domain=None if identifiers.is_public_mail(host) else host,
            zoids=(zoid,) if zoid else (),
        )


def _check_new(account: Account, known: set[str]) -> None:
    """Raise PermanentError for a repeated subscription: if pages overlap, others are missing."""
    if account.account_id in known:
        raise PermanentError(f"the store repeats subscription {account.account_id.removeprefix('store-')}")
    known.add(account.account_id)


def _merged(pieces: Sequence[Account]) -> Account:
    return replace(
        pieces[0],
        items=tuple(item for each in pieces for item in each.items),
        countries=_distinct(code for each in pieces for code in each.countries),
        zoids=_distinct(zoid for each in pieces for zoid in each.zoids),
    )


def _has_more(answer: ApiAnswer) -> bool:
    return any("more" in name.lower() and value.strip().lower() == "true" for name, value in answer.headers.items())


def _id(row: Raw) -> str:
    subscription_id = text(row, "subscription_id") or text(row, "id")
    if not subscription_id:
        raise PermanentError("the store returned a subscription without an id")
    return subscription_id


def _address(row: Raw) -> str:
    address = identifiers.email(text(row, "email_id"))
    if address is None:
        raise PermanentError(f"subscription {_id(row)} has no valid e-mail address")
    return address


def _items(row: Raw) -> Iterator[LicenceItem]:
    """Yield the plan, which has no usable quantity, then the add-ons."""
    plan = text(row, "plan_name")
    words = plain(plan).split()
    paid = bool(words) and words[-1] != "trial"
    facts = {
        "subscription_id": _id(row),
        "service": text(row, "service_name") or "unnamed service",
        "status": _STATUS.get(text(row, "status").lower(), text(row, "status")),
        "edition": plan or "free",
    }
    yield LicenceItem(name=plan or "free plan", quantity=0, unit="plan", paid=paid, code=text(row, "plan_id"), **facts)
    for addon in rows(row.get("addons") or []):
        name = text(addon, "addon_name")
        yield LicenceItem(name=name, quantity=quantity(addon, "value"), unit=_unit(name), paid=paid, **facts)


def _unit(name: str) -> str:
    """Return "users" for names that end in "User", "storage" for packs such as Extra_100_GB, "" for others."""
    words = plain(name).split()
    if words and words[-1] in ("user", "users"):
        return "users"
    return "storage" if words[:1] == ["extra"] and words[-1] in ("gb", "tb", "mb") else ""


def _distinct(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
