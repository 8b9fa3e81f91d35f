"""The metrics of a portal, computed in SQL at each request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, func, or_, select

from desk_sync.adapters.store import retention
from desk_sync.adapters.store.desk_clock import SqlDeskClock
from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.held_back import SqlHeldBack
from desk_sync.adapters.store.indexes import OPEN, PARKED, QUEUED, UNDELIVERED
from desk_sync.adapters.store.size import database_size
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.tables import clocks, deliveries, messages, notices, sweeps, tickets
from desk_sync.adapters.store.values import columns_of
from desk_sync.domain.desk_clock import SAME_CLOCK, ClockOffset
from desk_sync.ports.desk_clock import MeasuredOffset
from desk_sync.ports.held_back import HeldBackField
from desk_sync.ports.metrics import DatabaseSize, DeliveryCounts, WorkBacklog
from desk_sync.ports.retention import Deletion
from desk_sync.ports.sweeps import SweepKind, SweepRound


@dataclass(frozen=True, slots=True)
class SqlMetrics:
    """The metrics of one portal."""

    engine: Engine
    portal: str

    def backlog(self, now: datetime) -> WorkBacklog:
        offset = self._offset()
        with reading(self.engine) as connection:
            looks = connection.execute(self._looks(now)).one()
            later = connection.execute(self._postponed(now)).one()
            parked = connection.execute(self._parked()).one()
            events = connection.execute(self._events(now)).one()
            loose = connection.execute(self._messages()).one()
            unsent = connection.execute(self._notices()).one()
            desk_now = offset.in_desk_time(now)
            steps = [at for each in self._steps(desk_now) if (at := connection.scalar(each))]
        since = (looks.oldest_at, later.oldest_at, events.oldest_at, loose.oldest_at, unsent.oldest_at)
        return WorkBacklog(
            due=looks.due,
            put_off=later.put_off,
            leased=looks.leased + later.leased,
            parked=parked.parked,
            events=events.waiting,
            stranded=events.stranded,
            notices=loose.waiting + unsent.waiting,
            oldest_at=min(filter(None, since), default=None),
            step_at=min(filter(None, (parked.unseen_at, *map(offset.in_host_time, steps))), default=None),
        )

    def parked_tickets(self) -> int:
        with reading(self.engine) as connection:
            parked: int = connection.execute(self._parked()).one().parked
            return parked

    def waiting_notices(self) -> int:
        with reading(self.engine) as connection:
            waiting = [connection.execute(each).one().waiting for each in (self._messages(), self._notices())]
        return sum(waiting)

    def oldest_step(self, now: datetime) -> datetime | None:
        offset = self._offset()
        desk_now = offset.in_desk_time(now)
        with reading(self.engine) as connection:
            unseen_at = connection.execute(self._parked()).one().unseen_at
            steps = [at for each in self._steps(desk_now) if (at := connection.scalar(each))]
        return min(filter(None, (unseen_at, *map(offset.in_host_time, steps))), default=None)

    def desk_clock(self) -> MeasuredOffset | None:
        return SqlDeskClock(self.engine, self.portal).read()

    def _offset(self) -> ClockOffset:
        measured = self.desk_clock()
        return measured.offset if measured else SAME_CLOCK

    def verdicts(self) -> Mapping[str, int]:
        known = (tickets.c.portal == self.portal) & tickets.c.verdict.is_not(None)
        counted = select(tickets.c.verdict, func.count()).where(OPEN, known)
        with reading(self.engine) as connection:
            return dict(connection.execute(counted.group_by(tickets.c.verdict)).all())

    def deliveries(self) -> DeliveryCounts:
        counted = select(*columns_of(sweeps, DeliveryCounts)).where(sweeps.c.portal == self.portal)
        with reading(self.engine) as connection:
            row = connection.execute(counted).mappings().one_or_none()
        return DeliveryCounts(**row) if row else DeliveryCounts()

    def sweeps(self) -> Mapping[SweepKind, SweepRound]:
        offset, rounds = self._offset(), SqlSweeps(self.engine, self.portal).rounds()
        return {
            which: replace(done, reached=done.reached and offset.in_host_time(done.reached))
            for which, done in rounds.items()
        }

    def held_back(self) -> Sequence[HeldBackField]:
        return SqlHeldBack(self.engine, self.portal).listed()

    def held_back_tickets(self) -> Mapping[str, int]:
        return SqlHeldBack(self.engine, self.portal).count()

    def undelivered(self, since: datetime | None = None) -> int:
        counted = select(func.sum(notices.c.undelivered)).where(notices.c.portal == self.portal, UNDELIVERED)
        counted = counted if since is None else counted.where(notices.c.refused_at >= since)
        with reading(self.engine) as connection:
            found = connection.scalar(counted) or 0
        return found if since else found + self.deletions()[Deletion.UNDELIVERED]

    def deletions(self) -> Mapping[Deletion, int]:
        with reading(self.engine) as connection:
            return retention.count(connection, self.portal)

    def retained_at(self) -> datetime | None:
        return SqlHeartbeats(self.engine, retention.heart_of(self.portal)).last()

    def database_size(self) -> DatabaseSize:
        return database_size(self.engine)

    def next_look_at(self) -> datetime | None:
        """Return when the first look is due, without parked tickets; None if no look is planned."""
        first = select(func.min(tickets.c.look_at)).where(tickets.c.portal == self.portal, QUEUED)
        with reading(self.engine) as connection:
            earliest: datetime | None = connection.scalar(first)
            return earliest

    def _looks(self, now: datetime) -> Select[int, int, Any]:
        """Return the query for the looks that are due or begun; those planned for later are not read."""
        held = _held(now)
        since = func.coalesce(tickets.c.owed_at, tickets.c.look_at, type_=tickets.c.look_at.type)
        return select(
            func.count().filter(~held).label("due"),
            func.count().filter(held).label("leased"),
            func.min(since).label("oldest_at"),
        ).where(tickets.c.portal == self.portal, QUEUED, tickets.c.look_at <= now)

    def _postponed(self, now: datetime) -> Select[int, int, Any]:
        held = _held(now)
        return select(
            func.count().filter(~held).label("put_off"),
            func.count().filter(held).label("leased"),
            func.min(tickets.c.owed_at).label("oldest_at"),
        ).where(
            tickets.c.portal == self.portal,
            tickets.c.owed_at.is_not(None),
            tickets.c.parked_at.is_(None),
            tickets.c.look_at > now,
        )

    def _parked(self) -> Select[int, Any]:
        unseen = tickets.c.looked_at.is_(None)
        return select(
            func.count().label("parked"), func.min(tickets.c.parked_at).filter(unseen).label("unseen_at")
        ).where(tickets.c.portal == self.portal, PARKED)

    def _steps(self, now: datetime) -> Iterable[Select[Any]]:
        """Yield the query for the oldest clock change that is due, and for the oldest step, both in Desk's time."""
        alive = (tickets.c.portal == self.portal) & tickets.c.ended_at.is_(None) & tickets.c.dropped_at.is_(None)
        alive &= tickets.c.missing_at.is_(None)
        same = (tickets.c.portal == clocks.c.portal) & (tickets.c.ticket_id == clocks.c.ticket_id)
        yield select(func.min(clocks.c.next_at)).join(tickets, same).where(alive, clocks.c.next_at <= now)
        yield select(func.min(tickets.c.step_at)).where(alive, tickets.c.step_at <= now)

    def _messages(self) -> Select[int, Any]:
        """Return the query for the messages that are in no notice yet."""
        waiting = (messages.c.portal == self.portal) & messages.c.notice.is_(None)
        return select(func.count().label("waiting"), func.min(messages.c.at).label("oldest_at")).where(waiting)

    def _notices(self) -> Select[int, Any]:
        """Return the query for the notices that are neither sent nor refused."""
        pending = (notices.c.portal == self.portal) & notices.c.sent_at.is_(None) & notices.c.refused_at.is_(None)
        return select(func.count().label("waiting"), func.min(notices.c.made_at).label("oldest_at")).where(pending)

    def _events(self, now: datetime) -> Select[int, int, Any]:
        """Return the query for unprocessed events; one is stranded if its ticket's row has no look for it."""
        its_ticket = and_(tickets.c.portal == deliveries.c.portal, tickets.c.ticket_id == deliveries.c.ticket_id)
        expected = or_(tickets.c.look_at <= deliveries.c.received_at, tickets.c.owed_at.is_not(None), _held(now))
        return (
            select(
                func.count().label("waiting"),
                func.count().filter(func.coalesce(expected, False).is_(False)).label("stranded"),
                func.min(deliveries.c.received_at).label("oldest_at"),
            )
            .select_from(deliveries.outerjoin(tickets, its_ticket))
            .where(
                deliveries.c.portal == self.portal, deliveries.c.processed_at.is_(None), tickets.c.parked_at.is_(None)
            )
        )


def _held(now: datetime) -> ColumnElement[bool]:
    return func.coalesce(tickets.c.lease_until > now, False)
