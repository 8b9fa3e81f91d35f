"""Bring a new copy of the subscription data in, and look again at the tickets that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from desk_sync.domain.subscription import Account
from desk_sync.ports import Now, Replaced, Subscriptions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAccounts:
    """Makes a set of accounts the current snapshot; the tickets that it concerns are looked at again.

    `max_age` is how long data can be relied on.
    """

    subscriptions: Subscriptions
    now: Now
    max_age: timedelta

    def run(self, accounts: Sequence[Account], *, source: str, as_of: date | None) -> Replaced:
        """All or nothing: a failure leaves the former snapshot as it was."""
        replaced = self.subscriptions.replace(
            accounts, source=source, as_of=as_of, now=self.now(), max_age=self.max_age
        )
        log.info(
            "accounts.imported",
            source=source,
            accounts=len(accounts),
            changed=replaced.changed,
            tickets=replaced.tickets,
        )
        return replaced
