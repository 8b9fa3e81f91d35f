"""Zoho's Partner Store: the subscriptions of the customers who are tagged to the partner whose token is used.

The answer is a plain JSON array. Users are counted in the add-ons of a subscription whose names end in "User"
("Standard User", "Mail Lite User"). A response header announces further pages, but its name is not documented: any
header with "more" in its name is read. Without one, and after a full page, the next page is always read, until one is
empty or repeats what an earlier one had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from desk_sync.adapters.subscriptions.item_lines import (
    NOT_STATED,
    ItemLine,
    each_once,
    is_free,
    stated_number,
    unreadable,
)
from desk_sync.adapters.subscriptions.lenient import Raw, country, rows, section, text
from desk_sync.adapters.subscriptions.paging import ListPage, ListPlace, check_page, resumed
from desk_sync.adapters.subscriptions.zoho_answer import ApiAnswer
from desk_sync.adapters.subscriptions.zoho_api import ZohoApi
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.licence_policy import plain
from desk_sync.domain.account.subscription import Account, ContestedSubscription, LicenceItem
from desk_sync.errors import PermanentError
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts, SourcePage, SourceProblem

PAGE = 200
_PATH = "/api/v1/partner/subscriptions"
# The store's words, and those of Billing, which the mapping uses. Other words are left for a person to decide.
_STATUS = {"active": "live", "inactive": "expired"}
_ANSWERS = {"true": True, "false": False}
_KEPT = ("email_id", "org_id", "service_name", "plan_name", "plan_id", "status")


class PartnerStore:
    """The store as a source. Each super admin's address is one account; without an address, each organisation."""

    def __init__(self, api: ZohoApi, *, data_center: str = "") -> None:
        self._api = api
        self._data_centers = (data_center.upper(),) if data_center else ()

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        """Return every subscription once; those of one super admin, on one page or several, are one account."""
        run = StoreRun(self._api.working(checkpoints.work), checkpoints, self._data_centers)
        return PulledAccounts(accounts=run.accounts(), problems=run.problems)


@dataclass(slots=True)
class StoreRun:
    """One reading of the store, which can be interrupted after each page."""

    api: ZohoApi
    checkpoints: CheckpointStore
    data_centers: tuple[str, ...]
    problems: list[SourceProblem] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Raw]] = field(default_factory=dict)

    def accounts(self) -> Iterator[Account]:
        for page in resumed(self.checkpoints, self._read):
            for row in page.rows:
                self.subscriptions.setdefault(_key(row), {}).setdefault(repr(row), row)
        yield from self._whole()

    def _read(self, after: str) -> SourcePage:
        place = ListPlace.parse(after or str(ListPlace()))
        answer = self.api.get(_PATH, page=place.page, per_page=PAGE)
        kept = [_kept(row) for row in rows(answer.body)]
        new = len({_key(row) for row in kept} - self.subscriptions.keys())
        going_on = self._goes_on(place, kept, _more(answer, place.page), new)
        following = place.next(more=going_on, found=new)
        return SourcePage(rows=kept, after=str(following) if following else None)

    def _goes_on(self, place: ListPlace, kept: Sequence[Raw], more: bool | None, new: int) -> bool:
        """Return True if there may be a page after this one. Raises PermanentError for a list that repeats."""
        if place.number > 1:
            return bool(kept) if more is None else more
        repeats = bool(kept) and not new
        if more is not None:
            check_page(ListPage(kept, more), place.page, new=new, what="the store")
        if repeats and len(kept) >= PAGE:
            raise PermanentError(f"page {place.page} of the store repeats earlier ones, and is full")
        if more is None:
            return bool(kept) and not repeats
        return more or len(kept) >= PAGE

    def _whole(self) -> Iterator[Account]:
        """Yield the accounts. A row without an address belongs to the super admin of its organisation."""
        admins: dict[str, set[str]] = {}
        for row in self._each():
            admins.setdefault(_zoid(row), set()).add(_address(row))
        by_owner: dict[tuple[str, str], list[str]] = {}
        names: set[str] = set()
        for number, readings in self.subscriptions.items():
            for owner in dict.fromkeys(_owner(row, admins) for row in readings.values()):
                by_owner.setdefault(owner, []).append(number)
        for (address, zoid), numbers in by_owner.items():
            if address or zoid:
                account_id = f"store-{numbers[0]}"
                account_id = f"{account_id}-{address or zoid}" if account_id in names else account_id
                names.add(account_id)
                yield self._account(account_id, address, numbers)
                continue
            for number in numbers:
                message = "neither a valid address nor an organisation's id"
                self.problems.append(SourceProblem(account="", subscription=number, field="email_id", message=message))

    def _each(self) -> Iterator[Raw]:
        return (row for readings in self.subscriptions.values() for row in readings.values())

    def _account(self, account_id: str, address: str, numbers: Sequence[str]) -> Account:
        found = [self._read_subscription(number, account_id) for number in numbers]
        own = [row for number in numbers for row in self.subscriptions[number].values()]
        host = address.rpartition("@")[2]
        return Account(
            account_id=account_id,
            super_admin_email=address,
            items=tuple(item for items, _ in found for item in items),
            contested=tuple(each for _, contested in found for each in contested),
            countries=_distinct(code for row in own for code in country(row["country"])),
            data_centers=self.data_centers,
            domain=host if host and not identifiers.is_public_mail(host) else None,
            zoids=_distinct(filter(None, map(_zoid, own))),
        )

    def _read_subscription(
        self, number: str, account_id: str
    ) -> tuple[tuple[LicenceItem, ...], tuple[ContestedSubscription, ...]]:
        """Return the items of a subscription, or what may be true of it if the store has it twice, and different."""
        readings = list(self.subscriptions[number].values())
        named = readings[0]["subscription_id"]
        if not named:
            self._note(account_id, "", "subscription_id", "a subscription without an id")
            return (unreadable("", "a subscription without an id"),), ()
        lines = [each_once(named, self._lines(row, account_id)) for row in readings]
        if len(lines) == 1:
            if lines[0].contested:
                self._note(account_id, named, "addons", "an add-on is listed twice, with different numbers")
            return lines[0].items, lines[0].contested
        if any(row["fault"] for row in readings) or len({_owner(row, {}) for row in readings}) > 1:
            self._note(account_id, named, "email_id", "the subscription is listed twice, for different owners")
            return (unreadable(named, "listed twice, for different owners"),), ()
        self._note(account_id, named, "subscription_id", "the subscription is listed twice, with different data")
        alternatives = tuple(
            reading
            for each in lines
            for reading in ([each.items] if not each.contested else each.contested[0].readings)
        )
        if len(set(alternatives)) == 1:
            return alternatives[0], ()
        return (), (ContestedSubscription(subscription_id=named, readings=alternatives),)

    def _lines(self, row: Raw, account_id: str) -> Iterator[ItemLine]:
        """Yield the plan, which has no usable quantity, then the add-ons. A plan without a name may be a free one."""
        plan, named = row["plan_name"], row["subscription_id"]
        facts: dict[str, Any] = {
            "subscription_id": named,
            "service": row["service_name"] or "unnamed service",
            "status": _STATUS.get(row["status"].lower(), row["status"]),
            "edition": plan,
            "paid": bool(plan) and not is_free(plan),
        }
        item = LicenceItem(name=plan or "unnamed plan", quantity=0, unit="plan", code=row["plan_id"], **facts)
        yield ItemLine("plan", item)
        if row["fault"] and facts["status"] != "expired":
            self._note(account_id, named, "addons", row["fault"])
            yield ItemLine("addon", LicenceItem(name=row["fault"], quantity=None, unit=NOT_STATED, **facts))
        for addon in row["addons"]:
            name = addon["name"] or "unnamed add-on"
            number = stated_number(addon, "value")
            self.problems += number.problems(account_id, named, f"addons {name}")
            unit = _unit(name) or (NOT_STATED if number.number is None else "")
            yield ItemLine("addon", LicenceItem(name=number.named(name), quantity=number.number, unit=unit, **facts))

    def _note(self, account_id: str, subscription_id: str, where: str, message: str) -> None:
        self.problems.append(
            SourceProblem(account=account_id, subscription=subscription_id, field=where, message=message)
        )


