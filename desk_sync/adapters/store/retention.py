"""Retention: deletes what is too old in short transactions, each of them of at most CHUNK rows of one kind.

Only tickets at rest are touched (`indexes.AT_REST`), and none of which an effect or a message is unfinished. Every
statement repeats this condition: a ticket that was reopened since it was chosen is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    bindparam,
    delete,
    exists,
    select,
    true,
    tuple_,
    update,
)

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.held_back_tables import held_back
from desk_sync.adapters.store.indexes import AT_REST, ENDED_AT, SETTLED_AT
from desk_sync.adapters.store.partners import PLACED
from desk_sync.adapters.store.retention_tables import deletions
from desk_sync.adapters.store.review_tables import dismissals, ticket_bindings
from desk_sync.adapters.store.tables import (
    clocks,
    decisions,
    deliveries,
    effects,
    messages,
    notices,
    partners,
    portals,
    tickets,
)
from desk_sync.adapters.store.values import CHUNK, insert, memory_of, stored_memory
from desk_sync.ports.retention import Deletion, KeptPart

FEW = 50
"""The number of tickets that are shrunk or deleted together."""

_UNDONE = exists().where(
    effects.c.portal == tickets.c.portal, effects.c.ticket_id == tickets.c.ticket_id, effects.c.done_at.is_(None)
)
_SETTLED = exists().where(
    notices.c.portal == messages.c.portal, notices.c.key == messages.c.notice, SETTLED_AT.is_not(None)
)
_UNSENT = exists().where(messages.c.portal == tickets.c.portal, messages.c.ticket_id == tickets.c.ticket_id, ~_SETTLED)
_FINISHED = AT_REST & ~_UNDONE & ~_UNSENT

_OF_A_LOOK = (Deletion.DECISIONS, decisions), (Deletion.MESSAGES, messages)
"""The rows that a ticket loses when it is shrunk."""
_OF_A_TICKET = (
    *_OF_A_LOOK,
    (Deletion.EFFECTS, effects),
    (None, clocks),
    (None, dismissals),
    (None, ticket_bindings),
    (None, held_back),
    (Deletion.DELIVERIES, deliveries),
)
"""The rows that are deleted before the ticket's own."""


