"""Look-ups at the sources themselves, for identifiers of which the local data have none.

An account may be younger than the last full pull. This fallback has limits of its own: a few identifiers for each
ticket, a few calls a minute for each source; answers are stored for a while, "not there" for a shorter one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk_sync.domain.account.identity import Identifier, IdentifierKind, identifiers_of
from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.domain.reason import Reason
from desk_sync.errors import DeskSyncError
from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import LiveAnswerStore, LiveSource, SubscriptionStore

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedSource:
    """A source for single look-ups. `per_minute` is the number of calls that all processes together may make."""

    name: str
    source: LiveSource
    per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRetention:
    """How long an answer is valid, and how many identifiers of one ticket are looked up."""

    found: timedelta = timedelta(hours=1)
    absent: timedelta = timedelta(minutes=10)
    most: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMatches:
    """The accounts that the sources found, and the reasons that say which sources were asked.

    `whole` is False if one of them did not answer.
    """

    matches: Mapping[Identifier, Sequence[Account]]
    reasons: tuple[Reason, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLookup:
    """Looks accounts up at the sources in their order; the first source that has an account counts."""

    sources: Sequence[LimitedSource]
    answers: LiveAnswerStore
    subscriptions: SubscriptionStore
    now: Now
    keeping: AnswerRetention = AnswerRetention()

    def find(self, identifiers: Sequence[Identifier]) -> LiveMatches:
        """Return the matches. A source that fails has none, and a reason says so; nothing is raised for it."""
        matches: dict[Identifier, Sequence[Account]] = {}
        reasons: list[Reason] = []
        whole = True
        chosen = sorted(identifiers, key=lambda each: _STRONGEST.index(each.kind))[: self.keeping.most]
        for live in self.sources:
            try:
                found = dict(self._answers(live, [each for each in chosen if each.kind in live.source.kinds]))
            except DeskSyncError as error:
                log.warning("source.silent", source=live.name, error=str(error))
                reasons.append(Reason("R45", f"source {live.name} was asked too, and did not answer: {error}"))
                whole = False
                continue
            if found:
                result = "does not know it either" if not any(found.values()) else "has it since its last full reading"
                reasons.append(Reason("R45", f"source {live.name} was asked itself and {result}"))
            for identifier, accounts in found.items():
                if accounts:
                    matches.setdefault(identifier, accounts)
        return LiveMatches(matches=matches, reasons=tuple(reasons), whole=whole)

    def _answers(
        self, live: LimitedSource, wanted: Sequence[Identifier]
    ) -> Iterator[tuple[Identifier, Sequence[Account]]]:
        kept = self.answers.kept(live.name, wanted, now=self.now())
        for identifier in wanted:
            answer = kept.get(identifier)
            yield identifier, self._best([*answer] if answer is not None else self._call(live, identifier))

    def _call(self, live: LimitedSource, identifier: Identifier) -> Sequence[Account]:
        """Call the source once. A row that does not contain the identifier itself belongs to another account."""
        now = self.now()
        self.answers.spend(live.name, now=now, per_minute=live.per_minute)
        rows = live.source.ask(identifier)
        origin = _origin(live.name, now)
        accounts = [replace(each, origin=origin) for each in rows if identifier in set(identifiers_of(each))]
        until = now + (self.keeping.found if accounts else self.keeping.absent)
        self.answers.keep(live.name, identifier, accounts, now=now, until=until)
        return accounts

    def _best(self, accounts: Sequence[Account]) -> Sequence[Account]:
        """Return the local data of the same super admins where there are any: they hold more than this source's."""
        admins = [Identifier(IdentifierKind.EMAIL, each.super_admin_email) for each in accounts]
        known = self.subscriptions.find(admins) if admins else {}
        best = {
            one.account_id: one
            for each, admin in zip(accounts, admins, strict=True)
            for one in known.get(admin, (each,))
        }
        return tuple(best.values())


_STRONGEST = tuple(IdentifierKind)


def _origin(source: str, now: datetime) -> Snapshot:
    return Snapshot(snapshot_id=f"live-{source}", source=source, imported_at=now, in_full=False)
