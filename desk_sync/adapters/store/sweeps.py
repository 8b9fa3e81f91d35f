"""The state of a portal's sweeps, and the marking of the tickets that they find.

A ticket's modifications are known up to `tickets.modified_at`, those of its last second only if the ticket was read
later. Marking a ticket sets it to the modification found, so that a modification is counted once, however often it is
found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, bindparam, exists, or_, select, update

from desk_sync.adapters.store import inflow
from desk_sync.adapters.store.columns import InstantColumn
from desk_sync.adapters.store.desk_clock import SqlDeskClock
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import mark, newest
from desk_sync.adapters.store.tables import BY_DESK, deliveries, portals, sweep_rounds, sweeps, tickets
from desk_sync.adapters.store.values import columns_of, insert
from desk_sync.domain.desk_clock import SAME_CLOCK, ClockOffset
from desk_sync.ports.desk import ModifiedTickets
from desk_sync.ports.sweeps import MissedChanges, SweepCoverage, SweepKind, SweepRound

A_SECOND = timedelta(seconds=1)
READ_AFTER = 2 * A_SECOND
"""A look that begins so long after the start of a second has read all that happened in it: Desk's times are whole
seconds, and the clocks differ by less than one."""
LOOKED_AFTER = timedelta(minutes=1)
"""The same for the end of a look, which is no longer than a lease after its start."""
RECENTLY = timedelta(minutes=5)
"""A ticket without an instant was found because of a change in the overlap of the sweeps, which is twice as long."""
INDEX_LAG = timedelta(hours=1)
"""For so long Desk's search may still name a ticket that is gone."""


