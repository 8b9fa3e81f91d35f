"""Reports on the sources of subscription data, for `subscriptions status`, `explain` and `doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from desk_sync.domain.account.freshness import FreshnessPolicy
from desk_sync.ports.now import Now
from desk_sync.ports.pulling.pulls import PullState, PullStore
from desk_sync.ports.pulling.source_report import SourceReport
from desk_sync.ports.subscriptions import SubscriptionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWatch:
    """Reports on the sources."""

    subscriptions: SubscriptionStore
    pulls: PullStore
    freshness: FreshnessPolicy
    now: Now

    def reports(self, pulled: Iterable[str], imported: Iterable[str] = ()) -> Sequence[SourceReport]:
        """Return the state of the sources that are pulled, then of those that a person imports."""
        names, now = dict.fromkeys(pulled, True), self.now()
        names |= {name: False for name in imported if name not in names}
        current = {snapshot.source: snapshot for snapshot in self.subscriptions.current()}
        states, growths = self.pulls.states(), self.subscriptions.growths()
        return [
            SourceReport(
                name=name,
                now=now,
                is_pulled=is_pulled,
                age=self.freshness.age(current[name], now) if name in current else None,
                growth=growths.get(name),
                state=states.get(name, PullState()),
            )
            for name, is_pulled in names.items()
        ]
