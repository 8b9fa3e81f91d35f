"""The local copy of the subscription data: one current snapshot for each source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Engine,
    Insert,
    RowMapping,
    Table,
    delete,
    insert,
    select,
    tuple_,
    update,
)

from desk_sync.adapters.store import subscription_tables as tables
from desk_sync.adapters.store.bulk import given_rows
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.known_accounts import USED, KnownAccounts
from desk_sync.adapters.store.marking import NEEDED, RequeueTickets, begin_marking
from desk_sync.adapters.store.pulls import hold_turn
from desk_sync.adapters.store.snapshot_sizes import SnapshotSizes, growths
from desk_sync.adapters.store.snapshots import SnapshotState, changes, current_of, is_in, snapshot_of
from desk_sync.adapters.store.subscription_tables import snapshots
from desk_sync.adapters.store.values import ACCOUNT, CHUNK, chunks
from desk_sync.domain.account.freshness import FreshnessPolicy
from desk_sync.domain.account.identity import Identifier, IdentifierKind, identifiers_of
from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.errors import DeskSyncError, PermanentError
from desk_sync.ports.subscriptions import (
    FILE,
    AccountChanges,
    PullTurn,
    ReplacedSnapshot,
    ShrinkGuard,
    SnapshotGrowth,
)

# An account brings about five rows: itself and its identifiers.
_ACCOUNTS_AT_ONCE = CHUNK // 5
_CURRENT = select(snapshots).where(USED)
# Fields that are filled in when an account is read from its snapshot.
_NOT_STORED = {"origin", "also_in", "bound_at"}
# Absent where there are none, so that the digest of an account is what it was before there were such subscriptions.
_NOT_CONTESTED = {*_NOT_STORED, "contested"}


@dataclass(frozen=True, slots=True)
class SqlSubscriptions:
    """The installation's subscription data; all portals share them.

    `sources` are those that look-ups use, in their order; data of other sources are ignored.
    """

    engine: Engine
    sources: Sequence[str] = (FILE,)

    def current(self) -> Sequence[Snapshot]:
        with reading(self.engine) as connection:
            rows = connection.execute(_CURRENT, {"sources": self.sources}).mappings().all()
        return sorted(map(snapshot_of, rows), key=lambda snapshot: self.sources.index(snapshot.source))

    def growths(self) -> Mapping[str, SnapshotGrowth]:
        with reading(self.engine) as connection:
            return growths(connection, self.sources)

    def find(self, identifiers: Sequence[Identifier]) -> Mapping[Identifier, Sequence[Account]]:
        with reading(self.engine) as connection:
            return KnownAccounts(connection, self.sources).find(identifiers)

    def of_id(self, account_id: str) -> Account | None:
        """Return the account with this id, of the first source that has it."""
        with reading(self.engine) as connection:
            return next(iter(KnownAccounts(connection, self.sources).of_id(account_id)), None)

    def zoids(self, source: str) -> Sequence[str]:
        """Return the ids (ZOIDs) of the organisations in the current snapshot of a source."""
        query = (
            select(tables.identifiers.c.value)
            .join_from(snapshots, tables.identifiers, tables.identifiers.c.snapshot_id == snapshots.c.id)
            .where(
                is_in(SnapshotState.CURRENT),
                snapshots.c.source == source,
                tables.identifiers.c.kind == IdentifierKind.ZOID,
            )
            .distinct()
        )
        with reading(self.engine) as connection:
            return connection.scalars(query).all()

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
        imported_at = turn.begun_at if turn else now
        ruler, run = guard.ruler if guard else None, turn.run if turn else None
        snapshot_id = self._start(source, turn, imported_at=imported_at, as_of=as_of, ruler=ruler, run=run)
        try:
            for chunk in chunks(accounts, _ACCOUNTS_AT_ONCE):
                self._stage(snapshot_id, chunk, guard, turn)
            changed = self._changes(snapshot_id, source)
            sizes = SnapshotSizes(self.engine, source).measure(snapshot_id, guard, now=now)
            marking = RequeueTickets(self.engine, freshness)
            marked = 0 if dry_run else self._make_current(snapshot_id, source, turn, changed, marking, now=now)
        except BaseException:
            self._retire_own(snapshot_id)
            raise
        else:
            if dry_run:
                self._retire_own(snapshot_id)
        finally:
            self._clear()
        return ReplacedSnapshot(
            snapshot=Snapshot(snapshot_id=str(snapshot_id), source=source, imported_at=imported_at, as_of=as_of),
            changes=changed,
            tickets=marked,
            size=sizes.size,
            remarks=sizes.remarks,
        )

    def mark_rest(self, *, now: datetime, freshness: FreshnessPolicy) -> int:
        marked = RequeueTickets(self.engine, freshness).mark_rest(now=now)
        self._clear()
        return marked

    def _start(self, source: str, turn: PullTurn | None, **facts: object) -> int:
        """Create a snapshot and stop other imports of the source, running or dead; return its id."""
        new = insert(snapshots).values(state=SnapshotState.IMPORTING, source=source, **facts).returning(snapshots.c.id)
        stopped = (snapshots.c.source == source) & is_in(SnapshotState.IMPORTING)
        with _fenced(self.engine, turn) as connection:
            connection.execute(update(snapshots).where(stopped).values(state=SnapshotState.RETIRED))
            number: int = connection.execute(new).scalar_one()
            return number

    def _stage(
        self, snapshot_id: int, chunk: Sequence[Account], guard: ShrinkGuard | None, turn: PullTurn | None
    ) -> None:
        licences = sum(guard.licences(account) for account in chunk) if guard else 0
        account_rows = [_account_row(snapshot_id, account) for account in chunk]
        identifier_rows = [row for account in chunk for row in _identifier_rows(snapshot_id, account)]
        with _fenced(self.engine, turn) as connection:
            _still_importing(
                connection,
                snapshot_id,
                accounts=snapshots.c.accounts + len(chunk),
                licences=snapshots.c.licences + licences,
            )
            for table, rows in ((tables.accounts, account_rows), (tables.identifiers, identifier_rows)):
                connection.execute(_inserting(connection.dialect.name, table), {"rows": rows})

    def _changes(self, snapshot_id: int, source: str) -> AccountChanges:
        """Return how the accounts of the new snapshot differ from the source's current ones."""
        with reading(self.engine) as connection:
            return changes(connection, snapshot_id, current_of(connection, source))

    def _make_current(
        self,
        snapshot_id: int,
        source: str,
        turn: PullTurn | None,
        changed: AccountChanges,
        marking: RequeueTickets,
        *,
        now: datetime,
    ) -> int:
        """Make the snapshot the source's current one, and mark its tickets; return how many."""
        with _fenced(self.engine, turn) as connection:
            before = _retire(connection, source)
            _still_importing(connection, snapshot_id, state=SnapshotState.CURRENT, current_at=now)
            begin_marking(connection, snapshot_id, before["id"] if before else None)
        return marking.mark(snapshot_id, changed, now=now)

    def _retire_own(self, snapshot_id: int) -> None:
        """Retire the snapshot; if the database fails, the next import does it."""
        stopped = (snapshots.c.id == snapshot_id) & is_in(SnapshotState.IMPORTING)
        with suppress(DeskSyncError), writing(self.engine) as connection:
            connection.execute(update(snapshots).where(stopped).values(state=SnapshotState.RETIRED))

    def _clear(self) -> None:
        """Delete the rows of retired snapshots; if the database fails, the next import does it."""
        with suppress(DeskSyncError):
            for table in (tables.identifiers, tables.accounts):
                while self._clear_chunk(table):
                    pass

    def _clear_chunk(self, table: Table) -> int:
        key = tuple_(*table.primary_key)
        done = select(snapshots.c.id).where(is_in(SnapshotState.RETIRED), snapshots.c.id.not_in(NEEDED))
        rows = select(*table.primary_key).where(table.c.snapshot_id.in_(done)).limit(CHUNK)
        with writing(self.engine) as connection:
            return connection.execute(delete(table).where(key.in_(rows))).rowcount


