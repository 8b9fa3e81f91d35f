"""Accounts from subscription exports, CSV or XLSX, with one row for each subscription.

Rows with the same super-admin address are one account, in the same file or in several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from desk_sync.adapters.subscriptions.subscription_row import REQUIRED, SubscriptionRow, read_subscription
from desk_sync.adapters.subscriptions.table_file import TableRow, read_rows
from desk_sync.adapters.text.countries import COUNTRIES, MISTAKEN_CODES
from desk_sync.adapters.yaml.problems import did_you_mean
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import InputError, Problem
from desk_sync.ports.subscriptions import AccountFile, CheckpointStore, PulledAccounts

RowTracker: TypeAlias = Callable[[Iterable[TableRow]], Iterable[TableRow]]


def read_accounts(*paths: str | Path) -> AccountFile:
    """Return the accounts of the exports, in the order of their first rows. Raises InputError with every mistake."""
    file = read_correct_accounts(paths)
    if file.refused:
        raise InputError(file.refused[0].file, file.refused)
    return file


def read_correct_accounts(paths: Sequence[str | Path], track: RowTracker = iter) -> AccountFile:
    """Return the accounts whose rows are all correct: an account with a row left out would be wrong.

    All rows pass through `track`. Raises InputError for a file that is not a table of subscriptions.
    """
    unusable: list[Problem] = []
    refused: list[Problem] = []
    subscriptions: list[SubscriptionRow] = []
    for path in paths:
        for row in track(read_rows(Path(path), REQUIRED, unusable)):
            if not row.problems:
                subscriptions.append(read_subscription(row))
            refused += row.problems
    refused += _accounts_of_several_addresses(subscriptions)
    by_file = {str(path): number for number, path in enumerate(paths)}
    refused.sort(key=lambda problem: (by_file[problem.file], problem.line, problem.column))
    if unusable:
        raise InputError(str(paths[0]), [*unusable, *refused])
    return _file(_correct(subscriptions, refused), refused)


@dataclass(frozen=True, slots=True)
class FileSource:
    """An export that another program renews, as a source. One refused row refuses the whole pull."""

    path: Path

    def pull(self, _: CheckpointStore) -> PulledAccounts:
        """Raises InputError with every mistake of the file."""
        file = read_accounts(self.path)
        return PulledAccounts(accounts=file.accounts, as_of=file.as_of)


def _file(subscriptions: Sequence[SubscriptionRow], refused: Sequence[Problem]) -> AccountFile:
    warnings = list(_unknown_countries(subscriptions))
    by_address: dict[str, list[SubscriptionRow]] = {}
    for subscription in _one_of_each(subscriptions, warnings):
        by_address.setdefault(subscription.super_admin_email, []).append(subscription)
    return AccountFile(
        accounts=tuple(_account(rows) for rows in by_address.values()),
        as_of=max((each.as_of for each in subscriptions if each.as_of), default=None),
        warnings=tuple(sorted(warnings, key=lambda warning: warning.line)),
        refused=tuple(refused),
        places={rows[0].account_id: (rows[0].file, rows[0].line) for rows in by_address.values()},
    )


def _correct(subscriptions: Sequence[SubscriptionRow], refused: Iterable[Problem]) -> Sequence[SubscriptionRow]:
    """Return the rows of accounts without a refused row, which names its account by id, by address, or by both."""
    places = {(problem.file, problem.line) for problem in refused}
    if not places:
        return subscriptions
    broken = [each for each in subscriptions if (each.file, each.line) in places]
    excluded = {name for each in broken for name in (each.account_id, each.super_admin_email)}
    return [each for each in subscriptions if not {each.account_id, each.super_admin_email} & excluded]


def _accounts_of_several_addresses(subscriptions: Iterable[SubscriptionRow]) -> Iterator[Problem]:
    first: dict[str, SubscriptionRow] = {}
    for each in (each for each in subscriptions if each.account_id and each.super_admin_email):
        known = first.setdefault(each.account_id, each)
        if each.super_admin_email != known.super_admin_email:
            message = f"{each.account_id} has another super admin on {_position(known, each)}"
            yield Problem(message=message, where="account_id", line=each.line, file=each.file)


def _position(one: SubscriptionRow, seen_from: SubscriptionRow) -> str:
    return f"line {one.line}" if one.file == seen_from.file else f"line {one.line} of {one.file}"


def _unknown_countries(subscriptions: Iterable[SubscriptionRow]) -> Iterator[Problem]:
    for each in subscriptions:
        if each.country and each.country not in COUNTRIES:
            message = f"{each.country} is not an ISO 3166-1 alpha-2 country code"
            hint = did_you_mean(MISTAKEN_CODES.get(each.country))
            yield Problem(message=message, where="country_code", line=each.line, file=each.file, hint=hint)


def _one_of_each(subscriptions: Iterable[SubscriptionRow], warnings: list[Problem]) -> Iterable[SubscriptionRow]:
    """Return every subscription once: of rows that differ, the newest by `as_of_date`, `start_date` and position."""
    kept: dict[str, SubscriptionRow] = {}
    for each in subscriptions:
        known = kept.setdefault(each.subscription_id, each)
        if each != known:
            newest = kept[each.subscription_id] = each if each.age >= known.age else known
            message = f"subscription {each.subscription_id} is on {_position(known, each)} too"
            message += f"; line {newest.line} is newer"
            warnings.append(Problem(message=message, where="subscription_id", line=each.line, file=each.file))
    return kept.values()


def _account(rows: Sequence[SubscriptionRow]) -> Account:
    return Account(
        account_id=rows[0].account_id,
        super_admin_email=rows[0].super_admin_email,
        items=tuple(item for row in rows for item in row.items),
        countries=_distinct(rows, _COUNTRY),
        regions=_distinct(rows, _REGION),
        data_centers=_distinct(rows, _DATA_CENTER),
        domain=next((row.domain for row in rows if row.domain), None),
        zoids=_distinct(rows, _ZOID),
        zgids=_distinct(rows, _ZGID),
        zuids=_distinct(rows, _ZUID),
        partner_domain=next((row.partner_domain for row in rows if row.partner_domain), None),
        tagged=any(row.tagged for row in rows),
    )


_COUNTRY, _REGION, _DATA_CENTER = attrgetter("country"), attrgetter("region"), attrgetter("data_center")
_ZOID, _ZGID, _ZUID = attrgetter("zoid"), attrgetter("zgid"), attrgetter("zuid")


def _distinct(rows: Sequence[SubscriptionRow], value: Callable[[SubscriptionRow], str | None]) -> tuple[str, ...]:
    """Return the different values of the rows, in their order, without empty ones."""
    return tuple(filter(None, dict.fromkeys(map(value, rows))))
