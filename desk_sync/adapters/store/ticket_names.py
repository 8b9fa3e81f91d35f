"""Tickets by the names that people use: the id, or the number, of which Desk has one series for each portal.

No index is on the numbers: a person asks rarely, and a scan of 100,000 tickets takes less than a fifth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import tickets
from desk_sync.ports.tickets import NamedTicket

_NAMES = (tickets.c.portal, tickets.c.ticket_id, tickets.c.number, tickets.c.partner)


@dataclass(frozen=True, slots=True)
class SqlTicketNames:
    """The tickets of these portals."""

    engine: Engine
    portals: Sequence[str]

    def of_id(self, ticket_id: str) -> Sequence[NamedTicket]:
        """Return the tickets with the id: at most one of each portal."""
        return self._find(tickets.c.ticket_id == ticket_id)

    def of_number(self, number: str) -> Sequence[NamedTicket]:
        """Return the tickets whose last look saw the number."""
        return self._find(tickets.c.number == number)

    def _find(self, named: ColumnElement[bool]) -> Sequence[NamedTicket]:
        query = select(*_NAMES).where(tickets.c.portal.in_(self.portals), named).order_by(*_NAMES[:2])
        with reading(self.engine) as connection:
            return [NamedTicket(**row) for row in connection.execute(query).mappings()]
