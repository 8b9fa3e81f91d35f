"""The local copy of the subscription data: snapshots, of which one is current for each source.

A snapshot is `importing` while its rows come in, in small transactions beside which deliveries are still stored;
one short transaction makes it `current`; after it the rows of `retired` snapshots are deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Table, delete, insert, select, tuple_, update

from desk_sync.adapters.store import bindings, tables
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import wake
from desk_sync.adapters.store.tables import snapshots
from desk_sync.adapters.store.values import ACCOUNT, CHUNK, chunks
from desk_sync.domain.identity import Identifier, Kind, named_by
from desk_sync.domain.subscription import Account, Snapshot
from desk_sync.errors import DeskSyncError, PermanentError
from desk_sync.ports import Changes, Guard, Replaced, Size

# An account brings about five rows: itself and its identifiers.
_ACCOUNTS_AT_ONCE = CHUNK // 5
# What a snapshot knows of its accounts without being told.
_NOT_STORED = {"origin", "also_in", "bound_at"}

FILE = "file"
"""The source whose data `desk-sync subscriptions import` brings in."""


class State(StrEnum):
    """How far a snapshot has come."""

    IMPORTING = "importing"
    CURRENT = "current"
    RETIRED = "retired"


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
            rows = connection.execute(select(snapshots).where(_is(State.CURRENT), self._used)).mappings().all()
        return sorted(map(_snapshot, rows), key=lambda snapshot: self.sources.index(snapshot.source))

    def find(self, identifiers: Sequence[Identifier]) -> Mapping[Identifier, Sequence[Account]]:
        """The accounts of the current snapshots that each identifier leads to; identifiers without one are absent.

        One that a person bound leads to that account alone. Of accounts with one super admin, the first source's is
        given, also where only a later source knows the identifier, and says which other sources have it.
        """
        found: dict[Identifier, list[Account]] = {}
        with reading(self.engine) as connection:
            for chunk in chunks(dict.fromkeys(identifiers)):
                for identifier, account in _matches_by_hand_first(connection, chunk, self._used):
                    found.setdefault(identifier, []).append(account)
            if len(self.sources) > 1:
                everybody = [account for several in found.values() for account in several if not account.bound_at]
                same = self._of_the_same_admins(connection, everybody)
                for several in found.values():
                    several += [other for each in tuple(several) if not each.bound_at for other in same[_admin(each)]]
        return {identifier: self._one_of_each(accounts) for identifier, accounts in found.items()}

    def zoids(self, source: str) -> Sequence[str]:
        """The organisations that the current snapshot of a source names."""
        query = (
            select(tables.identifiers.c.value)
            .join_from(snapshots, tables.identifiers, tables.identifiers.c.snapshot_id == snapshots.c.id)
            .where(_is(State.CURRENT), snapshots.c.source == source, tables.identifiers.c.kind == Kind.ZOID)
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
        guard: Guard | None = None,
        rehearse: bool = False,
    ) -> Replaced:
        """Make `accounts` the source's current snapshot, and mark the tickets that it concerns, all or nothing.

        A later import of the source stops one under way.
        """
        snapshot_id = self._start(source=source, imported_at=now, as_of=as_of)
        try:
            for chunk in chunks(accounts, _ACCOUNTS_AT_ONCE):
                self._stage(snapshot_id, chunk, guard)
            changes = self._changes(snapshot_id, source)
            marked = 0 if rehearse else self._switch(snapshot_id, source, changes, guard, now=now, max_age=max_age)
        except BaseException:
            self._give_up(snapshot_id)
            raise
        else:
            if rehearse:
                self._give_up(snapshot_id)
        finally:
            self._clear()
        return Replaced(
            snapshot=Snapshot(snapshot_id=str(snapshot_id), source=source, imported_at=now, as_of=as_of),
            changes=changes,
            tickets=marked,
        )

    @property
    def _used(self) -> ColumnElement[bool]:
        return snapshots.c.source.in_(self.sources)

    def _of_the_same_admins(
        self, connection: Connection, accounts: Iterable[Account]
    ) -> Mapping[Identifier, list[Account]]:
        """All that the sources have of the accounts' super admins, by their addresses."""
        found: dict[Identifier, list[Account]] = {}
        for chunk in chunks(dict.fromkeys(map(_admin, accounts))):
            for identifier, account in _matches(connection, chunk, self._used):
                found.setdefault(identifier, []).append(account)
        return found

    def _one_of_each(self, accounts: Iterable[Account]) -> Sequence[Account]:
        """Each super admin's account of the first source that has it."""
        by_admin: dict[str, list[Account]] = {}
        each_once = {(_source_of(each), each.account_id): each for each in accounts}.values()
        for account in sorted(each_once, key=lambda each: self.sources.index(_source_of(each))):
            by_admin.setdefault(account.super_admin_email, []).append(account)
        return [account for each in by_admin.values() for account in _first_of(each)]

    def _start(self, *, source: str, **facts: object) -> int:
        """A new snapshot. What else was importing from the source, alive or dead, is stopped."""
        new = insert(snapshots).values(state=State.IMPORTING, source=source, **facts).returning(snapshots.c.id)
        stopped = (snapshots.c.source == source) & _is(State.IMPORTING)
        with writing(self.engine) as connection:
            connection.execute(update(snapshots).where(stopped).values(state=State.RETIRED))
            number: int = connection.execute(new).scalar_one()
            return number

    def _stage(self, snapshot_id: int, chunk: Sequence[Account], guard: Guard | None) -> None:
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
            connection.execute(insert(tables.accounts), account_rows)
            connection.execute(insert(tables.identifiers), identifier_rows)

    def _changes(self, snapshot_id: int, source: str) -> Changes:
        """What the source's new snapshot says otherwise than its current one."""
        new, old = tables.accounts.alias(), tables.accounts.alias()
        is_new = new.c.snapshot_id == snapshot_id
        is_old = old.c.snapshot_id.in_(select(snapshots.c.id).where(_is(State.CURRENT), snapshots.c.source == source))
        same = new.c.account_id == old.c.account_id
        only_new = select(new.c.account_id).outerjoin_from(new, old, same & is_old).where(is_new)
        only_old = select(old.c.account_id).outerjoin_from(old, new, same & is_new).where(is_old)
        with reading(self.engine) as connection:
            return Changes(
                added=frozenset(connection.scalars(only_new.where(old.c.account_id.is_(None)))),
                differing=frozenset(connection.scalars(only_new.where(old.c.digest != new.c.digest))),
                removed=frozenset(connection.scalars(only_old.where(new.c.account_id.is_(None)))),
            )

    def _switch(
        self,
        snapshot_id: int,
        source: str,
        changes: Changes,
        guard: Guard | None,
        *,
        now: datetime,
        max_age: timedelta,
    ) -> int:
        """Make the snapshot the source's current one; returns how many tickets it concerns."""
        with writing(self.engine) as connection:
            before = _retire(connection, source)
            after = _still_importing(connection, snapshot_id, state=State.CURRENT)
            if guard and before:
                guard.check(_size(before), _size(after))
            ours = [snapshot_id, *([before["id"]] if before else [])]
            concerned = changes.all | set(_elsewhere(connection, ours, changes.all))
            helps_the_unknown = bool(changes.all) or before is None or now - before["imported_at"] > max_age
            unknown = tables.tickets.c.account_id.is_(None)
            marked = wake(connection, unknown, now=now) if helps_the_unknown else 0
            for chunk in chunks(sorted(concerned)):
                marked += wake(connection, tables.tickets.c.account_id.in_(chunk), now=now)
            return marked

    def _give_up(self, snapshot_id: int) -> None:
        """If the database is what failed, the next import does this."""
        stopped = (snapshots.c.id == snapshot_id) & _is(State.IMPORTING)
        with suppress(DeskSyncError), writing(self.engine) as connection:
            connection.execute(update(snapshots).where(stopped).values(state=State.RETIRED))

    def _clear(self) -> None:
        """Delete what the retired snapshots left; what cannot be deleted now is left to the next import."""
        with suppress(DeskSyncError):
            for table in (tables.identifiers, tables.accounts):
                while self._clear_chunk(table):
                    pass

    def _clear_chunk(self, table: Table) -> int:
        key = tuple_(*table.primary_key)
        retired = table.c.snapshot_id.in_(select(snapshots.c.id).where(_is(State.RETIRED)))
        rows = select(*table.primary_key).where(retired).limit(CHUNK)
        with writing(self.engine) as connection:
            return connection.execute(delete(table).where(key.in_(rows))).rowcount


