"""The tickets around a ticket, by what their last looks found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, or_, select

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import mark
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.values import chunks
from desk_sync.domain.basic_questions import Question
from desk_sync.domain.triggers import Severe


@dataclass(frozen=True, slots=True)
class SqlNeighbours:
    """One portal's tickets, those that are gone left out."""

    engine: Engine
    portal: str

    def severe(self, *, account_id: str | None, product: str | None, since: datetime) -> Sequence[Severe]:
        """Those of severity 1 since then, of the account or about the product."""
        alike = or_(tickets.c.account_id == account_id, tickets.c.product == product)
        columns = (tickets.c.ticket_id, tickets.c.severe_at, tickets.c.account_id, tickets.c.product)
        chosen = select(*columns).where(self._here, tickets.c.severe_at >= since, alike)
        with reading(self.engine) as connection:
            rows = connection.execute(chosen).all()
        return [Severe(ticket_id=each, at=at, account_id=account, product=about) for each, at, account, about in rows]

    def questions(self, partner: str, *, since: datetime) -> Sequence[Question]:
        """The partner's how-to tickets since then."""
        columns = (tickets.c.ticket_id, tickets.c.howto_at, tickets.c.number)
        chosen = select(*columns).where(self._here, tickets.c.howto_at >= since, tickets.c.partner == partner)
        with reading(self.engine) as connection:
            rows = connection.execute(chosen).all()
        return [Question(ticket_id=each, at=at, number=number or each) for each, at, number in rows]

    def wake(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        """Owe each a look."""
        for chunk in chunks(sorted(set(ticket_ids))):  # most looks wake nobody, and take no turn at writing
            with writing(self.engine) as connection:
                mark(connection, self.portal, chunk, now=now, wake_at=now, woken=True)

    @property
    def _here(self) -> ColumnElement[bool]:
        return (tickets.c.portal == self.portal) & tickets.c.ended_at.is_(None)
