"""A table or view of a data warehouse: one row for each licence item; the rows of one super admin are one account.

Only SELECT is ever sent. Quantities are whole numbers of the unit. `super_admin_email_norm` can be in any form: it is
converted to ours. Rows of one subscription, kind and plan code that say the same are one row; if they differ, a person
decides if it matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from sqlalchemy import (
    Column,
    ColumnElement,
    Engine,
    MetaData,
    String,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)

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
from desk_sync.domain.account.subscription import Account, ContestedSubscription, LicenceItem
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
        return list(self._accounts(table, _concerned(table, column, identifier.value), []))

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
        query = select(*columns).where(condition).order_by(case((_looks_valid(table), 1), else_=0), address)
        seen: set[str] = set()
        unowned, owned = UnownedRows(problems), set[str]()
        for written, group in groupby(self._database.rows(query), key=lambda row: row[address.name]):
            owner = identifiers.email(str(written or ""))
            if owner in seen:
                raise PermanentError("one super admin is written in two forms", hint="write addresses in one form")
            if owner is None:
                unowned.take(group)
                continue
            seen.add(owner)
            account = _account(owner, list(group), problems)
            owned.update(account.zoids)
            yield unowned.doubted(account)
        yield from unowned.accounts(owned)


def _looks_valid(table: Table) -> ColumnElement[bool]:
    """The condition that a row has an address; rows without one are read first."""
    return func.coalesce(table.c.super_admin_email_norm, "").like("%_@_%.__%")


def _concerned(table: Table, column: str, value: str) -> ColumnElement[bool]:
    """The condition for the rows of the super admins with this value, and of their organisations without an admin."""
    named = table.alias()
    has_value = cast(named.c[column], String) == value
    of_admins = table.c.super_admin_email_norm.in_(select(named.c.super_admin_email_norm).where(has_value))
    if "zoid" not in table.c:
        return of_admins
    of_organisations = table.c.zoid.in_(select(named.c.zoid).where(has_value))
    return or_(of_admins, and_(not_(_looks_valid(table)), of_organisations))


@dataclass(slots=True)
class UnownedRows:
    """Rows without a valid address, by their organisation (ZOID); those without one are left out, and noted.

    They may belong to each super admin of their organisation: a person decides where it matters.
    """

    problems: list[SourceProblem]
    by_zoid: dict[str, list[Raw]] = field(default_factory=dict)

    def take(self, rows: Iterable[Raw]) -> None:
        for row in rows:
            if zoid := identifiers.number(text(row, "zoid")):
                self.by_zoid.setdefault(zoid, []).append(row)
                continue
            message = "neither a valid address nor a ZOID"
            problem = SourceProblem(
                account="", subscription=text(row, "subscription_id"), field="super_admin_email_norm", message=message
            )
            self.problems.append(problem)

    def doubted(self, account: Account) -> Account:
        """Return the account with what may belong to it."""
        rows = [row for zoid in account.zoids for row in self.by_zoid.get(zoid, ())]
        if not rows:
            return account
        message = "rows of the organisation have no super admin"
        self.problems.append(
            SourceProblem(account=account.account_id, subscription="", field="super_admin_email_norm", message=message)
        )
        perhaps = _account("", rows, [])
        return replace(
            account,
            contested=(
                *account.contested,
                *(replace(each, readings=((), *each.readings), doubt=_NO_ADMIN) for each in perhaps.contested),
                ContestedSubscription(
                    subscription_id=text(rows[0], "subscription_id"), readings=((), perhaps.items), doubt=_NO_ADMIN
                ),
            ),
        )

    def accounts(self, owned: Collection[str]) -> Iterator[Account]:
        """Yield an account for each organisation that no super admin has."""
        for zoid, rows in self.by_zoid.items():
            if zoid not in owned:
                yield _account("", rows, self.problems)


_NO_ADMIN = "no super admin is named for"


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
