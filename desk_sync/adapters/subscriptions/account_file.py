"""Accounts from subscription exports, CSV or XLSX, with one row for each subscription.

Rows with the same super-admin address are one account, in the same file or in several.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from desk_sync.adapters.subscriptions.one_of_each import (
    OneSubscription,
    contradictions,
    one_of_each,
    position,
    repetitions,
    spellings,
)
from desk_sync.adapters.subscriptions.tables.account_names import names_without_account
from desk_sync.adapters.subscriptions.tables.cells import shown
from desk_sync.adapters.subscriptions.tables.subscription_row import REQUIRED, SubscriptionRow, read_subscription
from desk_sync.adapters.subscriptions.tables.table_file import TableNotes, TableRow, read_rows
from desk_sync.adapters.text.countries import COUNTRIES, MISTAKEN_CODES
from desk_sync.adapters.yaml.problems import did_you_mean
from desk_sync.domain.account.licence_policy import plain
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import InputError, Problem, TemporaryError
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import AccountFile, CheckpointStore, PulledAccounts

SETTLED = timedelta(minutes=1)
RowTracker: TypeAlias = Callable[[Iterable[TableRow]], Iterable[TableRow]]


def read_accounts(*paths: str | Path, regions: Collection[str] = ()) -> AccountFile:
    """Return the accounts of the exports, in the order of their first rows. Raises InputError with every mistake.

    A region that is none of `regions` is a warning, unless they are empty.
    """
    file = read_correct_accounts(paths, regions=regions)
    if file.refused:
        raise InputError(file.refused[0].file, file.refused)
    return file


def read_correct_accounts(
    paths: Sequence[str | Path], track: RowTracker = iter, *, regions: Collection[str] = ()
) -> AccountFile:
    """Return the accounts whose rows are all correct: an account with a row left out would be wrong.

    All rows pass through `track`. Raises InputError for a file that is not a table of subscriptions.
    """
    notes = TableNotes()
    refused: list[Problem] = []
    broken: set[str] = set()
    subscriptions: list[SubscriptionRow] = []
    for path in paths:
        for row in track(read_rows(Path(path), REQUIRED, notes)):
            subscription = read_subscription(row)
            if problems := row.problems:
                refused += problems
                broken.update(row.names(), (subscription.account_id, subscription.super_admin_email))
            else:
                subscriptions.append(subscription)
    refused += _accounts_of_several_addresses(subscriptions)
    each_once = one_of_each(subscriptions)
    refused += contradictions(each_once)
    refused += spellings(each_once)
    refused += _sheets_of_several_days(paths, subscriptions)
    order = {each: number for number, each in enumerate(dict.fromkeys(problem.file for problem in refused))}
    refused.sort(key=lambda problem: (order[problem.file], problem.line, problem.column))
    if notes.problems:
        raise InputError(str(paths[0]), [*notes.problems, *refused])
    correct = _correct(subscriptions, refused, broken)
    file = _file(correct, each_once if correct is subscriptions else one_of_each(correct), refused, regions)
    return replace(file, warnings=(*notes.unread, *notes.warnings, *notes.hidden, *file.warnings))


@dataclass(frozen=True, slots=True)
class FileSource:
    """An export that another program renews, as a source. One refused row refuses the whole pull.

    A file that is being written waits: one that changes while it is read, and one without a last line end that is
    younger than a minute by `now`.
    """

    path: Path
    now: Now | None = None

    def pull(self, _: CheckpointStore) -> PulledAccounts:
        """Raises InputError with every mistake of the file, and TemporaryError if it is being written."""
        before = _state_of(self.path)
        file = read_accounts(self.path)
        if before != _state_of(self.path) or self._is_unfinished():
            raise TemporaryError(f"{self.path} is being written", retry_after=SETTLED)
        return PulledAccounts(accounts=file.accounts, as_of=file.as_of)

    def _is_unfinished(self) -> bool:
        content = self.path.read_bytes()
        if self.now is None or content.startswith(b"PK") or content.endswith((b"\n", b"\r", b"\n\0")):
            return False
        return self.now().timestamp() - self.path.stat().st_mtime < SETTLED.total_seconds()


def _file(
    rows: Sequence[SubscriptionRow],
    subscriptions: Sequence[OneSubscription],
    refused: Sequence[Problem],
    regions: Collection[str],
) -> AccountFile:
    by_address: dict[str, list[OneSubscription]] = {}
    for each in subscriptions:
        by_address.setdefault(each.newest[0].super_admin_email, []).append(each)
    first = {address: ones[0].newest[0] for address, ones in by_address.items()}
    accounts = tuple(map(_account, by_address.values()))
    warnings = [*_unknown_countries(rows), *_unknown_regions(rows, regions), *repetitions(subscriptions)]
    warnings += names_without_account(rows, accounts)
    return AccountFile(
        accounts=accounts,
        as_of=max((each.as_of for each in rows if each.as_of), default=None),
        warnings=tuple(sorted(warnings, key=lambda warning: warning.line)),
        refused=tuple(refused),
        places={row.account_id: (row.file, row.line) for row in first.values()},
    )


def _correct(
    subscriptions: Sequence[SubscriptionRow], refused: Iterable[Problem], broken: Collection[str]
) -> Sequence[SubscriptionRow]:
    """Return the rows of accounts without a refused row, which names its account by id, by address, or by both.

    `broken` are the names in rows that could not be read, wherever they stand in the row.
    """
    places = {(problem.file, problem.line) for problem in refused}
    if not places:
        return subscriptions
    wrong = [each for each in subscriptions if (each.file, each.line) in places]
    excluded = {*broken, *(name for each in wrong for name in (each.account_id, each.super_admin_email))}
    return [each for each in subscriptions if not {each.account_id, each.super_admin_email} & excluded]


def _accounts_of_several_addresses(subscriptions: Iterable[SubscriptionRow]) -> Iterator[Problem]:
    first: dict[str, SubscriptionRow] = {}
    for each in (each for each in subscriptions if each.account_id and each.super_admin_email):
        known = first.setdefault(each.account_id, each)
        if each.super_admin_email != known.super_admin_email:
            yield each.problem(
                "account_id", f"{shown(each.account_id)} has another super admin on {position(known, each)}"
            )


def _sheets_of_several_days(paths: Iterable[str | Path], rows: Sequence[SubscriptionRow]) -> Iterator[Problem]:
    """Yield the sheets of a workbook that are older than another one: what the newer one lacks has perhaps ended."""
    newest: dict[str, SubscriptionRow] = {}
    of_sheets = {row.file for row in rows} - set(map(str, paths))
    for row in (row for row in rows if of_sheets and row.as_of):
        known = newest.setdefault(row.file, row)
        if row.as_of and known.as_of and row.as_of > known.as_of:
            newest[row.file] = row
    for path in paths:
        sheets = [row for file, row in newest.items() if file.startswith(f"{path}[")]
        last = max(sheets, key=lambda row: row.as_of or date.min, default=None)
        for row in sheets:
            if last and row.as_of != last.as_of:
                message = f"the sheet is of {row.as_of}, and another one of {last.as_of}"
                yield row.problem("as_of_date", message, "hide the sheet, or import it as a file of its own")


def _unknown_countries(subscriptions: Iterable[SubscriptionRow]) -> Iterator[Problem]:
    for each in subscriptions:
        if each.country and each.country not in COUNTRIES:
            message = f"{shown(each.country)} is not an ISO 3166-1 alpha-2 country code"
            yield each.problem("country_code", message, did_you_mean(MISTAKEN_CODES.get(each.country)))


def _unknown_regions(subscriptions: Iterable[SubscriptionRow], regions: Collection[str]) -> Iterator[Problem]:
    known = {plain(region): region for region in regions}
    for each in subscriptions:
        if known and each.region and plain(each.region) not in known:
            message = f"{shown(each.region)} is not a region of the mapping, so the country decides"
            yield each.problem("region", message, f"the mapping has {', '.join(known.values())}")


def _account(subscriptions: Sequence[OneSubscription]) -> Account:
    rows = [row for each in subscriptions for row in each.newest]
    contested = [each.contested for each in subscriptions]
    return Account(
        account_id=rows[0].account_id,
        super_admin_email=rows[0].super_admin_email,
        items=tuple(
            item
            for each, unsettled in zip(subscriptions, contested, strict=True)
            if not unsettled
            for item in each.newest[0].items
        ),
        contested=tuple(filter(None, contested)),
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


def _state_of(path: Path) -> tuple[int, int] | None:
    """Return the size and the time of the last change of a file; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
