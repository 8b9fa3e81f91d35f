"""Snapshots of the subscription data: their states, and the differences between two of them.

A snapshot is `importing` while its rows are inserted, in small transactions, so that deliveries can be stored; one
short transaction makes it `current`. The rows of a `retired` one are deleted once they are not needed for marking.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from desk_sync.adapters.store import subscription_tables as tables
from desk_sync.adapters.store.subscription_tables import snapshots
from desk_sync.domain.account.subscription import Snapshot
from desk_sync.ports.subscriptions import AccountChanges, SnapshotSize


class SnapshotState(StrEnum):
    """The state of a snapshot."""

    IMPORTING = "importing"
    CURRENT = "current"
    RETIRED = "retired"


_NOTHING = 0
"""The id of no snapshot: ids begin at 1."""


def is_in(state: SnapshotState) -> ColumnElement[bool]:
    return snapshots.c.state == state


def snapshot_of(row: RowMapping) -> Snapshot:
    return Snapshot(
        snapshot_id=str(row["id"]), source=row["source"], imported_at=row["imported_at"], as_of=row["as_of"]
    )


def size_of(row: RowMapping) -> SnapshotSize:
    return SnapshotSize(accounts=row["accounts"], licences=row["licences"])


def current_of(connection: Connection, source: str) -> int | None:
    """Return the id of the source's current snapshot; None if it has none."""
    return connection.scalar(select(snapshots.c.id).where(is_in(SnapshotState.CURRENT), snapshots.c.source == source))


def changes(connection: Connection, new_id: int, old_id: int | None) -> AccountChanges:
    """Return how the accounts of a snapshot differ from an older one's, or from none."""
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
