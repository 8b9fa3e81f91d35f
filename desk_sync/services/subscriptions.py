"""Bring a new copy of the subscription data in, and look again at the tickets that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from desk_sync.domain.subscription import Account, Snapshot
from desk_sync.ports import Now, Subscriptions, Tickets

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: the snapshot, and how many accounts and open tickets it concerns."""

    snapshot: Snapshot
    accounts: int
    changed: int
    tickets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAccounts:
    """Makes a set of accounts the current snapshot; the tickets of every portal are looked at again."""

    subscriptions: Subscriptions
    portals: Sequence[Tickets]
    now: Now

    def run(self, accounts: Sequence[Account], *, source: str, as_of: date | None) -> Imported:
        """All or nothing: a failure leaves the former snapshot as it was."""
        now = self.now()
        snapshot, changed = self.subscriptions.replace(accounts, source=source, as_of=as_of, now=now)
        marked = sum(tickets.look_at_accounts(changed, now=now) for tickets in self.portals) if changed else 0
        log.info("accounts.imported", source=source, accounts=len(accounts), changed=len(changed), tickets=marked)
        return Imported(snapshot=snapshot, accounts=len(accounts), changed=len(changed), tickets=marked)
