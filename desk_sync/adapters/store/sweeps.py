"""The state of a portal's sweeps, and the marking of the tickets that they find.

A ticket's modifications are known up to `tickets.modified_at`. Marking a ticket sets it to the modification found, so
that a modification is counted once, however often it is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, exists, func, or_, select, update

from desk_sync.adapters.store.columns import InstantColumn
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import at, mark, newest
from desk_sync.adapters.store.tables import deliveries, sweeps, tickets
from desk_sync.adapters.store.values import insert
from desk_sync.ports.desk import ModifiedTickets
from desk_sync.ports.sweeps import MissedChanges, SweepCoverage, SweepKind

_TURNS = {SweepKind.RECENT: sweeps.c.recent_turn_until, SweepKind.FULL: sweeps.c.full_turn_until}


@dataclass(frozen=True, slots=True)
class SqlSweeps:
    """One portal's sweeps."""

    engine: Engine
    portal: str

    def acquire(self, which: SweepKind, *, now: datetime, length: timedelta) -> bool:
        """Take the turn. One that ends more than `length` from now was taken by a wrong clock, and is void."""
        until = _TURNS[which]
        free = or_(until.is_(None), until <= now, until > now + length)
        taken = update(sweeps).where(self._own, free).values({until: now + length})
        with writing(self.engine) as connection:
            connection.execute(insert(connection, sweeps).values(portal=self.portal).on_conflict_do_nothing())
            return connection.execute(taken).rowcount == 1

    def coverage(self) -> SweepCoverage | None:
        stored = select(sweeps.c.since, sweeps.c.until).where(self._own, sweeps.c.until.is_not(None))
        with reading(self.engine) as connection:
            row = connection.execute(stored).mappings().one_or_none()
        return SweepCoverage(**row) if row else None

    def cover(self, coverage: SweepCoverage) -> None:
        reached = {"since": coverage.since, "until": coverage.until}
        with writing(self.engine) as connection:
            statement = insert(connection, sweeps).values(portal=self.portal, **reached)
            connection.execute(statement.on_conflict_do_update(index_elements=["portal"], set_=reached))

    def tally(self, *, changes: int, alarmed_at: datetime | None) -> None:
        alarmed = func.coalesce(at(alarmed_at), sweeps.c.alarmed_at)
        counted = update(sweeps).where(self._own).values(changes=sweeps.c.changes + changes, alarmed_at=alarmed)
        with writing(self.engine) as connection:
            connection.execute(counted)

    def mark_missed(
        self, modified: Sequence[ModifiedTickets], *, promised_since: datetime, now: datetime
    ) -> MissedChanges:
        found = {each.ticket_id: each.at for each in modified}
        with writing(self.engine) as connection:
            self._lock(connection)
            known = self._known(connection, found, now)
            unreported = {ticket_id: found[ticket_id] for ticket_id in sorted(found.keys() - known)}
            missed = sum(modified_at >= promised_since for modified_at in unreported.values())
            mark(connection, self.portal, unreported, now=now, wake_at=now, woken=True)
            self._set_known(connection, unreported)
            connection.execute(update(sweeps).where(self._own).values(missed=sweeps.c.missed + missed))
        return MissedChanges(marked=len(unreported), missed=missed)

    @property
    def _own(self) -> ColumnElement[bool]:
        return sweeps.c.portal == self.portal

    def _lock(self, connection: Connection) -> None:
        """Block other sweeps of the portal until the transaction ends: otherwise both would count the same ticket."""
        statement = insert(connection, sweeps).values(portal=self.portal)
        same = {"missed": sweeps.c.missed}
        connection.execute(statement.on_conflict_do_update(index_elements=["portal"], set_=same))

    def _known(self, connection: Connection, found: Mapping[str, datetime], now: datetime) -> set[str]:
        """Return the ids of tickets that need no mark: known as they are now, or with a look due or pending.

        A parked ticket keeps its due look: it is made when a person puts the ticket back.
        """
        waiting = exists().where(
            deliveries.c.portal == tickets.c.portal,
            deliveries.c.ticket_id == tickets.c.ticket_id,
            deliveries.c.processed_at.is_(None),
        )
        due = or_(tickets.c.look_at <= now, tickets.c.owed_at.is_not(None), waiting)
        rows = connection.execute(
            select(tickets.c.ticket_id, tickets.c.modified_at, due).where(
                tickets.c.portal == self.portal, tickets.c.ticket_id.in_(found)
            )
        )
        return {
            ticket_id for ticket_id, known, soon in rows if soon or (known is not None and known >= found[ticket_id])
        }

    def _set_known(self, connection: Connection, found: Mapping[str, datetime]) -> None:
        marked = (tickets.c.portal == self.portal) & (tickets.c.ticket_id == bindparam("marked_id"))
        statement = update(tickets).where(marked).values(modified_at=newest(bindparam("found_at", type_=InstantColumn)))
        rows = [{"marked_id": ticket_id, "found_at": modified_at} for ticket_id, modified_at in found.items()]
        if rows:
            connection.execute(statement, rows)
