"""The tickets related to a ticket, as found by their last looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, bindparam, or_, select

from desk_sync.adapters.store.columns import InstantColumn
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import mark
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.values import chunks
from desk_sync.domain.escalation.basic_questions import BasicQuestion
from desk_sync.domain.escalation.triggers import SevereTicket

# Built once, like the statements in `queue`.
_HERE = (tickets.c.portal == bindparam("its_portal")) & tickets.c.ended_at.is_(None)
_SINCE = bindparam("since", type_=InstantColumn)
_SEVERE = select(tickets.c.ticket_id, tickets.c.severe_at, tickets.c.account_id, tickets.c.product).where(
    _HERE,
    tickets.c.severe_at >= _SINCE,
    or_(tickets.c.account_id == bindparam("its_account"), tickets.c.product == bindparam("its_product")),
)
_QUESTIONS = select(tickets.c.ticket_id, tickets.c.howto_at, tickets.c.number).where(
    _HERE, tickets.c.howto_at >= _SINCE, tickets.c.partner == bindparam("its_partner")
)


@dataclass(frozen=True, slots=True)
class SqlRelatedTickets:
    """One portal's tickets, without ended ones."""

    engine: Engine
    portal: str

    def severe(self, *, account_id: str | None, product: str | None, since: datetime) -> Sequence[SevereTicket]:
        wanted = {"its_portal": self.portal, "its_account": account_id, "its_product": product, "since": since}
        with reading(self.engine) as connection:
            rows = connection.execute(_SEVERE, wanted).all()
        return [
            SevereTicket(ticket_id=each, at=at, account_id=account, product=about) for each, at, account, about in rows
        ]

    def questions(self, partner: str, *, since: datetime) -> Sequence[BasicQuestion]:
        wanted = {"its_portal": self.portal, "its_partner": partner, "since": since}
        with reading(self.engine) as connection:
            rows = connection.execute(_QUESTIONS, wanted).all()
        return [BasicQuestion(ticket_id=each, at=at, number=number or each) for each, at, number in rows]

    def wake(self, ticket_ids: Iterable[str], *, now: datetime) -> None:
        for chunk in chunks(sorted(set(ticket_ids))):  # most looks wake no ticket, and then need no transaction
            with writing(self.engine) as connection:
                mark(connection, self.portal, chunk, now=now, wake_at=now, woken=True)
