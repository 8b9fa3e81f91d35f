"""Ask the subscription data about one identifier, without a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk_sync.domain.account.identity import Evidence, EvidencePlace, Identifier, Lookup, choose
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.plan.decision import Decision, assess
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.reason import Reason
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import SubscriptionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupAnswer:
    """What was asked, all accounts that it may lead to, and what follows for the one that it leads to."""

    asked: tuple[Identifier, ...]
    accounts: Sequence[Account]
    lookup: Lookup
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLookup:
    """Looks one identifier up."""

    subscriptions: SubscriptionStore
    policy: Policy
    now: Now

    def run(self, asked: tuple[Identifier, ...]) -> LookupAnswer:
        """`asked` is all that the identifier may be: a number without a label is a ZOID, a ZGID or a ZUID."""
        lookup, accounts = self._find(asked)
        decision = assess(lookup, self.policy, self.now())
        return LookupAnswer(asked=asked, accounts=accounts, lookup=lookup, decision=decision)

    def _find(self, asked: tuple[Identifier, ...]) -> tuple[Lookup, Sequence[Account]]:
        matches = self.subscriptions.find(asked)
        snapshots = self.subscriptions.current()
        newest = snapshots[0] if snapshots else None
        if not asked:
            return Lookup(account=None, reasons=(_NONE,), snapshot=newest), ()
        accounts = {each.account_id: each for found in matches.values() for each in found}
        return choose([Evidence(EvidencePlace.ASKED, asked)], matches, newest), tuple(accounts.values())


_NONE = Reason("R51", "that is neither an address, nor a domain, nor an id of 6 to 11 digits")