@dataclass(frozen=True, slots=True)
class SqlRetention:
    """The retention of one portal."""

    engine: Engine
    portal: str

    def delete_deliveries(self, before: datetime) -> bool:
        return self._delete(Deletion.DELIVERIES, deliveries, deliveries.c.processed_at < before)

    def shrink_tickets(self, before: datetime) -> bool:
        rows = self._oldest(KeptPart.WHOLE, before)
        chosen = [row.ticket_id for row in rows]
        if not chosen or self._delete_any(_OF_A_LOOK, chosen, before):
            return bool(chosen)
        shrunk = [
            {
                "its_id": row.ticket_id,
                "its_token": row.lease_token,
                "smaller": row.memory and stored_memory(memory_of(row.memory).reopenable()),
            }
            for row in rows
        ]
        with writing(self.engine) as connection:
            connection.execute(_SHRINK, [{"its_portal": self.portal, **each} for each in shrunk])
            _add(connection, self.portal, Deletion.SHRUNK, len(shrunk))
        return True

    def delete_notices(self, before: datetime) -> bool:
        its_messages = exists().where(messages.c.portal == notices.c.portal, messages.c.notice == notices.c.key)
        old = _some(notices, self.portal, before > SETTLED_AT, ~its_messages)
        gone = delete(notices).where(old).returning(notices.c.undelivered)
        with writing(self.engine) as connection:
            undelivered = connection.scalars(gone).all()
            _add(connection, self.portal, Deletion.NOTICES, len(undelivered))
            _add(connection, self.portal, Deletion.UNDELIVERED, sum(undelivered))
        return bool(undelivered)

    def delete_partners(self, before: datetime) -> bool:
        read = ~partners.c.key.startswith(PLACED)
        return self._delete(Deletion.PARTNERS, partners, read & (partners.c.read_at < before))

    def delete_keys(self, before: datetime) -> bool:
        chosen = [row.ticket_id for row in self._oldest(KeptPart.REOPENABLE, before)]
        if not chosen:
            return False
        # First, so that Desk is asked if the ticket is reopened before the last key is deleted.
        lacking = update(tickets).where(self._still(chosen, before), tickets.c.keys_deleted.is_(False))
        done = update(tickets).where(self._still(chosen, before)).values(kept=KeptPart.NO_KEYS)
        with writing(self.engine) as connection:
            connection.execute(lacking.values(keys_deleted=true()))
        if not self._delete_any([(Deletion.EFFECTS, effects)], chosen, before):
            with writing(self.engine) as connection:
                connection.execute(done)
        return True

    def delete_tickets(self, before: datetime) -> bool:
        chosen = [row.ticket_id for row in self._oldest(KeptPart.NO_KEYS, before)]
        if not chosen or self._delete_any(_OF_A_TICKET, chosen, before):
            return bool(chosen)
        forgotten = portals.c.active_since < before
        with writing(self.engine) as connection:
            gone = connection.execute(delete(tickets).where(self._still(chosen, before))).rowcount
            _add(connection, self.portal, Deletion.TICKETS, gone)
            its_portal = update(portals).where(portals.c.name == self.portal, forgotten)
            connection.execute(its_portal.values(active_since=before))
        return True

    def end_run(self, *, now: datetime) -> None:
        SqlHeartbeats(self.engine, heart_of(self.portal)).beat(now=now)

    def _oldest(self, kept: KeptPart, before: datetime) -> Sequence[Any]:
        """Return the tickets that ended first, of those of which so much is kept."""
        columns = (tickets.c.ticket_id, tickets.c.memory, tickets.c.lease_token)
        own = (tickets.c.portal == self.portal) & (tickets.c.kept == kept)
        oldest = select(*columns).where(own, _FINISHED, before > ENDED_AT).order_by(ENDED_AT).limit(FEW)
        with reading(self.engine) as connection:
            return connection.execute(oldest).all()

    def _still(self, ticket_ids: Sequence[str], before: datetime) -> ColumnElement[bool]:
        own = (tickets.c.portal == self.portal) & tickets.c.ticket_id.in_(ticket_ids)
        return own & _FINISHED & (before > ENDED_AT)

    def _delete_any(
        self, kinds: Sequence[tuple[Deletion | None, Table]], ticket_ids: Sequence[str], before: datetime
    ) -> bool:
        """Delete rows of the first kind of which these tickets have any; return False if they have none."""
        still = select(tickets.c.ticket_id).where(self._still(ticket_ids, before))
        return any(self._delete(kind, table, table.c.ticket_id.in_(still)) for kind, table in kinds)

    def _delete(self, kind: Deletion | None, table: Table, condition: ColumnElement[bool]) -> bool:
        with writing(self.engine) as connection:
            gone = connection.execute(delete(table).where(_some(table, self.portal, condition))).rowcount
            if kind:
                _add(connection, self.portal, kind, gone)
        return gone > 0


def heart_of(portal: str) -> str:
    """Return the name of the heartbeat that a complete run of the portal's retention records."""
    return f"retention of {portal}"


def count(connection: Connection, portal: str) -> Mapping[Deletion, int]:
    """Return how much was deleted of each kind."""
    counted = select(deletions.c.kind, deletions.c.number).where(deletions.c.portal == portal)
    return dict.fromkeys(Deletion, 0) | {Deletion(row.kind): row.number for row in connection.execute(counted)}


_SHRINK = (
    update(tickets)
    .where(
        tickets.c.portal == bindparam("its_portal"),
        tickets.c.ticket_id == bindparam("its_id"),
        tickets.c.lease_token == bindparam("its_token"),
        tickets.c.kept == KeptPart.WHOLE,
        AT_REST,
    )
    .values(memory=bindparam("smaller"), kept=KeptPart.REOPENABLE)
)


def _some(table: Table, portal: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition: the row is one of a CHUNK of the portal's that meet the conditions."""
    key = table.primary_key.columns
    chosen = select(*key).where(table.c.portal == portal, *conditions).limit(CHUNK)
    return tuple_(*key).in_(chosen)


def _add(connection: Connection, portal: str, kind: Deletion, number: int) -> None:
    if number:
        row = insert(connection, deletions).values(portal=portal, kind=kind, number=number)
        more = {"number": deletions.c.number + number}
        connection.execute(row.on_conflict_do_update(index_elements=["portal", "kind"], set_=more))
