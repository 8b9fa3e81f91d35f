"""The local copy of the subscription data: snapshots, of which one is current for each source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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

from desk_sync.adapters.store import tables
from desk_sync.adapters.store.bulk import given_rows
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.known_accounts import USED, KnownAccounts
from desk_sync.adapters.store.marking import NEEDED, RequeueTickets, owe
from desk_sync.adapters.store.snapshots import SnapshotState, changes, current_of, is_in, size_of, snapshot_of
from desk_sync.adapters.store.tables import snapshots
from desk_sync.adapters.store.values import ACCOUNT, CHUNK, chunks
from desk_sync.domain.account.identity import Identifier, IdentifierKind, named_by
from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.errors import DeskSyncError, PermanentError
from desk_sync.ports.subscriptions import AccountChanges, ReplacedSnapshot, ShrinkGuard

# An account brings about five rows: itself and its identifiers.
_ACCOUNTS_AT_ONCE = CHUNK // 5
_CURRENT = select(snapshots).where(USED)
# What a snapshot knows of its accounts without being told.
_NOT_STORED = {"origin", "also_in", "bound_at"}

FILE = "file"
"""The source whose data `desk-sync subscriptions import` brings in."""


@dataclass(frozen=True, slots=True)
class SqlSubscriptions:
    """The installation's subscription data; all portals share them.

    `sources` are those that look-ups use, in their order; what others left is as if it were not there.
    """

    engine: Engine
    sources: Sequence[str] = (FILE,)

    def current(self) -> Sequence[Snapshot]:
        """The last snapshot of each source that was imported in full, in the order in which look-ups use them."""
        with reading(self.engine) as connection:
            rows = connection.execute(_CURRENT, {"sources": self.sources}).mappings().all()
        return sorted(map(snapshot_of, rows), key=lambda snapshot: self.sources.index(snapshot.source))

    def find(self, identifiers: Sequence[Identifier]) -> Mapping[Identifier, Sequence[Account]]:
        """The accounts of the current snapshots that each identifier leads to; identifiers without one are absent.

        One that a person bound leads to that account alone. Of accounts with one super admin, the first source's is
        given, also where only a later source knows the identifier, and says which other sources have it.
        """
        with reading(self.engine) as connection:
            return KnownAccounts(connection, self.sources).find(identifiers)

    def zoids(self, source: str) -> Sequence[str]:
        """The organisations that the current snapshot of a source names."""
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
        max_age: timedelta,
        guard: ShrinkGuard | None = None,
        dry_run: bool = False,
    ) -> ReplacedSnapshot:
        """Make `accounts` the source's current snapshot, all or nothing; then mark the tickets that it concerns.

        A later import of the source stops one under way.
        """
        snapshot_id = self._start(source=source, imported_at=now, as_of=as_of)
        try:
            for chunk in chunks(accounts, _ACCOUNTS_AT_ONCE):
                self._stage(snapshot_id, chunk, guard)
            changed = self._changes(snapshot_id, source)
            marked = 0 if dry_run else self._take_over(snapshot_id, source, changed, guard, now=now, max_age=max_age)
        except BaseException:
            self._give_up(snapshot_id)
            raise
        else:
            if dry_run:
                self._give_up(snapshot_id)
        finally:
            self._clear()
        return ReplacedSnapshot(
            snapshot=Snapshot(snapshot_id=str(snapshot_id), source=source, imported_at=now, as_of=as_of),
            changes=changed,
            tickets=marked,
        )

    def mark_rest(self, *, now: datetime, max_age: timedelta) -> int:
        """Mark what an import left unmarked that ended as soon as its data were current; returns how many tickets."""
        marked = RequeueTickets(self.engine, max_age).left(now=now)
        self._clear()
        return marked

    def _start(self, *, source: str, **facts: object) -> int:
        """A new snapshot. What else was importing from the source, alive or dead, is stopped."""
        new = insert(snapshots).values(state=SnapshotState.IMPORTING, source=source, **facts).returning(snapshots.c.id)
        stopped = (snapshots.c.source == source) & is_in(SnapshotState.IMPORTING)
        with writing(self.engine) as connection:
            connection.execute(update(snapshots).where(stopped).values(state=SnapshotState.RETIRED))
            number: int = connection.execute(new).scalar_one()
            return number

    def _stage(self, snapshot_id: int, chunk: Sequence[Account], guard: ShrinkGuard | None) -> None:
        licences = sum(guard.licences(account) for account in chunk) if guard else 0
        account_rows = [_account_row(snapshot_id, account) for account in chunk]
        identifier_rows = [row for account in chunk for row in _identifier_rows(snapshot_id, account)]
        with writing(self.engine) as connection:
            _still_importing(
                connection,
                snapshot_id,
                accounts=snapshots.c.accounts + len(chunk),
                licences=snapshots.c.licences + licences,
            )
            for table, rows in ((tables.accounts, account_rows), (tables.identifiers, identifier_rows)):
                connection.execute(_inserting(connection.dialect.name, table), {"rows": rows})

    def _changes(self, snapshot_id: int, source: str) -> AccountChanges:
        """What the source's new snapshot says otherwise than its current one."""
        with reading(self.engine) as connection:
            return changes(connection, snapshot_id, current_of(connection, source))

    def _take_over(
        self,
        snapshot_id: int,
        source: str,
        changed: AccountChanges,
        guard: ShrinkGuard | None,
        *,
        now: datetime,
        max_age: timedelta,
    ) -> int:
        """Make the snapshot the source's current one; returns how many tickets it concerns."""
        with writing(self.engine) as connection:
            before = _retire(connection, source)
            after = _still_importing(connection, snapshot_id, state=SnapshotState.CURRENT)
            if guard and before:
                guard.check(size_of(before), size_of(after))
            owe(connection, snapshot_id, before["id"] if before else None)
        return RequeueTickets(self.engine, max_age).of(snapshot_id, changed, now=now)

    def _give_up(self, snapshot_id: int) -> None:
        """If the database is what failed, the next import does this."""
        stopped = (snapshots.c.id == snapshot_id) & is_in(SnapshotState.IMPORTING)
        with suppress(DeskSyncError), writing(self.engine) as connection:
            connection.execute(update(snapshots).where(stopped).values(state=SnapshotState.RETIRED))

    def _clear(self) -> None:
        """Delete what the retired snapshots left; what cannot be deleted now is left to the next import."""
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