def _kept(row: Raw) -> Mapping[str, Any]:
    """Return what is kept of a row until all is read. `fault`: how many users there are is not said."""
    stated, fault = row.get("addons"), ""
    if not isinstance(stated, list) or not all(isinstance(each, dict) for each in stated):
        stated, fault = [], "the add-ons, which count the users, are missing" if stated is None else "addons is no list"
    return {
        "subscription_id": text(row, "subscription_id") or text(row, "id"),
        "country": text(section(row, "customer_address"), "country"),
        "addons": [{"name": text(each, "addon_name"), "value": _stored(each.get("value"))} for each in stated],
        "fault": fault,
    } | {word: text(row, word) for word in _KEPT}


def _stored(value: object) -> object:
    """Return a value as it is kept; no number is rounded."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _more(answer: ApiAnswer, page: int) -> bool | None:
    """Return if the headers announce more; None if they do not say. Raises PermanentError for anything else."""
    stated = {value.strip().lower() for name, value in answer.headers.items() if "more" in name.lower()}
    if not stated:
        return None
    if len(stated) > 1 or not stated <= _ANSWERS.keys():
        raise PermanentError(f"page {page} of the store does not say if there are more: {', '.join(sorted(stated))}")
    return _ANSWERS[stated.pop()]


def _key(row: Raw) -> str:
    return row["subscription_id"] or f"without an id: {row!r}"


def _address(row: Raw) -> str:
    return identifiers.email(row["email_id"]) or ""


def _zoid(row: Raw) -> str:
    return identifiers.number(row["org_id"]) or ""


def _owner(row: Raw, admins: Mapping[str, set[str]]) -> tuple[str, str]:
    """Return the address of the row's super admin; without one, the id of the organisation."""
    address, zoid = _address(row), _zoid(row)
    known = admins.get(zoid, set()) - {""} if zoid else set()
    if not address and len(known) == 1:
        address = next(iter(known))
    return (address, "") if address else ("", zoid)


def _unit(name: str) -> str:
    """Return "users" for names that end in "User", "storage" for packs such as Extra_100_GB, "" for others."""
    words = plain(name).split()
    if words and words[-1] in ("user", "users"):
        return "users"
    return "storage" if words[:1] == ["extra"] and words[-1] in ("gb", "tb", "mb") else ""


def _distinct(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
