"""The local copy of the subscription data: snapshots, of which exactly one is current.

A snapshot is `importing` while its rows come in, in small transactions beside which deliveries are still stored;
one short transaction makes it `current`; after it the rows of `retired` snapshots are deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Table, delete, insert, or_, select, tuple_, update

from desk_sync.adapters.store import tables
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import wake
from desk_sync.adapters.store.tables import snapshots
from desk_sync.adapters.store.values import ACCOUNT, CHUNK, chunks
from desk_sync.domain.identity import Identifier, Kind
from desk_sync.domain.subscription import Account, Snapshot
from desk_sync.errors import DeskSyncError, PermanentError
from desk_sync.ports import Replaced

# An account brings about five rows: itself and its identifiers.
_ACCOUNTS_AT_ONCE = CHUNK // 5


class State(StrEnum):
    """How far a snapshot has come."""

    IMPORTING = "importing"
    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class SqlSubscriptions:
    """The installation's subscription data; all portals share them."""

    engine: Engine

    def current(self) -> Snapshot | None:
        """The last snapshot that was imported in full."""
        with reading(self.engine) as connection:
            row = connection.execute(select(snapshots).where(_is(State.CURRENT))).mappings().one_or_none()
        return _snapshot(row) if row else None

    def find(self, identifiers: Sequence[Identifier]) -> Mapping[Identifier, Sequence[Account]]:
        """The accounts of the current snapshot that each identifier leads to; identifiers without one are absent."""
        found: dict[Identifier, list[Account]] = {}
        with reading(self.engine) as connection:
            for chunk in chunks(dict.fromkeys(identifiers)):
                for identifier, account in _matches(connection, chunk):
                    found.setdefault(identifier, []).append(account)
        return found

    def replace(
        self, accounts: Iterable[Account], *, source: str, as_of: date | None, now: datetime, max_age: timedelta
    ) -> Replaced:
        """Make `accounts` the current snapshot, and mark the tickets that it concerns, all at once or not at all.

        A later import stops one under way.
        """
        snapshot_id = self._start(source=source, imported_at=now, as_of=as_of)
        try:
            for chunk in chunks(accounts, _ACCOUNTS_AT_ONCE):
                self._stage(snapshot_id, chunk)
            changed = self._changed(snapshot_id)
            marked = self._switch(snapshot_id, changed, now=now, max_age=max_age)
        except BaseException:
            self._give_up(snapshot_id)
            raise
        finally:
            self._clear()
        snapshot = Snapshot(snapshot_id=str(snapshot_id), source=source, imported_at=now, as_of=as_of)
        return Replaced(snapshot=snapshot, changed=len(changed), tickets=marked)

    def _start(self, **facts: object) -> int:
        """A new snapshot. Whatever else was importing, alive or dead, is stopped."""
        new = insert(snapshots).values(state=State.IMPORTING, **facts).returning(snapshots.c.id)
        with writing(self.engine) as connection:
            connection.execute(update(snapshots).where(_is(State.IMPORTING)).values(state=State.RETIRED))
            number: int = connection.execute(new).scalar_one()
            return number

    def _stage(self, snapshot_id: int, chunk: Sequence[Account]) -> None:
        account_rows = [_account_row(snapshot_id, account) for account in chunk]
        identifier_rows = [row for account in chunk for row in _identifier_rows(snapshot_id, account)]
        with writing(self.engine) as connection:
            _still_importing(connection, snapshot_id, accounts=snapshots.c.accounts + len(chunk))
            connection.execute(insert(tables.accounts), account_rows)
            connection.execute(insert(tables.identifiers), identifier_rows)

    def _changed(self, snapshot_id: int) -> frozenset[str]:
        """The accounts that the current snapshot does not have in the same form, and those that only it has."""
        new, old = tables.accounts.alias(), tables.accounts.alias()
        is_new = new.c.snapshot_id == snapshot_id
        is_old = old.c.snapshot_id.in_(select(snapshots.c.id).where(_is(State.CURRENT)))
        same = new.c.account_id == old.c.account_id
        differs = or_(old.c.digest.is_(None), old.c.digest != new.c.digest)
        queries = (
            select(new.c.account_id).outerjoin_from(new, old, same & is_old).where(is_new, differs),
            select(old.c.account_id).outerjoin_from(old, new, same & is_new).where(is_old, new.c.account_id.is_(None)),
        )
        with reading(self.engine) as connection:
            return frozenset(account_id for query in queries for account_id in connection.scalars(query))

    def _switch(self, snapshot_id: int, changed: frozenset[str], *, now: datetime, max_age: timedelta) -> int:
        """Make the snapshot the current one; returns how many tickets it concerns."""
        with writing(self.engine) as connection:
            retire = update(snapshots).where(_is(State.CURRENT)).values(state=State.RETIRED)
            before = connection.execute(retire.returning(snapshots.c.imported_at)).scalar_one_or_none()
            _still_importing(connection, snapshot_id, state=State.CURRENT)
            helps_the_unknown = bool(changed) or before is None or now - before > max_age
            unknown = tables.tickets.c.account_id.is_(None)
            marked = wake(connection, unknown, now=now) if helps_the_unknown else 0
            for chunk in chunks(sorted(changed)):
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