@contextmanager
def _fenced(engine: Engine, turn: PullTurn | None) -> Iterator[Connection]:
    """Open a transaction in which no other process can take the turn. Raises TurnLost if one has taken it."""
    with writing(engine) as connection:
        if turn:
            hold_turn(connection, turn)
        yield connection


def _still_importing(connection: Connection, snapshot_id: int, **values: Any) -> RowMapping:
    """Update the snapshot of an import and return its row. Raises PermanentError if a later import has stopped it."""
    own = (snapshots.c.id == snapshot_id) & is_in(SnapshotState.IMPORTING)
    row = connection.execute(update(snapshots).where(own).values(values).returning(snapshots)).mappings().one_or_none()
    if row is None:
        raise PermanentError("a later import of subscription data has stopped this one")
    return row


def _retire(connection: Connection, source: str) -> RowMapping | None:
    """Retire the source's current snapshot and return its row; None if it has none."""
    current = (snapshots.c.source == source) & is_in(SnapshotState.CURRENT)
    retire = update(snapshots).where(current).values(state=SnapshotState.RETIRED)
    return connection.execute(retire.returning(snapshots)).mappings().one_or_none()


@cache
def _inserting(dialect: str, table: Table) -> Insert:
    return insert(table).from_select([*table.c.keys()], given_rows(dialect, [*table.c]))


def _account_row(snapshot_id: int, account: Account) -> Mapping[str, object]:
    stored = ACCOUNT.dump_json(account, exclude=_NOT_STORED if account.contested else _NOT_CONTESTED)
    return {
        "snapshot_id": snapshot_id,
        "account_id": account.account_id,
        "digest": hashlib.sha256(stored).hexdigest(),
        "account": orjson.Fragment(stored),
    }


def _identifier_rows(snapshot_id: int, account: Account) -> Iterator[Mapping[str, object]]:
    for each in sorted(set(identifiers_of(account)), key=lambda each: (each.kind, each.value)):
        yield {"snapshot_id": snapshot_id, "account_id": account.account_id, "kind": each.kind, "value": each.value}
