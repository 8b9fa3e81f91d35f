"""Snapshots of the subscription data: how far each has come, and what the newest of a source says otherwise.

A snapshot is `importing` while its rows come in, in small transactions beside which deliveries are still stored; one
short transaction makes it `current`. The rows of one that is `retired` are deleted, when nobody needs them any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from desk_sync.adapters.store import tables
from desk_sync.adapters.store.tables import snapshots
from desk_sync.domain.account.subscription import Snapshot
from desk_sync.ports.subscriptions import AccountChanges, SnapshotSize


class SnapshotState(StrEnum):
    """How far a snapshot has come."""

    IMPORTING = "importing"
    CURRENT = "current"
    RETIRED = "retired"


_NOTHING = 0
"""A snapshot without rows: their numbers begin at 1."""


def is_in(state: SnapshotState) -> ColumnElement[bool]:
    return snapshots.c.state == state


def snapshot_of(row: RowMapping) -> Snapshot:
    return Snapshot(
        snapshot_id=str(row["id"]), source=row["source"], imported_at=row["imported_at"], as_of=row["as_of"]
    )


def size_of(row: RowMapping) -> SnapshotSize:
    return SnapshotSize(accounts=row["accounts"], licences=row["licences"])


def current_of(connection: Connection, source: str) -> int | None:
    """The source's current snapshot."""
    return connection.scalar(select(snapshots.c.id).where(is_in(SnapshotState.CURRENT), snapshots.c.source == source))


def changes(connection: Connection, new_id: int, old_id: int | None) -> AccountChanges:
    """What a snapshot says otherwise than another one, or than nothing."""
    new, old = tables.accounts.alias(), tables.accounts.alias()
    is_new, is_old = new.c.snapshot_id == new_id, old.c.snapshot_id == (old_id or _NOTHING)
    same = new.c.account_id == old.c.account_id
    only_new = select(new.c.account_id).outerjoin_from(new, old, same & is_old).where(is_new)
    only_old = select(old.c.account_id).outerjoin_from(old, new, same & is_new).where(is_old)
    return AccountChanges(
        added=_ids(connection.scalars(only_new.where(old.c.account_id.is_(None)))),
        differing=_ids(connection.scalars(only_new.where(old.c.digest != new.c.digest))),
        removed=_ids(connection.scalars(only_old.where(new.c.account_id.is_(None)))),
    )


def _ids(found: Iterable[str]) -> frozenset[str]:
    return frozenset(found)