def _is(state: State) -> ColumnElement[bool]:
    return snapshots.c.state == state


def _still_importing(connection: Connection, snapshot_id: int, **values: Any) -> RowMapping:
    """Go on with an import, unless a later one has stopped it; returns the snapshot's row."""
    mine = (snapshots.c.id == snapshot_id) & _is(State.IMPORTING)
    row = connection.execute(update(snapshots).where(mine).values(values).returning(snapshots)).mappings().one_or_none()
    if row is None:
        raise PermanentError("a later import of subscription data has stopped this one")
    return row


def _retire(connection: Connection, source: str) -> RowMapping | None:
    """Retire the source's current snapshot, if it has one; returns its row."""
    current = (snapshots.c.source == source) & _is(State.CURRENT)
    retire = update(snapshots).where(current).values(state=State.RETIRED)
    return connection.execute(retire.returning(snapshots)).mappings().one_or_none()


def _size(row: RowMapping) -> Size:
    return Size(accounts=row["accounts"], licences=row["licences"])


def _elsewhere(connection: Connection, snapshot_ids: Sequence[int], account_ids: Iterable[str]) -> Iterator[str]:
    """What the other sources call these accounts: those with the same super admin."""
    here, there = tables.identifiers.alias(), tables.identifiers.alias()
    same_admin = (here.c.kind == Kind.EMAIL) & (there.c.kind == Kind.EMAIL) & (here.c.value == there.c.value)
    names = (
        select(there.c.account_id)
        .join_from(here, there, same_admin)
        .join(snapshots, (snapshots.c.id == there.c.snapshot_id) & _is(State.CURRENT))
        .where(here.c.snapshot_id.in_(snapshot_ids), there.c.snapshot_id.not_in(snapshot_ids))
    )
    for chunk in chunks(account_ids):
        yield from connection.scalars(names.where(here.c.account_id.in_(chunk)))


