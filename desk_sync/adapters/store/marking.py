"""Marking the open tickets that a new snapshot concerns, in small transactions, so that deliveries can be stored.

`snapshots.marking_until` is set from the moment a snapshot becomes current until all its tickets are marked. It begins
as the instant of the import. The first other process that finds this value extends it by a quarter of an hour, because
the importing process is probably still marking. After that time any process may mark all tickets again: a ticket that
is marked twice is looked at twice, without further effect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, Update, select, tuple_, update

from desk_sync.adapters.store import subscription_tables
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.indexes import LEASED
from desk_sync.adapters.store.queue import wake, wake_all
from desk_sync.adapters.store.snapshots import SnapshotState, changes, is_in, snapshot_of
from desk_sync.adapters.store.subscription_tables import snapshots
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.values import chunks
from desk_sync.domain.account.freshness import FreshnessPolicy
from desk_sync.domain.account.identity import IdentifierKind
from desk_sync.ports.subscriptions import AccountChanges

TURN = timedelta(minutes=15)
"""How long one process has for the marking. It takes a minute for half a million tickets."""

_UNMARKED = snapshots.c.marking_until.is_not(None)

NEEDED = select(snapshots.c.id).where(_UNMARKED).union(select(snapshots.c.replaces).where(_UNMARKED))
"""The ids of the snapshots whose rows are needed to finish a marking."""


@dataclass(frozen=True, slots=True)
class RequeueTickets:
    """Marks tickets after an import.

    Data that were out of date, by `freshness`, were not used; after them, every ticket whose account is unknown is
    marked.
    """

    engine: Engine
    freshness: FreshnessPolicy

    def mark(self, snapshot_id: int, changed: AccountChanges, *, now: datetime) -> int:
        """Mark the tickets that the snapshot concerns; return how many."""
        with reading(self.engine) as connection:
            new = _row(connection, snapshot_id)
            old = _row(connection, new["replaces"]) if new["replaces"] else None
            own_ids = [each["id"] for each in (new, old) if each]
            concerned = changed.all | set(_same_admins(connection, own_ids, changed.all))
        marked = 0
        if changed.all or old is None or self.freshness.is_stale(snapshot_of(old), now):
            self._mark_leased(now)
            marked += wake_all(self.engine, tickets.c.account_id.is_(None), now=now)
        for chunk in chunks(sorted(concerned)):
            marked += wake_all(self.engine, tickets.c.account_id.in_(chunk), now=now)
        with writing(self.engine) as connection:
            connection.execute(_set(snapshot_id, marking_until=None))
        return marked

    def mark_rest(self, *, now: datetime) -> int:
        """Mark the tickets left unmarked by imports that died; return how many."""
        if not self._any_unmarked():
            return 0
        self._extend_new(now)
        marked = 0
        while taken := self._claim(now):
            with reading(self.engine) as connection:
                changed = changes(connection, taken["id"], taken["replaces"])
            marked += self.mark(taken["id"], changed, now=now)
        return marked

    def _any_unmarked(self) -> bool:
        with reading(self.engine) as connection:
            return connection.scalar(select(snapshots.c.id).where(_UNMARKED).limit(1)) is not None

    def _extend_new(self, now: datetime) -> None:
        new = update(snapshots).where(snapshots.c.marking_until == snapshots.c.imported_at)
        with writing(self.engine) as connection:
            connection.execute(new.values(marking_until=now + TURN))

    def _claim(self, now: datetime) -> RowMapping | None:
        """Claim the marking of the oldest snapshot whose time is over."""
        expired = snapshots.c.marking_until <= now
        oldest = select(snapshots.c.id).where(expired).order_by(snapshots.c.id).limit(1)
        claimed = update(snapshots).where(snapshots.c.id.in_(oldest), expired).values(marking_until=now + TURN)
        with writing(self.engine) as connection:
            return connection.execute(claimed.returning(snapshots)).mappings().one_or_none()

    def _mark_leased(self, now: datetime) -> None:
        """Mark leased tickets: their looks may have read the old data, and record the account only at their end.

        They are looked for before the transaction that marks them: a look that begins in between reads the new data.
        """
        with reading(self.engine) as connection:
            keys = select(tickets.c.portal, tickets.c.ticket_id).where(LEASED)
            leased = [tuple(row) for row in connection.execute(keys)]
        for chunk in chunks(sorted(leased)):
            with writing(self.engine) as connection:
                wake(connection, tuple_(tickets.c.portal, tickets.c.ticket_id).in_(chunk), now=now)


def begin_marking(connection: Connection, snapshot_id: int, old_id: int | None) -> None:
    """Record, in the transaction that makes the snapshot current, that its tickets are to be marked."""
    connection.execute(_set(snapshot_id, marking_until=snapshots.c.imported_at, replaces=old_id))


def _set(snapshot_id: int, **facts: object) -> Update:
    return update(snapshots).where(snapshots.c.id == snapshot_id).values(facts)


def _row(connection: Connection, snapshot_id: int) -> RowMapping:
    return connection.execute(select(snapshots).where(snapshots.c.id == snapshot_id)).mappings().one()


def _same_admins(connection: Connection, snapshot_ids: Collection[int], account_ids: Collection[str]) -> Iterator[str]:
    """Yield the ids of other sources' accounts that have the same super admin as these accounts."""
    others = select(snapshots.c.id).where(is_in(SnapshotState.CURRENT), snapshots.c.id.not_in(snapshot_ids))
    other_ids = connection.scalars(others).all()
    if not other_ids or not account_ids:
        return
    here, there = subscription_tables.identifiers.alias(), subscription_tables.identifiers.alias()
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
