"""Bring a new copy of a source's subscription data in, and look again at the tickets that it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import structlog

from desk_sync.domain.account.entitlement import ItemStanding, judge
from desk_sync.domain.account.licence_policy import LicencePolicy
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import Shrunk
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import ReplacedSnapshot, ShrinkGuard, SnapshotSize, SubscriptionStore

log = structlog.get_logger()

MAX_SHRINK = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrinkLimit:
    """Refuses data that lost more than the share `max_shrink` of their accounts, or of the licences that count."""

    policy: LicencePolicy
    max_shrink: float = MAX_SHRINK

    def licences(self, account: Account) -> int:
        return sum(item.quantity for item in account.items if judge(item, self.policy).standing is ItemStanding.COUNTED)

    def check(self, before: SnapshotSize, after: SnapshotSize) -> None:
        """Raises Shrunk. What was empty cannot shrink."""
        for what, was, now in (
            ("accounts", before.accounts, after.accounts),
            ("licences", before.licences, after.licences),
        ):
            if now < was * (1 - self.max_shrink):
                raise Shrunk(
                    f"{now} {what} where there were {was}: more than {self.max_shrink:.0%} are missing",
                    hint="is the export complete? `subscriptions import --force` takes it as it is",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAccounts:
    """Makes a set of accounts a source's current snapshot; the tickets that it concerns are looked at again."""

    subscriptions: SubscriptionStore
    policy: LicencePolicy
    now: Now

    def run(
        self,
        accounts: Iterable[Account],
        *,
        source: str,
        as_of: date | None,
        max_shrink: float = MAX_SHRINK,
        dry_run: bool = False,
    ) -> ReplacedSnapshot:
        """All or nothing: a failure leaves the former snapshot as it was. Raises Shrunk, and what `accounts` raise."""
        guard: ShrinkGuard = ShrinkLimit(policy=self.policy, max_shrink=max_shrink)
        replaced = self.subscriptions.replace(
            accounts,
            source=source,
            as_of=as_of,
            now=self.now(),
            max_age=self.policy.max_age,
            guard=guard,
            dry_run=dry_run,
        )
        if not dry_run:
            log.info(
                "accounts.imported",
                source=source,
                added=replaced.added,
                differing=replaced.differing,
                removed=replaced.removed,
                tickets=replaced.tickets,
            )
        return replaced

    def go_on(self) -> None:
        """Mark the tickets that an import left unmarked which died when its data were current already."""
        if tickets := self.subscriptions.mark_rest(now=self.now(), max_age=self.policy.max_age):
            log.warning("accounts.marked_late", tickets=tickets)
