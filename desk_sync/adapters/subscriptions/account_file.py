"""A subscription export as CSV: one row for each subscription, into accounts.

Quantities are whole numbers of the unit; an empty one is 0. Columns that we do not know are ignored.
Rows with one super-admin address are one account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from desk_sync.adapters.countries import COUNTRIES, MISTAKEN_CODES
from desk_sync.adapters.mapping_checks import did_you_mean
from desk_sync.adapters.subscriptions import cells
from desk_sync.adapters.subscriptions.csv_table import Row, read_table
from desk_sync.domain.subscription import Account, LicenceItem
from desk_sync.errors import InputError, Problem
from desk_sync.ports import Pulled

REQUIRED = (
    "account_id",
    "super_admin_email",
    "subscription_id",
    "service_name",
    "plan_name",
    "plan_quantity",
    "plan_unit",
    "status",
    "is_paid",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFile:
    """What an export says. `as_of` is its newest `as_of_date`; `warnings` are what a person should look at."""

    accounts: tuple[Account, ...]
    as_of: date | None
    warnings: tuple[Problem, ...]


def read_accounts(path: str | Path) -> AccountFile:
    """The accounts of the export, in the order of their first rows. Raises InputError with every mistake."""
    problems: list[Problem] = []
    rows = read_table(Path(path), REQUIRED, problems)
    subscriptions = [_subscription(row) for row in rows]
    problems += (problem for row in rows for problem in row.problems)
    problems += _addresses_that_share_an_account(subscriptions)
    if problems:
        raise InputError(str(path), sorted(problems, key=lambda problem: (problem.line, problem.column)))
    warnings = list(_unknown_countries(subscriptions))
    kept = _one_of_each(subscriptions, warnings)
    by_address: dict[str, list[_Subscription]] = {}
    for subscription in kept:
        by_address.setdefault(subscription.super_admin_email, []).append(subscription)
    return AccountFile(
        accounts=tuple(_account(each) for each in by_address.values()),
        as_of=max((each.as_of for each in kept if each.as_of), default=None),
        warnings=tuple(sorted(warnings, key=lambda warning: warning.line)),
    )


@dataclass(frozen=True, slots=True)
class FileSource:
    """An export that something else renews, as a source. What is refused in it refuses the whole pull."""

    path: Path

    def pull(self) -> Pulled:
        """Raises InputError."""
        file = read_accounts(self.path)
        return Pulled(accounts=file.accounts, as_of=file.as_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subscription:
    """One row, read. Two that are equal say the same."""

    line: int = field(compare=False)
    subscription_id: str
    account_id: str
    super_admin_email: str
    items: tuple[LicenceItem, ...]
    as_of: date | None
    started: date | None
    country: str
    region: str
    data_center: str
    domain: str | None
    zoid: str | None
    zgid: str | None
    zuid: str | None
    partner_domain: str | None
    tagged: bool

    @property
    def age(self) -> tuple[date, date, int]:
        """What decides between two rows about one subscription: the greater one is the newer one."""
        return self.as_of or date.min, self.started or date.min, self.line


def _subscription(row: Row) -> _Subscription:
    return _Subscription(
        line=row.line,
        subscription_id=row.named("subscription_id"),
        account_id=row.named("account_id"),
        super_admin_email=row.take("super_admin_email", cells.email, ""),
        items=tuple(_items(row)),
        as_of=row.take("as_of_date", cells.day, None),
        started=row.take("start_date", cells.day, None),
        country=row.text("country_code").upper(),
        region=row.text("region"),
        data_center=row.text("data_center").upper(),
        domain=row.take("customer_domain", cells.customer_domain, None),
        zoid=row.take("zoid", cells.number, None),
        zgid=row.take("service_org_id", cells.number, None),
        zuid=row.take("super_admin_zuid", cells.number, None),
        partner_domain=row.take("partner_domain", cells.domain, None),
        tagged=row.text("partner_tag_status").casefold() != "untagged",
    )


def _items(row: Row) -> Iterator[LicenceItem]:
    """The plan, then its add-ons."""
    edition = f"{row.text('plan_name')} {row.text('plan_code')}".strip()
    plan = _Part(
        name=row.named("plan_name"),
        code=row.text("plan_code"),
        quantity=row.take("plan_quantity", cells.quantity, 0),
        unit=row.text("plan_unit"),
    )
    subscription_id, status = row.text("subscription_id"), row.text("status")
    service, paid = row.named("service_name"), row.take("is_paid", cells.truth, True)
    nothing: tuple[_Part, ...] = ()
    for part in (plan, *row.take("addons", _addons, nothing)):
        yield LicenceItem(
            subscription_id=subscription_id,
            service=service,
            name=part.name,
            code=part.code,
            quantity=part.quantity,
            unit=part.unit,
            status=status,
            edition=edition,
            paid=paid,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a subscription sells: its plan, or one of its add-ons."""

    name: str
    code: str
    quantity: int
    unit: str


