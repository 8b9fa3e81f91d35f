"""Subscription data: the local copy, the sources it is pulled from, and how the pulls go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, Snapshot


class SubscriptionStore(Protocol):
    """The local copy of the subscription data."""

    def current(self) -> Sequence[Snapshot]:
        """The last snapshot of each source that was imported in full, in the order in which look-ups use them."""
        ...

    def find(self, identifiers: Sequence[Identifier]) -> Mapping[Identifier, Sequence[Account]]:
        """The accounts of the current snapshots that each identifier leads to; identifiers without one are absent.

        One that a person bound leads to that account alone. Of accounts with one super admin, the first source's is
        given, and says which other sources have it.
        """
        ...

    def replace(
        self,
        accounts: Iterable[Account],
        *,
        source: str,
        as_of: date | None,
        now: datetime,
        max_age: timedelta,
        guard: ShrinkGuard | None = None,
        dry_run: bool = False,
    ) -> ReplacedSnapshot:
        """Make `accounts` the current snapshot of the source, all at once or not at all.

        `guard` has the last word, before anything changes. To `rehearse` is to find out, and to change nothing.

        Then every open ticket that it concerns is marked, a few at a time: those of accounts that are new, changed or
        gone, and with any change, or after data older than `max_age`, those whose account is unknown.
        """
        ...

    def mark_rest(self, *, now: datetime, max_age: timedelta) -> int:
        """Mark what a `replace` left unmarked that died when its snapshot was current; returns how many tickets.

        One that may still be at it is left alone, for a quarter of an hour.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSize:
    """How much a snapshot holds: accounts, and licences as the guard counts them."""

    accounts: int
    licences: int


class ShrinkGuard(Protocol):
    """What decides whether a snapshot may take the place of the one before."""

    def licences(self, account: Account) -> int: ...

    def check(self, before: SnapshotSize, after: SnapshotSize) -> None:
        """Raises Shrunk."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanges:
    """The ids of the accounts that a new snapshot has more, otherwise, or no longer."""

    added: frozenset[str] = frozenset()
    differing: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.added | self.differing | self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedSnapshot:
    """What a new snapshot changed, and how many open tickets have to be looked at again for it."""

    snapshot: Snapshot
    changes: AccountChanges
    tickets: int

    @property
    def added(self) -> int:
        return len(self.changes.added)

    @property
    def differing(self) -> int:
        return len(self.changes.differing)

    @property
    def removed(self) -> int:
        return len(self.changes.removed)

    @property
    def changed(self) -> int:
        return self.added + self.differing + self.removed


class AccountSource(Protocol):
    """Where subscription data come from."""

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        """Everything that the source has, going on from what the journal holds.

        Raises TemporaryError, PermanentError or InputError, now or while the accounts are used: they end without an
        error only if they are complete.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledAccounts:
    """What a source said. `as_of` is the date that the data themselves state."""

    accounts: Iterable[Account]
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """A part of what a source has, and the mark behind which the next part begins; None: this is the last one."""

    accounts: Sequence[Account]
    after: str | None


class CheckpointStore(Protocol):
    """What a pull has read so far. One that died goes on from there, unless that is too long ago."""

    def pages(self) -> Iterator[SourcePage]:
        """In the order in which they were read."""
        ...

    def keep(self, page: SourcePage) -> None: ...

    def clear(self) -> None:
        """Forget what was read: it is current by now, or wrong."""
        ...


class UnitStore(Protocol):
    """What one of a source's plans or add-ons is called, by its code."""

    def read(self) -> Mapping[str, str] | None:
        """None where they were read more than a day ago, or never."""
        ...

    def save(self, units: Mapping[str, str]) -> None: ...


class LiveSource(Protocol):
    """A source that can be asked for one identifier, of these kinds. It answers within seconds."""

    @property
    def kinds(self) -> Collection[IdentifierKind]: ...

    def ask(self, identifier: Identifier) -> Sequence[Account]:
        """The accounts that it leads to. Raises TemporaryError or PermanentError."""
        ...


class LiveAnswerStore(Protocol):
    """What sources said when they were asked for one identifier, and how often they may be asked."""

    def kept(
        self, source: str, identifiers: Sequence[Identifier], *, now: datetime
    ) -> Mapping[Identifier, Sequence[Account]]:
        """The answers that are still good; an empty one says that the source does not have it."""
        ...

    def spend(self, source: str, *, now: datetime, per_minute: int) -> None:
        """Count one question. Raises TemporaryError where the source was asked `per_minute` times in this minute."""
        ...

    def keep(
        self, source: str, identifier: Identifier, accounts: Sequence[Account], *, now: datetime, until: datetime
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PullState:
    """How the pulls of one source went. `failing_since` is when the first pull after the last good one failed."""

    due_at: datetime | None = None
    pulled_at: datetime | None = None
    failing_since: datetime | None = None
    error: str | None = None

    def is_due(self, now: datetime, *, every: timedelta) -> bool:
        """Whether it may be pulled; also when it is due later than it can be, by a clock that has been put back."""
        return self.due_at is None or not now < self.due_at <= now + every


class PullStore(Protocol):
    """Whose turn it is to pull a source, and how it went."""

    def acquire(self, source: str, *, now: datetime, until: datetime, every: timedelta) -> bool:
        """Whether the source, which is pulled `every` so often, is due, and the caller alone may pull it until then."""
        ...

    def hold(self, source: str, *, until: datetime) -> None:
        """Keep the turn until then."""
        ...

    def succeeded(self, source: str, *, now: datetime, due_at: datetime) -> None:
        """End the turn of a pull whose snapshot is current; the next one is due at `due_at`."""
        ...

    def failed(self, source: str, error: str, *, now: datetime, due_at: datetime) -> PullState:
        """End the turn of a pull that changed nothing."""
        ...

    def states(self) -> Mapping[str, PullState]:
        """By the names of the sources that were ever pulled."""
        ...
