"""Import a new copy of a source's subscription data, and mark the tickets of changed accounts for a look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from desk_sync.domain.account.entitlement import licence_bounds
from desk_sync.domain.account.freshness import FreshnessPolicy, FreshnessRule
from desk_sync.domain.account.licence_policy import LicencePolicy
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.fingerprint import fingerprint
from desk_sync.errors import Shrunk
from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import (
    FILE,
    AccountFile,
    PullTurn,
    ReplacedSnapshot,
    ShrinkGuard,
    SnapshotSize,
    SubscriptionStore,
)

log = get_logger()

MAX_SHRINK = 0.2


IMPORT_ANYWAY = "`subscriptions import --force` imports it anyway"
GROWTH = 2.0
"""A source that is more than so many times as large as some days ago has perhaps repeated what it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrinkLimit:
    """Refuses data that lost more than the share `max_shrink` of the accounts or of the counted licences.

    `anyway` says how a person imports them nevertheless.
    """

    policy: LicencePolicy
    max_shrink: float = MAX_SHRINK
    anyway: str = IMPORT_ANYWAY

    @property
    def ruler(self) -> str:
        return ruler_of(self.policy)

    def licences(self, account: Account) -> int:
        return licence_bounds(account, self.policy).low.total()

    def check(self, before: SnapshotSize, after: SnapshotSize) -> None:
        """Raise Shrunk if too much is missing. Data that were empty before cannot shrink."""
        for what, was, now in _compared(before, after):
            if now < was * (1 - self.max_shrink):
                raise Shrunk(
                    f"{now} {what} where there were {was}: more than {self.max_shrink:.0%} are missing",
                    hint=f"check that the data are complete; {self.anyway}",
                )

    def remarks(self, earlier: SnapshotSize, after: SnapshotSize, *, licences: bool) -> Iterator[str]:
        for what, was, now in _compared(earlier, after):
            if what == "licences" and not licences:
                continue
            if now < was * (1 - self.max_shrink):
                yield f"{now} {what} where there were {was}, a loss in small steps"
            if was and now > was * GROWTH:
                yield f"{now} {what} where there were {was}, a sudden growth"


_ANY_AGE = FreshnessPolicy(usual=FreshnessRule(max_age=timedelta(days=1)))


def ruler_of(policy: LicencePolicy) -> str:
    """Return the digest of the rules by which licences are counted; with what they are compared is no part of it."""
    nothing: Mapping[str, str] = {}
    return fingerprint(
        replace(policy, thresholds={}, region_of_country=nothing, region_of_data_center=nothing, freshness=_ANY_AGE)
    )


def _compared(before: SnapshotSize, after: SnapshotSize) -> Iterator[tuple[str, int, int]]:
    yield "accounts", before.accounts, after.accounts
    yield "licences", before.licences, after.licences


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAccounts:
    """Makes a set of accounts a source's current snapshot, and marks the tickets that it concerns for a look."""

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
        turn: PullTurn | None = None,
        dry_run: bool = False,
    ) -> ReplacedSnapshot:
        """Replace the snapshot, all or nothing: a failure leaves the old one in place.

        The data of a pull, which has a `turn`, are as old as the beginning of its run.

        Raises Shrunk, and any error that iterating `accounts` raises.
        """
        anyway = f"`subscriptions pull {source} --force` takes it anyway" if turn else IMPORT_ANYWAY
        guard: ShrinkGuard = ShrinkLimit(policy=self.policy, max_shrink=max_shrink, anyway=anyway)
        replaced = self.subscriptions.replace(
            accounts,
            source=source,
            as_of=as_of,
            now=self.now(),
            freshness=self.policy.freshness,
            guard=guard,
            turn=turn,
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

    def run_file(self, file: AccountFile) -> ReplacedSnapshot:
        """Make the content of account exports the current data of the source `FILE`. Raise Shrunk."""
        return self.run(file.accounts, source=FILE, as_of=file.as_of)

    def go_on(self) -> None:
        """Mark the tickets that are left of an import that died after its snapshot became current."""
        if tickets := self.subscriptions.mark_rest(now=self.now(), freshness=self.policy.freshness):
            log.warning("accounts.marked_late", tickets=tickets)
