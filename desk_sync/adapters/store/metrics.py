"""The metrics of a portal, computed in SQL at each request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, func, or_, select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.held_back import SqlHeldBack
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.tables import clocks, deliveries, messages, notices, sweeps, tickets
from desk_sync.adapters.store.values import columns_of
from desk_sync.ports.held_back import HeldBackField
from desk_sync.ports.metrics import DeliveryCounts, WorkBacklog
from desk_sync.ports.sweeps import SweepKind, SweepRound


@dataclass(frozen=True, slots=True)
class SqlMetrics:
    """The metrics of one portal."""

    engine: Engine
    portal: str

    def backlog(self, now: datetime) -> WorkBacklog:
        with reading(self.engine) as connection:
            looks = connection.execute(self._looks(now)).one()
            events = connection.execute(self._events(now)).one()
            loose = connection.execute(self._messages()).one()
            unsent = connection.execute(self._notices()).one()
            steps = [looks.unseen_at, *(connection.scalar(each) for each in self._steps(now))]
        since = (looks.oldest_at, events.oldest_at, loose.oldest_at, unsent.oldest_at)
        return WorkBacklog(
            due=looks.due,
            put_off=looks.put_off,
            leased=looks.leased,
            parked=looks.parked,
            events=events.waiting,
            stranded=events.stranded,
            notices=loose.waiting + unsent.waiting,
            oldest_at=min(filter(None, since), default=None),
            step_at=min(filter(None, steps), default=None),
        )

    def verdicts(self) -> Mapping[str, int]:
        still_open = tickets.c.closed.is_(False) & tickets.c.ended_at.is_(None) & tickets.c.verdict.is_not(None)
        counted = select(tickets.c.verdict, func.count()).where(tickets.c.portal == self.portal, still_open)
        with reading(self.engine) as connection:
            return dict(connection.execute(counted.group_by(tickets.c.verdict)).all())

    def deliveries(self) -> DeliveryCounts:
        counted = select(*columns_of(sweeps, DeliveryCounts)).where(sweeps.c.portal == self.portal)
        with reading(self.engine) as connection:
            row = connection.execute(counted).mappings().one_or_none()
        return DeliveryCounts(**row) if row else DeliveryCounts()

    def sweeps(self) -> Mapping[SweepKind, SweepRound]:
        return SqlSweeps(self.engine, self.portal).rounds()

    def held_back(self) -> Sequence[HeldBackField]:
        return SqlHeldBack(self.engine, self.portal).listed()

    def held_back_tickets(self) -> Mapping[str, int]:
        return SqlHeldBack(self.engine, self.portal).count()

    def undelivered(self, since: datetime) -> int:
        recent = (notices.c.portal == self.portal) & (notices.c.refused_at >= since)
        with reading(self.engine) as connection:
            return connection.scalar(select(func.coalesce(func.sum(notices.c.undelivered), 0)).where(recent)) or 0

    def next_look_at(self) -> datetime | None:
        """Return when the first look is due, without parked tickets; None if no look is planned."""
        queued = (tickets.c.portal == self.portal) & tickets.c.parked_at.is_(None)
        with reading(self.engine) as connection:
            earliest: datetime | None = connection.scalar(select(func.min(tickets.c.look_at)).where(queued))
            return earliest

    def _looks(self, now: datetime) -> Select[int, int, int, int, Any, Any]:
        reached = tickets.c.look_at <= now
        held = _held(now)
        free = reached & ~held
        put_off = tickets.c.owed_at.is_not(None) & ~reached & ~held
        queued = tickets.c.parked_at.is_(None)
        parked = ~queued & tickets.c.dropped_at.is_(None)
        since = func.coalesce(tickets.c.owed_at, tickets.c.look_at, type_=tickets.c.look_at.type)
        return select(
            func.count().filter(queued & free).label("due"),
            func.count().filter(queued & put_off).label("put_off"),
            func.count().filter(queued & held).label("leased"),
            func.count().filter(parked).label("parked"),
            func.min(tickets.c.parked_at).filter(parked & tickets.c.looked_at.is_(None)).label("unseen_at"),
            func.min(since).filter(queued & or_(reached, tickets.c.owed_at.is_not(None))).label("oldest_at"),
        ).where(tickets.c.portal == self.portal, or_(tickets.c.look_at.is_not(None), ~queued))

    def _steps(self, now: datetime) -> Iterable[Select[Any]]:
        """Yield the query for the oldest clock change that is due, and for the oldest escalation step."""
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
