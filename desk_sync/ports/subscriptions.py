"""Subscription data: the local copy, the sources it is pulled from, and the state of the pulls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, TypeAlias

from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.errors import Problem

FILE = "file"
"""The name of the source that `desk-sync subscriptions import` imports."""

FilePosition: TypeAlias = tuple[str, int]
"""A file and a line in it, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFile:
    """The content of account exports. `as_of` is their newest `as_of_date`; a person should look at the `warnings`.

    `refused` are the problems of rows that were not accepted, `places` the position of each account's first row.
    """

    accounts: tuple[Account, ...]
    as_of: date | None
    warnings: tuple[Problem, ...]
    refused: tuple[Problem, ...] = ()
    places: Mapping[str, FilePosition] = field(default_factory=dict, compare=False)


class SubscriptionStore(Protocol):
    """The local copy of the subscription data."""

    def current(self) -> Sequence[Snapshot]:
        """Return the last complete snapshot of each source, in the order in which look-ups use the sources."""
        ...

    def find(self, identifiers: Sequence[Identifier]) -> Mapping[Identifier, Sequence[Account]]:
        """Return the accounts of the current snapshots by identifier; identifiers that lead to none are absent.

        An identifier bound by a person leads to that account alone. Of accounts with one super admin, the first
        source's is returned, also if only a later source has the identifier; `also_in` names the other sources.
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
        """Make `accounts` the source's current snapshot, all or nothing; then mark the open tickets that it concerns.

        `guard` can refuse before anything changes. With `dry_run`, only compare. Raises Shrunk, or PermanentError if a
        later import of the source has stopped this one.

        Tickets are marked in small transactions: those of accounts that are new, changed or gone; and after any
        change, or if the previous data were older than `max_age`, those whose account is unknown.
        """
        ...

    def mark_rest(self, *, now: datetime, max_age: timedelta) -> int:
        """Mark the tickets left unmarked by a `replace` that died after its snapshot became current; return how many.

        A `replace` that may still be marking is given a quarter of an hour.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSize:
    """The size of a snapshot: accounts, and licences as counted by the guard."""

    accounts: int
    licences: int


class ShrinkGuard(Protocol):
    """Decides if a snapshot may replace the previous one."""

    def licences(self, account: Account) -> int:
        """Return how many licences of the account count towards the size."""
        ...

    def check(self, before: SnapshotSize, after: SnapshotSize) -> None:
        """Raise Shrunk if `after` is too small to replace `before`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanges:
    """The ids of the accounts that a new snapshot adds, changes (`differing`) or no longer has."""

    added: frozenset[str] = frozenset()
    differing: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.added | self.differing | self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedSnapshot:
    """A new snapshot, the accounts that it changed, and how many open tickets were marked for it."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedFile:
    """Files that were imported before: the snapshot that they became, and the warnings at that time."""

    snapshot: Snapshot
    warnings: tuple[Problem, ...]


class FileReadingStore(Protocol):
    """The digests of the files of which the current snapshots were read."""

    def keep(self, digest: str, *, snapshot: Snapshot, warnings: Sequence[Problem]) -> None:
        """Record that the snapshot was read from the files with this digest."""
        ...

    def find(self, digest: str, *, source: str, now: datetime, max_age: timedelta) -> RepeatedFile | None:
        """Return the source's current snapshot if it was read from these files, and is not older than `max_age`."""
        ...

    def renew(self, snapshot: Snapshot, *, now: datetime) -> bool:
        """Make a current snapshot as new as an import of `now`, which stops earlier imports of its source.

        Return False if it is no longer the current one.
        """
        ...


class AccountSource(Protocol):
    """A source of subscription data."""

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        """Return all accounts of the source, resuming from the stored pages.

        Raises TemporaryError, PermanentError or InputError, at once or while the accounts are iterated: the iteration
        ends without an error only if they are complete.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledAccounts:
    """The accounts of a source. `as_of` is the date stated in the data."""

    accounts: Iterable[Account]
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """A part of a source's accounts. The next part begins after the mark `after`; None on the last page."""

    accounts: Sequence[Account]
    after: str | None


class CheckpointStore(Protocol):
    """The pages that a pull has read so far; the next pull resumes from them, unless the first is too old."""

    def pages(self) -> Iterator[SourcePage]:
        """Yield the stored pages in the order in which they were read; none if the first is too old."""
        ...

    def keep(self, page: SourcePage) -> None:
        """Add a page."""
        ...

    def clear(self) -> None:
        """Delete the stored pages: they are imported by now, or wrong."""
        ...


class UnitStore(Protocol):
    """The units of a source's plans and add-ons, by their codes."""

    def read(self) -> Mapping[str, str] | None:
        """Return the stored units; None if they were read a day or more ago, or never."""
        ...

    def save(self, units: Mapping[str, str]) -> None:
        """Replace the stored units."""
        ...


class LiveSource(Protocol):
    """A source that can be queried for one identifier, within seconds."""

    @property
    def kinds(self) -> Collection[IdentifierKind]:
        """The kinds of identifiers that it can be queried for."""
        ...

    def ask(self, identifier: Identifier) -> Sequence[Account]:
        """Return the accounts that the identifier leads to. Raises TemporaryError or PermanentError."""
        ...


class LiveAnswerStore(Protocol):
    """Stored answers of live sources to single identifiers, and the limit on queries."""

    def kept(
        self, source: str, identifiers: Sequence[Identifier], *, now: datetime
    ) -> Mapping[Identifier, Sequence[Account]]:
        """Return the answers that are valid after `now`; an empty one means that the source does not have it."""
        ...

    def spend(self, source: str, *, now: datetime, per_minute: int) -> None:
        """Count one query. Raises TemporaryError if the source was queried `per_minute` times in the current minute."""
        ...

    def keep(
        self, source: str, identifier: Identifier, accounts: Sequence[Account], *, now: datetime, until: datetime
    ) -> None:
        """Store an answer of `now`, valid until `until` (excluded); delete answers that have expired."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PullState:
    """The state of one source's pulls. `failing_since` is when the first pull after the last good one failed."""

    due_at: datetime | None = None
    pulled_at: datetime | None = None
    failing_since: datetime | None = None
    error: str | None = None

    def is_due(self, now: datetime, *, every: timedelta) -> bool:
        """Return True if the source may be pulled.

        A `due_at` more than `every` ahead was recorded before the clock was put back, and is ignored.
        """
        return self.due_at is None or not now < self.due_at <= now + every


class PullStore(Protocol):
    """The turns to pull sources, and the state of their pulls."""

    def acquire(self, source: str, *, now: datetime, until: datetime, every: timedelta) -> bool:
        """Return True if the source, pulled once per `every`, is due and the caller alone may pull it until `until`."""
        ...

    def hold(self, source: str, *, until: datetime) -> None:
        """Extend the turn to `until`."""
        ...

    def succeeded(self, source: str, *, now: datetime, due_at: datetime) -> None:
        """End the turn of a pull whose snapshot is current; the next pull is due at `due_at`."""
        ...

    def failed(self, source: str, error: str, *, now: datetime, due_at: datetime) -> PullState:
        """End the turn of a pull that changed nothing; return the source's state. The next pull is due at `due_at`."""
        ...

    def states(self) -> Mapping[str, PullState]:
        """Return the state of every source that was ever pulled, by its name."""
        ...
