"""The sizes of a source's snapshots, measured by one ruler: the rules of today.

The licences of the current snapshot are counted again if they were counted by other rules. The accounts of older ones
are deleted, so their licences are compared only if the rules are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, Text, cast, select

from desk_sync.adapters.store import subscription_tables as tables
from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.snapshots import SnapshotState, current_of, is_in, size_of
from desk_sync.adapters.store.subscription_tables import snapshots
from desk_sync.adapters.store.values import ACCOUNT, CHUNK
from desk_sync.ports.subscriptions import ShrinkGuard, SnapshotGrowth, SnapshotSize

EARLIER = timedelta(days=3)
"""A snapshot of some days ago is the last one that became current so long ago."""
OLDEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class MeasuredSnapshot:
    """The size of a new snapshot, and what a person should know about its growth."""

    size: SnapshotSize
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotSizes:
    """The sizes of one source's snapshots."""

    engine: Engine
    source: str

    def measure(self, snapshot_id: int, guard: ShrinkGuard | None, *, now: datetime) -> MeasuredSnapshot:
        """Return the size of a snapshot that is being imported. Raises Shrunk if the guard refuses it."""
        with reading(self.engine) as connection:
            own = connection.execute(select(snapshots).where(snapshots.c.id == snapshot_id)).mappings().one()
            size, old_id = size_of(own), current_of(connection, self.source)
        if guard is None:
            return MeasuredSnapshot(size)
        if old_id is not None:
            guard.check(self._size_by(guard, old_id), size)
        return MeasuredSnapshot(size, tuple(self._remarks(guard, size, now)))

    def _size_by(self, guard: ShrinkGuard, snapshot_id: int) -> SnapshotSize:
        with reading(self.engine) as connection:
            row = connection.execute(select(snapshots).where(snapshots.c.id == snapshot_id)).mappings().one()
            if row["ruler"] == guard.ruler:
                return size_of(row)
            return SnapshotSize(accounts=row["accounts"], licences=_counted(connection, snapshot_id, guard))

    def _remarks(self, guard: ShrinkGuard, size: SnapshotSize, now: datetime) -> list[str]:
        became = snapshots.c.current_at
        query = (
            select(snapshots)
            .where(snapshots.c.source == self.source, became <= now - EARLIER, became > now - OLDEST)
            .order_by(became.desc(), snapshots.c.id.desc())
            .limit(1)
        )
        with reading(self.engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return []
        same = row["ruler"] == guard.ruler
        return [f"since {row['current_at']:%F}: {each}" for each in guard.remarks(size_of(row), size, licences=same)]


def growths(connection: Connection, names: Collection[str]) -> Mapping[str, SnapshotGrowth]:
    """Return the size of the current snapshot of each of these sources, and of the one that it replaced."""
    replaced = snapshots.alias("replaced")
    before = [getattr(replaced.c, name).label(f"{name}_before") for name in ("id", "accounts", "licences", "ruler")]
    query = (
        select(snapshots, *before)
        .outerjoin_from(snapshots, replaced, replaced.c.id == snapshots.c.replaces)
        .where(is_in(SnapshotState.CURRENT), snapshots.c.source.in_(names))
    )
    return {row["source"]: _growth(row) for row in connection.execute(query).mappings()}


def _growth(row: RowMapping) -> SnapshotGrowth:
    if row["id_before"] is None:
        return SnapshotGrowth(size=size_of(row))
    before = SnapshotSize(accounts=row["accounts_before"], licences=row["licences_before"])
    return SnapshotGrowth(size=size_of(row), before=before, same_ruler=row["ruler"] == row["ruler_before"])


def _counted(connection: Connection, snapshot_id: int, guard: ShrinkGuard) -> int:
    accounts = tables.accounts
    query = select(accounts.c.account_id, cast(accounts.c.account, Text)).where(accounts.c.snapshot_id == snapshot_id)
    total, last = 0, ""
    while rows := connection.execute(
        query.where(accounts.c.account_id > last).order_by(accounts.c.account_id).limit(CHUNK)
    ).all():
        total += sum(guard.licences(ACCOUNT.validate_json(stored)) for _, stored in rows)
        last = rows[-1][0]
    return total
