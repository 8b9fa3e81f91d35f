"""A subscription export as CSV: one row for each subscription, into accounts.

Delimiter `,`, `;` or tab; UTF-8, UTF-16 with its mark, or Latin-1. A mistake's line is the physical line on which its
row starts, its column the position of the cell in the row, both from 1. Quantities are whole numbers of the unit;
an empty one is 0. Columns that we do not know are ignored. Rows with one super-admin address are one account.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from desk_sync.adapters import identifiers
from desk_sync.adapters.countries import COUNTRIES, MISTAKEN_CODES
from desk_sync.adapters.mapping_checks import did_you_mean
from desk_sync.domain.subscription import Account, LicenceItem
from desk_sync.errors import InputError, Problem

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

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFile:
    """What an export says. `as_of` is its newest `as_of_date`; `warnings` are what a person should look at."""

    accounts: tuple[Account, ...]
    as_of: date | None
    warnings: tuple[Problem, ...]


def read_accounts(path: str | Path) -> AccountFile:
    """The accounts of the export, in the order of their first rows. Raises InputError with every mistake."""
    problems: list[Problem] = []
    rows = list(_rows(_text(Path(path), problems), problems))
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


class _Row:
    """The cells of one row; `take` reads one and keeps what is wrong with it."""

    def __init__(self, line: int, cells: Mapping[str, tuple[int, str]]) -> None:
        self.line = line
        self.problems: list[Problem] = []
        self._cells = cells

    def take(self, column: str, read: Callable[[str], T], otherwise: T) -> T:
        """The cell as `read` understands it, and `otherwise` where it raises ValueError."""
        position, text = self._cells.get(column, (1, ""))
        try:
            return read(text)
        except ValueError as error:
            self.problems.append(Problem(message=str(error), where=column, line=self.line, column=position))
            return otherwise

    def text(self, column: str) -> str:
        return self.take(column, str, "")

    def named(self, column: str) -> str:
        return self.take(column, _not_empty, "")


def _text(path: Path, problems: list[Problem]) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.append(Problem(message=f"cannot be read: {error.strerror}"))
        return ""
    text = _decoded(content)
    if text.strip() and "\0" not in text:
        return text
    message = "is no text" if text.strip() else "the file is empty"
    problems.append(Problem(message=message, hint="save the table as CSV, UTF-8"))
    return ""


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-16" if content.startswith(_UTF_16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _rows(text: str, problems: list[Problem]) -> Iterator[_Row]:
    """The rows that are not blank; none if the heading is not usable."""
    lines = _lines(text, problems)
    _, heading = next(lines, (1, []))
    columns = [name.strip().lower() for name in heading]
    problems += _heading_mistakes(columns) if columns else ()
    if problems:
        return
    for line, values in lines:
        cells = [value.strip() for value in values]
        if any(cells[len(columns) :]):
            message = f"{len(cells)} cells under {len(columns)} columns"
            hint = "put a value that holds the delimiter in quotation marks"
            problems.append(Problem(message=message, line=line, column=len(columns) + 1, hint=hint))
        elif any(cells):
            positions = enumerate(zip(columns, cells, strict=False), start=1)
            yield _Row(line, {column: (position, cell) for position, (column, cell) in positions})


def _lines(text: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """The records of the file, each with the physical line on which it starts."""
    heading = "".join(text.strip().splitlines()[:1])
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for values in reader:
            if any(values):
                yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(message=f"not CSV: {error}", line=line))


def _heading_mistakes(columns: Sequence[str]) -> Iterator[Problem]:
    for name in REQUIRED:
        if name not in columns:
            yield Problem(message="the column is missing", where=name)
    for position, name in enumerate(columns):
        if name and name in columns[:position]:
            yield Problem(message="the column is there twice", where=name, column=position + 1)


def _subscription(row: _Row) -> _Subscription:
    return _Subscription(
        line=row.line,
        subscription_id=row.named("subscription_id"),
        account_id=row.named("account_id"),
        super_admin_email=row.take("super_admin_email", _email, ""),
        items=tuple(_items(row)),
        as_of=row.take("as_of_date", _date, None),
        started=row.take("start_date", _date, None),
        country=row.text("country_code").upper(),
        region=row.text("region"),
        data_center=row.text("data_center").upper(),
        domain=row.take("customer_domain", _customer_domain, None),
        zoid=row.take("zoid", _number, None),
        zgid=row.take("service_org_id", _number, None),
        zuid=row.take("super_admin_zuid", _number, None),
        partner_domain=row.take("partner_domain", _domain, None),
        tagged=row.text("partner_tag_status").casefold() != "untagged",
    )


def _items(row: _Row) -> Iterator[LicenceItem]:
    """The plan, then its add-ons."""
    edition = f"{row.text('plan_name')} {row.text('plan_code')}".strip()
    plan = _Part(
        name=row.named("plan_name"),
        code=row.text("plan_code"),
        quantity=row.take("plan_quantity", _quantity, 0),
        unit=row.text("plan_unit"),
    )
    subscription_id, status = row.text("subscription_id"), row.text("status")
    service, paid = row.named("service_name"), row.take("is_paid", _truth, True)
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
    return _Part(name=words["name"], code=words["code"], quantity=_quantity(words["quantity"]), unit=words["unit"])


_WHOLE_NUMBER = re.compile(r"[0-9]{1,12}|[1-9][0-9]{0,2}(?:([,. '])[0-9]{3})(?:\1[0-9]{3})*")


def _quantity(text: str) -> int:
    """A whole number with or without thousands separators, one style in a number; what may be a fraction is refused."""
    folded = unicodedata.normalize("NFKC", text).replace("’", "'")
    if folded and not _WHOLE_NUMBER.fullmatch(folded):
        raise ValueError(f'"{text}" is not a whole number')
    return int(re.sub("[,. ']", "", folded) or 0)


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def _email(text: str) -> str:
    normal = identifiers.email(text)
    if normal is None:
        raise ValueError("is not an e-mail address")
    return normal


def _domain(text: str) -> str | None:
    normal = identifiers.domain(text)
    if text and normal is None:
        raise ValueError("is not a domain")
    return normal


def _customer_domain(text: str) -> str | None:
    normal = _domain(text)
    return None if normal is None or identifiers.is_public_mail(normal) else normal


def _number(text: str) -> str | None:
    normal = identifiers.number(text)
    if text and normal is None:
        raise ValueError(f'"{text}" is not an id of 6 to 11 digits')
    return normal


def _date(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        raise ValueError(f'"{text}" is not a date such as 2026-11-20') from None


_TRUE = frozenset(("true", "yes", "y", "1", "wahr", "ja", "verdadeiro", "sim", "verdadero", "sí", "si", "vrai", "oui"))
_FALSE = frozenset(("false", "no", "n", "0", "falsch", "nein", "falso", "não", "nao", "faux", "non"))


def _truth(text: str) -> bool:
    """Spreadsheets write truth in the language of their user."""
    word = text.casefold()
    if word not in _TRUE | _FALSE:
        raise ValueError(f'"{text}" is neither true nor false')
    return word in _TRUE


def _addresses_that_share_an_account(subscriptions: Iterable[_Subscription]) -> Iterator[Problem]:
    first: dict[str, _Subscription] = {}
    for each in subscriptions:
        known = first.setdefault(each.account_id, each)
        if each.account_id and each.super_admin_email != known.super_admin_email:
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