def _addons(text: str) -> tuple[_Part, ...]:
    try:
        addons = json.loads(text or "[]")
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}") from None
    if not isinstance(addons, list) or not all(isinstance(addon, dict) for addon in addons):
        raise ValueError("must be a list of add-ons, each with name, quantity and unit")
    return tuple(_addon(addon) for addon in addons)


def _addon(addon: Mapping[str, object]) -> _Part:
    words = {
        key: "" if addon.get(key) is None else str(addon[key]).strip() for key in ("name", "code", "quantity", "unit")
    }
    if not words["name"]:
        raise ValueError("an add-on has no name")
    return _Part(name=words["name"], code=words["code"], quantity=cells.quantity(words["quantity"]), unit=words["unit"])


def _addresses_that_share_an_account(subscriptions: Iterable[_Subscription]) -> Iterator[Problem]:
    first: dict[str, _Subscription] = {}
    for each in (each for each in subscriptions if each.account_id and each.super_admin_email):
        known = first.setdefault(each.account_id, each)
        if each.super_admin_email != known.super_admin_email:
            message = f"{each.account_id} has another super admin on line {known.line}"
            yield Problem(message=message, where="account_id", line=each.line)


def _unknown_countries(subscriptions: Iterable[_Subscription]) -> Iterator[Problem]:
    for each in subscriptions:
        if each.country and each.country not in COUNTRIES:
            message = f"{each.country} is not an ISO 3166-1 alpha-2 country code"
            hint = did_you_mean(MISTAKEN_CODES.get(each.country))
            yield Problem(message=message, where="country_code", line=each.line, hint=hint)


def _one_of_each(subscriptions: Iterable[_Subscription], warnings: list[Problem]) -> Sequence[_Subscription]:
    """Every subscription once: of rows that differ, the newest by `as_of_date`, `start_date` and position."""
    kept: dict[str, _Subscription] = {}
    for each in subscriptions:
        known = kept.setdefault(each.subscription_id, each)
        if each != known:
            newest = max(known, each, key=lambda row: row.age)
            kept[each.subscription_id] = newest
            message = f"subscription {each.subscription_id} is on line {known.line} too; line {newest.line} is newer"
            warnings.append(Problem(message=message, where="subscription_id", line=each.line))
    return list(kept.values())


def _account(rows: Sequence[_Subscription]) -> Account:
    return Account(
        account_id=rows[0].account_id,
        super_admin_email=rows[0].super_admin_email,
        items=tuple(item for row in rows for item in row.items),
        countries=_distinct(row.country for row in rows),
        regions=_distinct(row.region for row in rows),
        data_centers=_distinct(row.data_center for row in rows),
        domain=next((row.domain for row in rows if row.domain), None),
        zoids=_distinct(row.zoid for row in rows),
        zgids=_distinct(row.zgid for row in rows),
        zuids=_distinct(row.zuid for row in rows),
        partner_domain=next((row.partner_domain for row in rows if row.partner_domain), None),
        tagged=any(row.tagged for row in rows),
    )


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    """In the order in which they come, without the empty ones."""
    return tuple(dict.fromkeys(value for value in values if value))
