"""A table or view of a data warehouse: one row for each licence item; the rows of one super admin are one account.

Only SELECT is ever sent. Quantities are whole numbers of the unit. `super_admin_email_norm` can be in any form: it is
converted to ours. Rows of one subscription, kind and plan code that say the same are one row; if they differ, a person
decides if it matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Column, ColumnElement, Engine, MetaData, String, Table, cast, false, literal_column, select, true

from desk_sync.adapters.subscriptions.item_lines import (
    NOT_STATED,
    ItemLine,
    SubscriptionLines,
    each_once,
    is_free,
    stated_number,
)
from desk_sync.adapters.subscriptions.lenient import Raw, country, text
from desk_sync.adapters.subscriptions.sql.foreign_database import ForeignDatabase
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.errors import ConfigurationError, PermanentError
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts, SourceProblem

REQUIRED = (
    "super_admin_email_norm",
    "subscription_id",
    "service",
    "plan_code",
    "item_kind",
    "unit",
    "quantity",
    "status",
)
OPTIONAL = ("customer_id", "domain_norm", "zuid", "zoid", "zgid", "country_code", "plan_name")
_COLUMNS = {
    IdentifierKind.EMAIL: "super_admin_email_norm",
    IdentifierKind.DOMAIN: "domain_norm",
    IdentifierKind.ZOID: "zoid",
    IdentifierKind.ZGID: "zgid",
    IdentifierKind.ZUID: "zuid",
}


@dataclass(frozen=True, slots=True)
class SqlTable:
    """The table, or view, of a database as a source."""

    engine: Engine
    table: str
    now: Now

    @property
    def kinds(self) -> Collection[IdentifierKind]:
        return _COLUMNS.keys()

    def pull(self, _: CheckpointStore) -> PulledAccounts:
        """Raises ConfigurationError with the names of all missing columns."""
        table = self._described()
        problems: list[SourceProblem] = []
        return PulledAccounts(accounts=self._accounts(table, true(), problems), problems=problems)

    def ask(self, identifier: Identifier) -> Sequence[Account]:
        """Return the accounts with the identifier, in normal form, on one of their rows."""
        table = self._described()
        column = _COLUMNS[identifier.kind]
        if column not in table.c:
            return ()
        named = table.alias()
        admins = select(named.c.super_admin_email_norm).where(cast(named.c[column], String) == identifier.value)
        return list(self._accounts(table, table.c.super_admin_email_norm.in_(admins), []))

    @property
    def _database(self) -> ForeignDatabase:
        return ForeignDatabase(self.engine, self.table, self.now)

    def _described(self) -> Table:
        """Return the table with its columns, as a query without rows names them: that needs no right but SELECT."""
        schema, _, name = self.table.rpartition(".")
        table = Table(name, MetaData(), schema=schema or None)
        names = self._database.columns(select(literal_column("*")).select_from(table).where(false()))
        if missing := [each for each in REQUIRED if each not in names]:
            raise ConfigurationError(f"{self.table} has no column {', '.join(missing)}")
        return Table(name, MetaData(), *map(Column, names), schema=schema or None)

    def _accounts(
        self, table: Table, condition: ColumnElement[bool], problems: list[SourceProblem]
    ) -> Iterator[Account]:
        columns = [table.c[name] for name in (*REQUIRED, *OPTIONAL) if name in table.c]
        address = table.c.super_admin_email_norm
        found = self._database.rows(select(*columns).where(condition).order_by(address))
        seen: set[str] = set()
        for written, group in groupby(found, key=lambda row: row[address.name]):
            owner = identifiers.email(str(written or ""))
            if owner in seen:
                raise PermanentError("one super admin is written in two forms", hint="write addresses in one form")
            if owner:
                seen.add(owner)
                yield _account(owner, list(group), problems)
            else:
                yield from _without_address(list(group), problems)


def _without_address(rows: Sequence[Raw], problems: list[SourceProblem]) -> Iterator[Account]:
    """Yield an account for each organisation (ZOID) of rows without a valid address; the other rows are left out."""
    by_zoid: dict[str, list[Raw]] = {}
    for row in rows:
        if zoid := identifiers.number(text(row, "zoid")):
            by_zoid.setdefault(zoid, []).append(row)
            continue
        message = "neither a valid address nor a ZOID"
        named = text(row, "subscription_id")
        problems.append(SourceProblem(account="", subscription=named, field="super_admin_email_norm", message=message))
    for each in by_zoid.values():
        yield _account("", each, problems)


def _account(address: str, rows: Sequence[Raw], problems: list[SourceProblem]) -> Account:
    account_id = next(iter(_values(rows, "customer_id")), None) or f"sql-{text(rows[0], 'subscription_id')}"
    found = [
        _subscription(named, each, account_id, problems) for named, each in _by_value(rows, "subscription_id").items()
    ]
    return Account(
        account_id=account_id,
        super_admin_email=address,
        items=tuple(item for each in found for item in each.items),
        contested=tuple(subscription for each in found for subscription in each.contested),
        countries=tuple(dict.fromkeys(code for each in _values(rows, "country_code") for code in country(each))),
        domain=next((each for each in map(_domain, _values(rows, "domain_norm")) if each), None),
        zoids=_numbers(rows, "zoid"),
        zgids=_numbers(rows, "zgid"),
        zuids=_numbers(rows, "zuid"),
    )


def _subscription(named: str, rows: Sequence[Raw], account_id: str, problems: list[SourceProblem]) -> SubscriptionLines:
    lines = each_once(named, [ItemLine(text(row, "item_kind"), _item(row, account_id, problems)) for row in rows])
    if lines.contested:
        message = "rows of one kind and plan code differ"
        problems.append(SourceProblem(account=account_id, subscription=named, field="plan_code", message=message))
    return lines


def _item(row: Raw, account_id: str, problems: list[SourceProblem]) -> LicenceItem:
    name, code = text(row, "plan_name"), text(row, "plan_code")
    number = stated_number(row, "quantity")
    problems += number.problems(account_id, text(row, "subscription_id"), "quantity")
    return LicenceItem(
        subscription_id=text(row, "subscription_id"),
        service=text(row, "service") or "unnamed service",
        name=number.named(name or code or "unnamed plan"),
        code=code,
        quantity=number.number,
        unit=text(row, "unit") or (NOT_STATED if number.number is None else ""),
        status=text(row, "status"),
        edition=f"{name} {code}".strip(),
        # A plan without a name may be a free one.
        paid=bool(name or code) and not is_free(name, code),
    )


def _by_value(rows: Iterable[Raw], column: str) -> Mapping[str, Sequence[Raw]]:
    grouped: dict[str, list[Raw]] = {}
    for row in rows:
        grouped.setdefault(text(row, column), []).append(row)
    return grouped


def _values(rows: Iterable[Raw], column: str) -> Sequence[str]:
    """Return the different values of a column, empty if there is no such column."""
    return tuple(dict.fromkeys(value for row in rows if (value := text(row, column))))


def _numbers(rows: Iterable[Raw], column: str) -> tuple[str, ...]:
    return tuple(number for each in _values(rows, column) if (number := identifiers.number(each)))


def _domain(written: str) -> str | None:
    domain = identifiers.domain(written)
    return None if domain is None or identifiers.is_public_mail(domain) else domain
