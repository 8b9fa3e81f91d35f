"""Look one identifier up in the subscription data, without a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk_sync.domain.account.freshness import SnapshotAge
from desk_sync.domain.account.identity import Evidence, EvidencePlace, Identifier, Lookup, choose
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.plan.decision import Decision, assess
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.reason import Reason
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import SubscriptionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupAnswer:
    """The readings of an identifier, all accounts they may lead to, and the decision for the one that they give.

    `data` are the ages of the data that the decision rests on; None if there are no data.
    """

    readings: tuple[Identifier, ...]
    accounts: Sequence[Account]
    lookup: Lookup
    decision: Decision
    data: SnapshotAge | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLookup:
    """Looks one identifier up."""

    subscriptions: SubscriptionStore
    policy: Policy
    now: Now

    def run(self, readings: tuple[Identifier, ...]) -> LookupAnswer:
        """Return the answer for one identifier. A number without a label has three readings: ZOID, ZGID and ZUID."""
        lookup, accounts = self._find(readings)
        now = self.now()
        decision = assess(lookup, self.policy, now)
        snapshot = (lookup.account and lookup.account.origin) or lookup.snapshot
        data = self.policy.licences.freshness.age(snapshot, now) if snapshot else None
        return LookupAnswer(readings=readings, accounts=accounts, lookup=lookup, decision=decision, data=data)

    def _find(self, readings: tuple[Identifier, ...]) -> tuple[Lookup, Sequence[Account]]:
        matches = self.subscriptions.find(readings)
        snapshots = self.subscriptions.current()
        newest = snapshots[0] if snapshots else None
        if not readings:
            return Lookup(account=None, reasons=(_NONE,), snapshot=newest), ()
        accounts = {each.account_id: each for found in matches.values() for each in found}
        return choose([Evidence(EvidencePlace.ASKED, readings)], matches, newest), tuple(accounts.values())


_NONE = Reason("R51", "that is neither an address, nor a domain, nor an id of 6 to 11 digits")