class SweepDoubt(StrEnum):
    """Why a ticket that a sweep found must be looked at."""

    UNREPORTED = "unreported"
    SAME_SECOND = "same_second"
    UNDATED = "undated"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SqlSweeps:
    """One portal's sweeps."""

    engine: Engine
    portal: str

    def acquire(self, which: SweepKind, *, now: datetime, length: timedelta) -> bool:
        """Take the turn. One that ends more than `length` from now was taken by a wrong clock, and is void."""
        until = sweep_rounds.c.turn_until
        free = or_(until.is_(None), until <= now, until > now + length)
        taken = update(sweep_rounds).where(self._round(which), free).values(turn_until=now + length)
        with writing(self.engine) as connection:
            self._begin(connection, which)
            return connection.execute(taken).rowcount == 1

    def rounds(self) -> Mapping[SweepKind, SweepRound]:
        stored = select(sweep_rounds.c.which, *columns_of(sweep_rounds, SweepRound))
        with reading(self.engine) as connection:
            rows = connection.execute(stored.where(sweep_rounds.c.portal == self.portal)).mappings().all()
        found = {SweepKind(row["which"]): row for row in rows}
        return {which: SweepRound(**{k: v for k, v in found[which].items() if k != "which"}) for which in found}

    def end_round(self, which: SweepKind, *, reached: datetime, now: datetime) -> None:
        ended = {"reached": reached, "ended_at": now, "failures": 0, "error": None}
        with writing(self.engine) as connection:
            self._begin(connection, which)
            connection.execute(update(sweep_rounds).where(self._round(which)).values(ended))

    def fail_round(self, which: SweepKind, error: str) -> int:
        failed = update(sweep_rounds).values(failures=sweep_rounds.c.failures + 1, error=error, turn_until=None)
        with writing(self.engine) as connection:
            self._begin(connection, which)
            return connection.scalar(failed.where(self._round(which)).returning(sweep_rounds.c.failures)) or 0

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

    def tally(self, changed: Sequence[datetime], *, missed: int, now: datetime, alarmed: bool) -> None:
        alarm = {"alarmed_at": now} if alarmed else {}
        changes = max(len(changed), missed)
        counted = update(sweeps).where(self._own).values(changes=sweeps.c.changes + changes, **alarm)
        with writing(self.engine) as connection:
            connection.execute(counted)
            inflow.add(connection, self.portal, inflow.by_hour(inflow.CHANGES, changed), now=now)

    def own(self, modified: Sequence[ModifiedTickets], *, since: datetime) -> Collection[str]:
        found = {each.ticket_id: each.at for each in modified}
        ours = select(portals.c.own_agent_id).where(portals.c.name == self.portal).scalar_subquery()
        by_others = exists().where(
            deliveries.c.portal == tickets.c.portal,
            deliveries.c.ticket_id == tickets.c.ticket_id,
            deliveries.c.occurred_at >= since,
            deliveries.c.actor_id.is_distinct_from(ours),
            BY_DESK,
        )
        written = select(tickets.c.ticket_id, tickets.c.written_at).where(
            tickets.c.portal == self.portal,
            tickets.c.ticket_id.in_(found),
            tickets.c.written_at.is_not(None),
            ~by_others,
        )
        with reading(self.engine) as connection:
            return {row.ticket_id for row in connection.execute(written) if row.written_at == found[row.ticket_id]}

    def mark_missed(
        self, modified: Sequence[ModifiedTickets], *, promised_since: datetime, now: datetime
    ) -> MissedChanges:
        found = {each.ticket_id: each.at for each in modified}
        with writing(self.engine) as connection:
            self._lock(connection)
            doubts = self._doubts(connection, found, now)
            unreported = {ticket_id: found[ticket_id] for ticket_id, doubt in sorted(doubts.items()) if doubt}
            missed = [
                modified_at
                for ticket_id, modified_at in unreported.items()
                if doubts[ticket_id] is SweepDoubt.UNREPORTED and modified_at and modified_at >= promised_since
            ]
            mark(connection, self.portal, unreported, now=now, wake_at=now, woken=True)
            self._set_known(connection, unreported)
            connection.execute(update(sweeps).where(self._own).values(missed=sweeps.c.missed + len(missed)))
            inflow.add(connection, self.portal, inflow.by_hour(inflow.MISSED, missed), now=now)
        return MissedChanges(marked=len(unreported), missed=len(missed))

    def _begin(self, connection: Connection, which: SweepKind) -> None:
        row = insert(connection, sweep_rounds).values(portal=self.portal, which=which)
        connection.execute(row.on_conflict_do_nothing())

    def _round(self, which: SweepKind) -> ColumnElement[bool]:
        return (sweep_rounds.c.portal == self.portal) & (sweep_rounds.c.which == which)

    @property
    def _own(self) -> ColumnElement[bool]:
        return sweeps.c.portal == self.portal

    def _lock(self, connection: Connection) -> None:
        """Block other sweeps of the portal until the transaction ends: otherwise both would count the same ticket."""
        statement = insert(connection, sweeps).values(portal=self.portal)
        same = {"missed": sweeps.c.missed}
        connection.execute(statement.on_conflict_do_update(index_elements=["portal"], set_=same))

    def _doubts(
        self, connection: Connection, found: Mapping[str, datetime | None], now: datetime
    ) -> Mapping[str, SweepDoubt | None]:
        """Return for each ticket why it must be looked at; None if it is known, or a look is due or pending.

        A parked ticket keeps its due look: it is made when a person puts the ticket back.
        """
        waiting = exists().where(
            deliveries.c.portal == tickets.c.portal,
            deliveries.c.ticket_id == tickets.c.ticket_id,
            deliveries.c.processed_at.is_(None),
        )
        due = or_(tickets.c.look_at <= now, tickets.c.owed_at.is_not(None), waiting)
        columns = [tickets.c[name] for name in ("ticket_id", "modified_at", "begun_at", "looked_at", "ended_at")]
        stored = select(*columns, due.label("due")).where(
            tickets.c.portal == self.portal, tickets.c.ticket_id.in_(found)
        )
        measured = SqlDeskClock(self.engine, self.portal).read()
        offset = measured.offset if measured else SAME_CLOCK
        known = {
            row["ticket_id"]: None if row["due"] else _doubt(row, found[row["ticket_id"]], offset, now)
            for row in connection.execute(stored).mappings()
        }
        return dict.fromkeys(found, SweepDoubt.UNREPORTED) | known

    def _set_known(self, connection: Connection, found: Mapping[str, datetime | None]) -> None:
        marked = (tickets.c.portal == self.portal) & (tickets.c.ticket_id == bindparam("marked_id"))
        statement = update(tickets).where(marked).values(modified_at=newest(bindparam("found_at", type_=InstantColumn)))
        rows = [
            {"marked_id": ticket_id, "found_at": modified_at} for ticket_id, modified_at in found.items() if modified_at
        ]
        if rows:
            connection.execute(statement, rows)


def _doubt(row: RowMapping, found: datetime | None, offset: ClockOffset, now: datetime) -> SweepDoubt | None:
    """Return why a ticket that was seen before must be looked at because of a modification at `found`, by Desk's clock.

    Looks and `now` are in the host's time.
    """
    modified_at, looked_at, ended_at = row["modified_at"], row["looked_at"], row["ended_at"]
    if ended_at and (modified_at is None or (ended_at < now - INDEX_LAG and (found is None or found <= modified_at))):
        return SweepDoubt.ENDED
    if found is None:
        return SweepDoubt.UNDATED if looked_at is None or looked_at < now - RECENTLY else None
    if modified_at is None or modified_at < found:
        return SweepDoubt.UNREPORTED
    known = ended_at or modified_at - found >= A_SECOND or _was_read_after(found, offset, row)
    return None if known else SweepDoubt.SAME_SECOND


def _was_read_after(found: datetime, offset: ClockOffset, row: RowMapping) -> bool:
    """Return True if the ticket's last look read all modifications of that second. A skipped look reads nothing."""
    begun_at: datetime = row["begun_at"]
    looked_at: datetime | None = row["looked_at"]
    second = offset.in_host_time(found.replace(microsecond=0))
    if looked_at is None or looked_at < second + READ_AFTER:
        return False
    return looked_at >= second + LOOKED_AFTER or second + READ_AFTER <= begun_at <= looked_at