def _still_importing(connection: Connection, snapshot_id: int, **values: Any) -> RowMapping:
    """Go on with an import, unless a later one has stopped it; returns the snapshot's row."""
    mine = (snapshots.c.id == snapshot_id) & is_in(SnapshotState.IMPORTING)
    row = connection.execute(update(snapshots).where(mine).values(values).returning(snapshots)).mappings().one_or_none()
    if row is None:
        raise PermanentError("a later import of subscription data has stopped this one")
    return row


def _retire(connection: Connection, source: str) -> RowMapping | None:
    """Retire the source's current snapshot, if it has one; returns its row."""
    current = (snapshots.c.source == source) & is_in(SnapshotState.CURRENT)
    retire = update(snapshots).where(current).values(state=SnapshotState.RETIRED)
    return connection.execute(retire.returning(snapshots)).mappings().one_or_none()


@cache
def _inserting(dialect: str, table: Table) -> Insert:
    return insert(table).from_select([*table.c.keys()], given_rows(dialect, [*table.c]))


def _account_row(snapshot_id: int, account: Account) -> Mapping[str, object]:
    written = ACCOUNT.dump_json(account, exclude=_NOT_STORED)
    return {
        "snapshot_id": snapshot_id,
        "account_id": account.account_id,
        "digest": hashlib.sha256(written).hexdigest(),
        "account": orjson.Fragment(written),
    }


def _identifier_rows(snapshot_id: int, account: Account) -> Iterator[Mapping[str, object]]:
    for each in sorted(set(named_by(account)), key=lambda each: (each.kind, each.value)):
        yield {"snapshot_id": snapshot_id, "account_id": account.account_id, "kind": each.kind, "value": each.value}
