"""The account ids of a file that no account has: their rows count for another account, or no longer at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from desk_sync.adapters.subscriptions.tables.cells import shown
from desk_sync.adapters.subscriptions.tables.subscription_row import SubscriptionRow
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import Problem


def names_without_account(rows: Iterable[SubscriptionRow], accounts: Iterable[Account]) -> Iterator[Problem]:
    """Yield a warning at the first row of each account id that is not the id of one of `accounts`."""
    by_address = {account.super_admin_email: account.account_id for account in accounts}
    named = set(by_address.values())
    for row in rows:
        if row.account_id not in named:
            named.add(row.account_id)
            yield row.problem("account_id", _outcome(row, by_address.get(row.super_admin_email)))


def _outcome(row: SubscriptionRow, taken_with: str | None) -> str:
    if taken_with is None:
        return f"{shown(row.account_id)} has no subscription left: newer rows give them to other accounts"
    return f"{shown(row.account_id)} has the super admin of {shown(taken_with)}, and is taken together with it (C18)"
