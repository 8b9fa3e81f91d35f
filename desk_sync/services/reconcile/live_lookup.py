"""Ask the sources themselves about a ticket's identifiers, where the local data know none of them.

An account may be younger than the last full pull. This is a fallback with limits of its own: a few identifiers for a
ticket, a few questions a minute for a source, and what was answered is kept for a while, "not there" more briefly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from desk_sync.domain.account.identity import Identifier, IdentifierKind, named_by
from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.domain.reason import Reason
from desk_sync.errors import DeskSyncError
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import LiveAnswerStore, LiveSource, SubscriptionStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedSource:
    """A source that may be asked, and how often in a minute, by all processes together."""

    name: str
    source: LiveSource
    per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRetention:
    """How long an answer is good for, and how many identifiers of one ticket are asked for."""

    found: timedelta = timedelta(hours=1)
    absent: timedelta = timedelta(minutes=10)
    most: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMatches:
    """What the sources said, and what is to be known about how they were asked."""

    matches: Mapping[Identifier, Sequence[Account]]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLookup:
    """Asks the sources in their order; the first that has an account counts."""

    sources: Sequence[LimitedSource]
    answers: LiveAnswerStore
    subscriptions: SubscriptionStore
    now: Now
    keeping: AnswerRetention = AnswerRetention()

    def find(self, identifiers: Sequence[Identifier]) -> LiveMatches:
        """Never raises for what is wrong with a source: then nothing is known, and the reasons say so."""
        matches: dict[Identifier, Sequence[Account]] = {}
        reasons: list[Reason] = []
        wanted = sorted(identifiers, key=lambda each: _STRONGEST.index(each.kind))[: self.keeping.most]
        for live in self.sources:
            try:
                found = dict(self._ask(live, [each for each in wanted if each.kind in live.source.kinds]))
            except DeskSyncError as error:
                log.warning("source.silent", source=live.name, error=str(error))
                reasons.append(Reason("R45", f"source {live.name} was asked too, and did not answer: {error}"))
                continue
            if found:
                said = "does not know it either" if not any(found.values()) else "has it since its last full reading"
                reasons.append(Reason("R45", f"source {live.name} was asked itself and {said}"))
            for identifier, accounts in found.items():
                if accounts:
                    matches.setdefault(identifier, accounts)
        return LiveMatches(matches=matches, reasons=tuple(reasons))

    def _ask(self, live: LimitedSource, wanted: Sequence[Identifier]) -> Iterator[tuple[Identifier, Sequence[Account]]]:
        kept = self.answers.kept(live.name, wanted, now=self.now())
        for identifier in wanted:
            told = kept.get(identifier)
            yield identifier, self._best([*told] if told is not None else self._question(live, identifier))

    def _question(self, live: LimitedSource, identifier: Identifier) -> Sequence[Account]:
        """One question. A row that does not name the identifier itself is a stranger's, whatever the source says."""
        now = self.now()
        self.answers.spend(live.name, now=now, per_minute=live.per_minute)
        said = live.source.ask(identifier)
        origin = _origin(live.name, now)
        accounts = [replace(each, origin=origin) for each in said if identifier in set(named_by(each))]
        until = now + (self.keeping.found if accounts else self.keeping.absent)
        self.answers.keep(live.name, identifier, accounts, now=now, until=until)
        return accounts

    def _best(self, accounts: Sequence[Account]) -> Sequence[Account]:
        """What the local data have of the same super admins, who are found by more than this source knows."""
        admins = {each: Identifier(IdentifierKind.EMAIL, each.super_admin_email) for each in accounts}
        known = self.subscriptions.find(tuple(admins.values())) if admins else {}
        best = {one.account_id: one for each in accounts for one in known.get(admins[each], (each,))}
        return tuple(best.values())


_STRONGEST = tuple(IdentifierKind)


def _origin(source: str, now: datetime) -> Snapshot:
    return Snapshot(snapshot_id=f"live-{source}", source=source, imported_at=now, in_full=False)
