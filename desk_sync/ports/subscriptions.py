"""Subscription data: the local copy, the sources it is pulled from, and the state of the pulls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias

from desk_sync.domain.account.freshness import FreshnessPolicy
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

    def growths(self) -> Mapping[str, SnapshotGrowth]:
        """Return the size of the current snapshot of each source, with the size of the one before it."""
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
        freshness: FreshnessPolicy,
        guard: ShrinkGuard | None = None,
        turn: PullTurn | None = None,
        dry_run: bool = False,
    ) -> ReplacedSnapshot:
        """Make `accounts` the source's current snapshot, all or nothing; then mark the open tickets that it concerns.

        `guard` can refuse before anything changes. With `dry_run`, only compare. Raises Shrunk, TurnLost if another
        process has taken the turn, or PermanentError if a later import of the source has stopped this one.

        Tickets are marked in small transactions: those of accounts that are new, changed or gone; and after any
        change, or if the previous data were out of date, those whose account is unknown.
        """
        ...

    def mark_rest(self, *, now: datetime, freshness: FreshnessPolicy) -> int:
        """Mark the tickets left unmarked by a `replace` that died after its snapshot became current; return how many.

        A `replace` that may still be marking is given a quarter of an hour.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSize:
    """The size of a snapshot: accounts, and licences as counted by the guard."""

    accounts: int
    licences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotGrowth:
    """The size of a source's current snapshot, and of the one that it replaced; None: it was the first.

    Licences that were counted by other rules (`same_ruler` is False) are not compared.
    """

    size: SnapshotSize
    before: SnapshotSize | None = None
    same_ruler: bool = True

    def __str__(self) -> str:
        """Return the size for a person, with its change: "1,020 accounts (+3), 45,000 licences (-120)"."""
        before, counted = self.before, self.before if self.same_ruler else None
        accounts = _changed(self.size.accounts, before.accounts if before else None)
        licences = _changed(self.size.licences, counted.licences if counted else None)
        return f"{accounts[0]} accounts{accounts[1]}, {licences[0]} licences{licences[1]}"


def _changed(now: int, before: int | None) -> tuple[str, str]:
    """Return a number, and its change in parentheses, which is empty if there is nothing to compare it with."""
    return f"{now:,}", "" if before is None else f" ({now - before:+,})"


class ShrinkGuard(Protocol):
    """Decides if a snapshot may replace the previous one. Both are measured by the same rules."""

    @property
    def ruler(self) -> str:
        """The digest of the rules by which licences are counted: sizes of two rulers are not compared."""
        ...

    def licences(self, account: Account) -> int:
        """Return how many licences of the account count towards the size."""
        ...

    def check(self, before: SnapshotSize, after: SnapshotSize) -> None:
        """Raise Shrunk if `after` is too small to replace `before`."""
        ...

    def remarks(self, earlier: SnapshotSize, after: SnapshotSize, *, licences: bool) -> Iterator[str]:
        """Yield what a person should know about the growth since some days ago.

        `licences` is False if the earlier size has another ruler.
        """
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
    size: SnapshotSize = SnapshotSize(accounts=0, licences=0)
    remarks: tuple[str, ...] = ()

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

    def find(self, digest: str, *, source: str) -> RepeatedFile | None:
        """Return the source's current snapshot if it was read from these files."""
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
class SourceProblem:
    """Something in a source that could not be read. It costs the account that it belongs to, if that is known.

    `account` is the id of that account, "" if the row belongs to none and was left out.
    """

    account: str
    subscription: str
    field: str
    message: str

    def __str__(self) -> str:
        named = (f"account {self.account}" if self.account else "left out", self.subscription and "subscription")
        return f"{' '.join((*filter(None, named), self.subscription))}: {self.field}: {self.message}".replace(" :", ":")


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledAccounts:
    """The accounts of a source. `as_of` is the date stated in the data.

    `problems` are complete when the accounts have been iterated.
    """

    accounts: Iterable[Account]
    as_of: date | None = None
    problems: Sequence[SourceProblem] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """A part of a source: accounts, or pieces of them, and rows from which accounts are made when all are read.

    It begins after the mark `before`, "" for the first page. The next begins after `after`; None on the last page.
    """

    accounts: Sequence[Account] = ()
    after: str | None
    before: str = ""
    rows: Sequence[Mapping[str, Any]] = ()
    problems: Sequence[SourceProblem] = ()


class CheckpointStore(Protocol):
    """The run of a pull, as its source sees it: what the run has read, and that it goes on."""

    def pages(self) -> Iterator[SourcePage]:
        """Yield the stored pages of the run in their order, from the first page of the source on; perhaps none."""
        ...

    def keep(self, page: SourcePage) -> None:
        """Add a page. Raises TurnLost."""
        ...

    def work(self) -> None:
        """Record that the run goes on: called before each call to the source.

        Raises TurnLost if another process has taken the turn, TemporaryError if the pull's time is over.
        """
        ...

    def expect(self, *, customers: int, calls: int) -> None:
        """Record how many customers the source has, and how many more calls the rest of the run needs."""
        ...


class UnitStore(Protocol):
    """The units of a source's plans and add-ons, by kind and code: "plan:crm", "addon:crm"."""

    def read(self) -> Mapping[str, str] | None:
        """Return the stored units; None if they were read a day or more ago, or never."""
        ...

    def save(self, units: Mapping[str, str]) -> None:
        """Replace the stored units."""
        ...


class CallMeter(Protocol):
    """Counts the calls of all processes to one source."""

    def spend(self, most: int) -> None:
        """Count one call. Raises AllowanceSpent if `most` calls were made within 24 hours."""
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
class PullProgress:
    """How far a run is: what it has read, and what the source says that there is, as far as it is known."""

    pages: int = 0
    calls: int = 0
    accounts: int = 0
    customers: int | None = None
    calls_left: int | None = None

    def __str__(self) -> str:
        of = f" of {self.customers:,}" if self.customers is not None else ""
        left = f", {self.calls_left:,} more are needed" if self.calls_left else ""
        return f"{self.accounts:,}{of} accounts on {self.pages:,} pages, {self.calls:,} calls{left}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullTurn:
    """The right of one process to pull a source: `number` grows with every turn, so an old one is recognised.

    A `run` reads the source once from its first page to its last, in one turn or in several.
    """

    source: str
    number: int
    run: int
    begun_at: datetime
    progress: PullProgress = PullProgress()
