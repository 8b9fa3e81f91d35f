"""Requests for an escalation that persons record: an event each, which the next look reads like one of Desk's."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.inbox import DeliveryRow, record_all
from desk_sync.adapters.store.tables import tickets
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.errors import PermanentError
from desk_sync.ports.review import RecordedRequest


@dataclass(frozen=True, slots=True)
class SqlRequests:
    """The recorded requests of one portal."""

    engine: Engine
    portal: str

    def record(self, request: RecordedRequest, *, dry_run: bool = False) -> None:
        self._check(request.ticket_id)
        if not dry_run:
            record_all(self.engine, [DeliveryRow(portal=self.portal, events=[_event(request)], at=request.at)])

    def _check(self, ticket_id: str) -> None:
        """Raise PermanentError for a ticket that is not known, or that Desk does not have any more."""
        its = (tickets.c.portal == self.portal) & (tickets.c.ticket_id == ticket_id)
        with reading(self.engine) as connection:
            if connection.scalar(select(tickets.c.ticket_id).where(its, tickets.c.dropped_at.is_(None))) is None:
                hint = "its id is the long number in its address in Desk, not the number that people use"
                raise PermanentError(f"no ticket {ticket_id} was ever looked at, or it is gone", hint=hint)


def _event(request: RecordedRequest) -> Event:
    return Event(
        key=f"request:{request.ticket_id}:{request.at.isoformat()}",
        type="Request",
        hint=EventHint.REQUEST,
        ticket_id=request.ticket_id,
        occurred_at=request.at,
        actor_id=request.by,
    )
