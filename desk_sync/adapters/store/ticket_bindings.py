"""Tickets that persons bound to accounts: stronger than what is only suggested by the ticket's texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, delete, select

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.known_accounts import KnownAccounts
from desk_sync.adapters.store.queue import wake_all
from desk_sync.adapters.store.review_tables import ticket_bindings
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.values import insert
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import PermanentError
from desk_sync.ports.review import SettledReview, TicketBinding


@dataclass(frozen=True, slots=True)
class SqlTicketBindings:
    """The bound tickets of one portal. `sources` are those that look-ups use."""

    engine: Engine
    portal: str
    sources: Sequence[str]

    def bind(self, binding: TicketBinding, *, dry_run: bool = False) -> None:
        key = {"portal": self.portal, "ticket_id": binding.ticket_id}
        row = {**key, "account_id": binding.account_id, **asdict(binding.settled)}
        with writing(self.engine) as connection:
            self._check(connection, binding)
            if dry_run:
                return
            statement = insert(connection, ticket_bindings).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=tuple(key), set_=row))
        self._wake(binding.ticket_id, now=binding.settled.at)

    def unbind(self, ticket_id: str, *, now: datetime, dry_run: bool = False) -> bool:
        its = self._is(ticket_id)
        with writing(self.engine) as connection:
            if dry_run:
                return connection.scalar(select(ticket_bindings.c.at).where(its)) is not None
            if not connection.execute(delete(ticket_bindings).where(its)).rowcount:
                return False
        self._wake(ticket_id, now=now)
        return True

    def bindings(self) -> Sequence[TicketBinding]:
        columns = ticket_bindings.c
        query = select(ticket_bindings).where(columns.portal == self.portal).order_by(columns.at, columns.ticket_id)
        with reading(self.engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [
            TicketBinding(
                ticket_id=row["ticket_id"],
                account_id=row["account_id"],
                settled=SettledReview(at=row["at"], by=row["by"], why=row["why"]),
            )
            for row in rows
        ]

    def account_of(self, ticket_id: str) -> Account | None:
        with reading(self.engine) as connection:
            row = connection.execute(select(ticket_bindings).where(self._is(ticket_id))).mappings().first()
            found = KnownAccounts(connection, self.sources).of_id(row["account_id"]) if row else ()
        return replace(found[0], bound_at=row["at"]) if row and found else None

    def _check(self, connection: Connection, binding: TicketBinding) -> None:
        """Raise PermanentError for a ticket or an account that is not known."""
        its = (tickets.c.portal == self.portal) & (tickets.c.ticket_id == binding.ticket_id)
        if connection.scalar(select(tickets.c.ticket_id).where(its)) is None:
            hint = "its id is the long number in its address in Desk, not the number that people use"
            raise PermanentError(f"no ticket {binding.ticket_id} was ever looked at", hint=hint)
        if not KnownAccounts(connection, self.sources).of_id(binding.account_id):
            raise PermanentError(f"no source has an account {binding.account_id}")

    def _wake(self, ticket_id: str, *, now: datetime) -> None:
        wake_all(self.engine, (tickets.c.portal == self.portal) & (tickets.c.ticket_id == ticket_id), now=now)

    def _is(self, ticket_id: str) -> ColumnElement[bool]:
        return (ticket_bindings.c.portal == self.portal) & (ticket_bindings.c.ticket_id == ticket_id)
