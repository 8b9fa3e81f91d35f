"""Several rows about one subscription: the newest, or all that can be true. Their positions decide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from desk_sync.adapters.subscriptions.tables.cells import shown
from desk_sync.adapters.subscriptions.tables.subscription_row import SubscriptionRow
from desk_sync.domain.account.licence_policy import plain
from desk_sync.domain.account.subscription import ContestedSubscription, LicenceItem
from desk_sync.errors import Problem

MOST_READINGS = 20
_DIFFER = "rows of one date differ about"
_HIDDEN = "hidden rows may count for"
_FACTS = {
    "account_id": "super_admin_email",
    "customer_domain": "domain",
    "partner_domain": "partner_domain",
    "partner_tag_status": "tagged",
}
"""The columns of which an account has one value, and that value in a row."""


@dataclass(frozen=True, slots=True)
class OneSubscription:
    """The rows about one subscription without repetitions: all in the order of the files, and the `newest` of them.

    Several are the newest if their dates are the same, or missing.
    """

    rows: Sequence[SubscriptionRow]
    newest: Sequence[SubscriptionRow]

    @property
    def contested(self) -> ContestedSubscription | None:
        """What may be true, if that is more than one thing: by all rows, and by those that are not hidden."""
        in_sight = [row for row in self.rows if not row.hidden]
        by_all = _readings(self.newest)
        seen = by_all if len(in_sight) == len(self.rows) else _readings(list(_newest(in_sight)) if in_sight else ())
        readings = tuple(dict.fromkeys((*by_all, *seen)))
        if len(readings) == 1:
            return None
        doubt = _DIFFER if seen == by_all else _HIDDEN
        return ContestedSubscription(subscription_id=self.rows[0].subscription_id, readings=readings, doubt=doubt)


def _readings(newest: Sequence[SubscriptionRow]) -> Sequence[tuple[LicenceItem, ...]]:
    """Return the items that rows of one age may mean: each of them, or one row for each item. No row means none.

    Their order follows from their values.
    """
    if not newest:
        return [()]
    if len(newest) == 1:
        return [newest[0].items]
    different = sorted({row.items for row in newest}, key=repr)
    return different if len(different) == 1 else [*different, _together(item for items in different for item in items)]


def one_of_each(rows: Iterable[SubscriptionRow]) -> Sequence[OneSubscription]:
    """Return every subscription once, in the order of their first rows."""
    by_id: dict[str, dict[SubscriptionRow, SubscriptionRow]] = {}
    for row in rows:
        same = by_id.setdefault(row.subscription_id, {})
        if same.setdefault(row, row).hidden:
            same[row] = row
    each_once = (list(same.values()) for same in by_id.values())
    return [OneSubscription(same, list(_newest(same))) for same in each_once]


def repetitions(subscriptions: Iterable[OneSubscription]) -> Iterator[Problem]:
    """Yield a warning for each row after the first of its subscription that says something else."""
    for one in subscriptions:
        for row in one.rows[1:]:
            other = one.rows[0] if row in one.newest else one.newest[0]
            both = row in one.newest and other in one.newest
            decided = "of no later date, and they differ" if both else f"line {one.newest[0].line} is newer"
            message = f"subscription {shown(row.subscription_id)} is on {position(other, row)} too; {decided}"
            yield row.problem("subscription_id", message)


def contradictions(subscriptions: Iterable[OneSubscription]) -> Iterator[Problem]:
    """Yield the mistakes of rows of one age that give one subscription to two accounts, domains or partners."""
    for one in (each for each in subscriptions if len(each.newest) > 1):
        for column, fact in _FACTS.items():
            stated = {getattr(row, fact): row for row in one.newest if getattr(row, fact) not in (None, "")}
            if len(stated) > 1:
                yield from _contradicted(list(stated.values()), column)
        if len(one.newest) > MOST_READINGS:
            message = f"{len(one.newest):,} rows of one date differ about one subscription"
            yield one.rows[0].problem("subscription_id", message, "keep the row that is right")


def spellings(subscriptions: Iterable[OneSubscription]) -> Iterator[Problem]:
    """Yield the mistakes of ids that differ only in zeros in front, which a spreadsheet drops: perhaps they are one."""
    alike: dict[str, list[SubscriptionRow]] = {}
    for one in subscriptions:
        if one.rows[0].subscription_id.isdecimal():
            alike.setdefault(one.rows[0].subscription_id.lstrip("0"), []).append(one.rows[0])
    for rows in (each for each in alike.values() if len(each) > 1):
        for row in rows:
            other = rows[1] if row is rows[0] else rows[0]
            same = f"{shown(other.subscription_id)} on {position(other, row)}"
            message = f"{shown(row.subscription_id)} is perhaps the same id as {same}"
            hint = "write one id in one way, with its zeros in front: format the column as text"
            yield row.problem("subscription_id", message, hint)


def _contradicted(rows: Sequence[SubscriptionRow], column: str) -> Iterator[Problem]:
    for row in rows:
        other = rows[1] if row is rows[0] else rows[0]
        message = f"{position(other, row)} says something else about the same subscription and date"
        yield row.problem(column, message, "keep the row that is right")


def position(row: SubscriptionRow, seen_from: SubscriptionRow) -> str:
    """Return the line of a row, with its file if it is another one."""
    return f"line {row.line}" if row.file == seen_from.file else f"line {row.line} of {row.file}"


def _newest(rows: Sequence[SubscriptionRow]) -> Iterator[SubscriptionRow]:
    """Yield the rows that no other is newer than: by `as_of_date`, of one day by `start_date`. No date is no age."""
    if len(rows) == 1:
        yield rows[0]
        return
    last_day = max((row.as_of for row in rows if row.as_of), default=None)
    last_start: dict[date | None, date] = {}
    for row in rows:
        if row.started:
            last_start[row.as_of] = max(row.started, last_start.get(row.as_of, row.started))
    for row in rows:
        if row.as_of in (None, last_day) and row.started in (None, last_start.get(row.as_of)):
            yield row


def _together(items: Iterable[LicenceItem]) -> tuple[LicenceItem, ...]:
    """Return every item once; of one item with several quantities the largest, one without a number before all."""
    by_name: dict[tuple[object, ...], LicenceItem] = {}
    for item in sorted(items, key=_size):
        words = map(plain, (item.service, item.name, item.code, item.unit, item.status, item.edition))
        by_name[(*words, item.paid)] = item
    return tuple(by_name.values())


def _size(item: LicenceItem) -> tuple[bool, int]:
    return item.quantity is None, item.quantity or 0
