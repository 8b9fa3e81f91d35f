"""Marking the open tickets that a new snapshot concerns: in small transactions, beside which deliveries are stored.

From the moment at which it is current a snapshot owes its marks, until all are set: `marking_until` is not empty. First
it is the instant of the import. Whoever finds it so puts it off by a quarter of an hour, for the process that brought
the snapshot in is at it; if that one is gone by then, whoever comes next sets the marks, all of them: a ticket that is
marked twice is looked at twice, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, Update, select, update

from desk_sync.adapters.store import tables
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import wake, wake_all
from desk_sync.adapters.store.snapshots import SnapshotState, changes, is_in
from desk_sync.adapters.store.tables import snapshots, tickets
from desk_sync.adapters.store.values import chunks
from desk_sync.domain.account.identity import IdentifierKind
from desk_sync.ports.subscriptions import AccountChanges

TURN = timedelta(minutes=15)
"""How long the marks are left to whoever is at it. They take a minute for half a million tickets."""

_UNMARKED = snapshots.c.marking_until.is_not(None)

NEEDED = select(snapshots.c.id).where(_UNMARKED).union(select(snapshots.c.replaces).where(_UNMARKED))
"""The snapshots whose rows tell which marks are owed."""


@dataclass(frozen=True, slots=True)
class RequeueTickets:
    """Sets the marks. Data that are older than `max_age` had helped nobody: new ones help every unknown ticket."""

    engine: Engine
    max_age: timedelta

    def of(self, snapshot_id: int, changed: AccountChanges, *, now: datetime) -> int:
        """Mark what the snapshot concerns; returns how many tickets."""
        with reading(self.engine) as connection:
            new = _row(connection, snapshot_id)
            old = _row(connection, new["replaces"]) if new["replaces"] else None
            ours = [each["id"] for each in (new, old) if each]
            concerned = changed.all | set(_elsewhere(connection, ours, changed.all))
        marked = 0
        if changed.all or old is None or new["imported_at"] - old["imported_at"] > self.max_age:
            self._mark_those_at_work(now)
            marked += wake_all(self.engine, tickets.c.account_id.is_(None), now=now)
        for chunk in chunks(sorted(concerned)):
            marked += wake_all(self.engine, tickets.c.account_id.in_(chunk), now=now)
        with writing(self.engine) as connection:
            connection.execute(_set(snapshot_id, marking_until=None))
        return marked

    def left(self, *, now: datetime) -> int:
        """Mark what imports left unmarked that ended too early; returns how many tickets."""
        if not self._some_are_owed():
            return 0
        self._leave_time(now)
        marked = 0
        while taken := self._take(now):
            with reading(self.engine) as connection:
                changed = changes(connection, taken["id"], taken["replaces"])
            marked += self.of(taken["id"], changed, now=now)
        return marked

    def _some_are_owed(self) -> bool:
        with reading(self.engine) as connection:
            return connection.scalar(select(snapshots.c.id).where(_UNMARKED).limit(1)) is not None

    def _leave_time(self, now: datetime) -> None:
        new = update(snapshots).where(snapshots.c.marking_until == snapshots.c.imported_at)
        with writing(self.engine) as connection:
            connection.execute(new.values(marking_until=now + TURN))

    def _take(self, now: datetime) -> RowMapping | None:
        """One of the snapshots whose marks nobody sets, for ourselves."""
        nobodys = snapshots.c.marking_until <= now
        oldest = select(snapshots.c.id).where(nobodys).order_by(snapshots.c.id).limit(1)
        mine = update(snapshots).where(snapshots.c.id.in_(oldest), nobodys).values(marking_until=now + TURN)
        with writing(self.engine) as connection:
            return connection.execute(mine.returning(snapshots)).mappings().one_or_none()

    def _mark_those_at_work(self, now: datetime) -> None:
        """A look that is under way may have read the old data, and records only later whose the ticket is."""
        with writing(self.engine) as connection:
            wake(connection, tickets.c.lease_until.is_not(None), now=now)


def owe(connection: Connection, snapshot_id: int, old_id: int | None) -> None:
    """The snapshot that becomes current in this transaction owes its marks from now on."""
    connection.execute(_set(snapshot_id, marking_until=snapshots.c.imported_at, replaces=old_id))


def _set(snapshot_id: int, **facts: object) -> Update:
    return update(snapshots).where(snapshots.c.id == snapshot_id).values(facts)


def _row(connection: Connection, snapshot_id: int) -> RowMapping:
    return connection.execute(select(snapshots).where(snapshots.c.id == snapshot_id)).mappings().one()


def _elsewhere(connection: Connection, snapshot_ids: Collection[int], account_ids: Collection[str]) -> Iterator[str]:
    """What the other sources call these accounts: those with the same super admin."""
    others = select(snapshots.c.id).where(is_in(SnapshotState.CURRENT), snapshots.c.id.not_in(snapshot_ids))
    other_ids = connection.scalars(others).all()
    if not other_ids or not account_ids:
        return
    here, there = tables.identifiers.alias(), tables.identifiers.alias()
    same_admin = (
        (here.c.kind == IdentifierKind.EMAIL) & (there.c.kind == IdentifierKind.EMAIL) & (here.c.value == there.c.value)
    )
    names = (
        select(here.c.account_id, there.c.account_id.label("elsewhere"))
        .join_from(here, there, same_admin)
        .where(here.c.snapshot_id.in_(snapshot_ids), there.c.snapshot_id.in_(other_ids))
    )
    for row in connection.execute(names):
        if row.account_id in account_ids:
            yield row.elsewhere