def _matches_by_hand_first(
    connection: Connection, wanted: Sequence[Identifier], used: ColumnElement[bool]
) -> Iterator[tuple[Identifier, Account]]:
    bound = bindings.among(connection, wanted)
    yield from _matches(connection, [each for each in wanted if each not in bound], used)
    named = accounts_named(connection, {binding.account_id for binding in bound.values()}, used)
    for identifier, binding in bound.items():
        for account in named.get(binding.account_id, ()):
            yield identifier, replace(account, bound_at=binding.settled.at)


def accounts_named(
    connection: Connection, account_ids: Iterable[str], used: ColumnElement[bool]
) -> Mapping[str, Sequence[Account]]:
    """The accounts of the current snapshots that have these ids: of one id several, where sources share no numbers."""
    named: dict[str, list[Account]] = {}
    for chunk in chunks(sorted(account_ids)):
        rows = connection.execute(
            select(tables.accounts.c.account, snapshots)
            .join_from(snapshots, tables.accounts, tables.accounts.c.snapshot_id == snapshots.c.id)
            .where(_is(State.CURRENT), used, tables.accounts.c.account_id.in_(chunk))
        )
        for row in rows.mappings():
            account = _account(row)
            named.setdefault(account.account_id, []).append(account)
    return named


def _account(row: RowMapping) -> Account:
    return replace(ACCOUNT.validate_python(row["account"]), origin=_snapshot(row))


def _matches(
    connection: Connection, wanted: Sequence[Identifier], used: ColumnElement[bool]
) -> Iterator[tuple[Identifier, Account]]:
    by_identifier = (
        select(tables.identifiers.c.kind, tables.identifiers.c.value, tables.accounts.c.account, snapshots)
        .join_from(snapshots, tables.identifiers, tables.identifiers.c.snapshot_id == snapshots.c.id)
        .join(
            tables.accounts,
            (tables.accounts.c.snapshot_id == snapshots.c.id)
            & (tables.accounts.c.account_id == tables.identifiers.c.account_id),
        )
        .where(_is(State.CURRENT), used, tables.identifiers.c.value.in_([each.value for each in wanted]))
        .order_by(tables.accounts.c.account_id)
    )
    for row in connection.execute(by_identifier).mappings():
        identifier = Identifier(Kind(row["kind"]), row["value"])
        if identifier in wanted:  # the same digits may be another kind's
            yield identifier, _account(row)


def _admin(account: Account) -> Identifier:
    return Identifier(Kind.EMAIL, account.super_admin_email)


def _source_of(account: Account) -> str:
    return account.origin.source if account.origin else ""


def _first_of(accounts: Sequence[Account]) -> Sequence[Account]:
    """One super admin's accounts, those of the first source first: what that source has, knowing of the others."""
    source = _source_of(accounts[0])
    also_in = tuple(dict.fromkeys(_source_of(each) for each in accounts if _source_of(each) != source))
    return [replace(each, also_in=also_in) for each in accounts if _source_of(each) == source]


def _account_row(snapshot_id: int, account: Account) -> Mapping[str, object]:
    return {
        "snapshot_id": snapshot_id,
        "account_id": account.account_id,
        "digest": hashlib.sha256(ACCOUNT.dump_json(account, exclude=_NOT_STORED)).hexdigest(),
        "account": ACCOUNT.dump_python(account, mode="json", exclude=_NOT_STORED),
    }


def _identifier_rows(snapshot_id: int, account: Account) -> Iterator[Mapping[str, object]]:
    for each in sorted(set(named_by(account)), key=lambda each: (each.kind, each.value)):
        yield {"snapshot_id": snapshot_id, "account_id": account.account_id, "kind": each.kind, "value": each.value}


def _snapshot(row: RowMapping) -> Snapshot:
    return Snapshot(
        snapshot_id=str(row["id"]), source=row["source"], imported_at=row["imported_at"], as_of=row["as_of"]
    )
