"""A table or view of a data warehouse: one row for each licence item; the rows of one super admin are one account.

Only SELECT is ever sent. Quantities are whole numbers of the unit. `super_admin_email_norm` can be in any form: it is
converted to ours. Rows of one subscription, kind and plan code that say the same are one row; if they differ, a person
decides if it matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, MetaData, String, Table, cast, select, true
from sqlalchemy import exc as sql

from desk_sync.adapters.subscriptions.item_lines import (
    NOT_STATED,
    ItemLine,
    SubscriptionLines,
    each_once,
    is_free,
    stated_number,
)
from desk_sync.adapters.subscriptions.lenient import Raw, country, text
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.errors import ConfigurationError, PermanentError, TemporaryError
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
_ROWS_AT_ONCE = 1000
STATEMENT_TIMEOUT = timedelta(minutes=5)
"""How long PostgreSQL may take for one statement, or for one portion of rows."""
_COLUMNS = {
    IdentifierKind.EMAIL: "super_admin_email_norm",
    IdentifierKind.DOMAIN: "domain_norm",
    IdentifierKind.ZOID: "zoid",
    IdentifierKind.ZGID: "zgid",
    IdentifierKind.ZUID: "zuid",
}


@dataclass(frozen=True, slots=True)
class SqlTable:
    """The table as a source."""

    engine: Engine
    table: str

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

    def _described(self) -> Table:
        schema, _, name = self.table.rpartition(".")
        try:
            with self._source_errors():
                table = Table(name, MetaData(), schema=schema or None, autoload_with=self.engine)
        except sql.NoSuchTableError:
            raise ConfigurationError(f"the database has no table or view {self.table}") from None
        if missing := [column for column in REQUIRED if column not in table.c]:
            raise ConfigurationError(f"{self.table} has no column {', '.join(missing)}")
        return table

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Open a connection that cannot write. PostgreSQL streams rows only within a transaction."""
        postgresql = self.engine.dialect.name == "postgresql"
        options: dict[str, Any] = {"postgresql_readonly": True} if postgresql else {"without_begin": True}
        with self._source_errors(), self.engine.connect().execution_options(**options) as connection:
            if postgresql:
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT.seconds * 1000}")
            yield connection

    @contextmanager
    def _source_errors(self) -> Iterator[None]:
        """Translate errors of the source's database, which is not ours."""
        try:
            yield
        except (sql.DBAPIError, sql.TimeoutError) as error:
            reason = str(getattr(error, "orig", None) or "no free connection").partition("\n")[0]
            if "permission denied" in reason:
                message = f"the user lacks SELECT on {self.table}: {reason}"
                raise ConfigurationError(message, hint=f"GRANT SELECT ON {self.table} to this user") from error
            if isinstance(error, sql.OperationalError | sql.InterfaceError | sql.TimeoutError):
                raise TemporaryError(f"the source's database does not answer: {reason}") from error
            raise PermanentError(f"the source's database refused: {reason}") from error

    def _accounts(
        self, table: Table, condition: ColumnElement[bool], problems: list[SourceProblem]
    ) -> Iterator[Account]:
        columns = [table.c[name] for name in (*REQUIRED, *OPTIONAL) if name in table.c]
        address = table.c.super_admin_email_norm
        query = select(*columns).where(condition).order_by(address).execution_options(yield_per=_ROWS_AT_ONCE)
        seen: set[str] = set()
        with self._reading() as connection:
            found = (dict(row) for row in connection.execute(query).mappings())
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