def _still_importing(connection: Connection, snapshot_id: int, **values: Any) -> None:
    """Go on with an import, unless a later one has stopped it."""
    mine = (snapshots.c.id == snapshot_id) & _is(State.IMPORTING)
    if not connection.execute(update(snapshots).where(mine).values(values)).rowcount:
        raise PermanentError("a later import of subscription data has stopped this one")


def _matches(connection: Connection, wanted: Sequence[Identifier]) -> Iterator[tuple[Identifier, Account]]:
    by_identifier = (
        select(tables.identifiers.c.kind, tables.identifiers.c.value, tables.accounts.c.account)
        .join_from(snapshots, tables.identifiers, tables.identifiers.c.snapshot_id == snapshots.c.id)
        .join(
            tables.accounts,
            (tables.accounts.c.snapshot_id == snapshots.c.id)
            & (tables.accounts.c.account_id == tables.identifiers.c.account_id),
        )
        .where(_is(State.CURRENT), tables.identifiers.c.value.in_([each.value for each in wanted]))
        .order_by(tables.accounts.c.account_id)
    )
    for kind, value, account in connection.execute(by_identifier):
        identifier = Identifier(Kind(kind), value)
        if identifier in wanted:  # the same digits may be another kind's
            yield identifier, ACCOUNT.validate_python(account)


def _account_row(snapshot_id: int, account: Account) -> Mapping[str, object]:
    return {
        "snapshot_id": snapshot_id,
        "account_id": account.account_id,
        "digest": hashlib.sha256(ACCOUNT.dump_json(account)).hexdigest(),
        "account": ACCOUNT.dump_python(account, mode="json"),
    }


def _identifier_rows(snapshot_id: int, account: Account) -> Iterator[Mapping[str, object]]:
    for kind, value in sorted(set(_identifiers(account))):
        yield {"snapshot_id": snapshot_id, "account_id": account.account_id, "kind": kind, "value": value}


def _identifiers(account: Account) -> Iterator[tuple[Kind, str]]:
    yield Kind.EMAIL, account.super_admin_email
    if account.domain is not None:
        yield Kind.DOMAIN, account.domain
    for kind, values in ((Kind.ZOID, account.zoids), (Kind.ZGID, account.zgids), (Kind.ZUID, account.zuids)):
        yield from ((kind, value) for value in values)


def _snapshot(row: RowMapping) -> Snapshot:
    return Snapshot(
        snapshot_id=str(row["id"]), source=row["source"], imported_at=row["imported_at"], as_of=row["as_of"]
    )
