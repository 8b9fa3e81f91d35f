"""What must happen once per ticket and key (L6): written down before it happens, ticked off after. No text is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from desk_sync.adapters.store.tables import effects
from desk_sync.adapters.store.values import columns_of, insert
from desk_sync.domain.effect import Effect, EffectKind
from desk_sync.ports import PastEffect


def write_down(
    connection: Connection, portal: str, ticket_id: str, wanted: Sequence[Effect], *, now: datetime
) -> Mapping[Effect, bool]:
    """The effects that are not done; True for those that an earlier attempt had written down already."""
    if not wanted:
        return {}
    new = _add(connection, portal, ticket_id, wanted, now)
    undone = select(effects.c.key).where(_of(portal, ticket_id), effects.c.done_at.is_(None))
    owed = frozenset(connection.scalars(undone))
    return {effect: effect.key not in new for effect in wanted if effect.key in owed}


def tick_off(connection: Connection, portal: str, ticket_id: str, done: Sequence[Effect], *, at: datetime) -> None:
    if done:
        these = effects.c.key.in_([effect.key for effect in done]) & effects.c.done_at.is_(None)
        connection.execute(update(effects).where(_of(portal, ticket_id), these).values(done_at=at))


def references(connection: Connection, portal: str, ticket_id: str) -> frozenset[str]:
    """By which our comments on the ticket are known, those included that may not have been made."""
    return frozenset(connection.scalars(select(effects.c.reference).where(_of(portal, ticket_id))))


def past(connection: Connection, portal: str, ticket_id: str) -> Sequence[PastEffect]:
    """The ticket's effects, in the order in which they were planned."""
    known = select(*columns_of(effects, PastEffect)).where(_of(portal, ticket_id))
    rows = connection.execute(known.order_by(effects.c.planned_at, effects.c.key)).mappings()
    return [PastEffect(**{**row, "kind": EffectKind(row["kind"])}) for row in rows]


def _add(
    connection: Connection, portal: str, ticket_id: str, wanted: Sequence[Effect], now: datetime
) -> frozenset[str]:
    """The keys that were not there before."""
    rows = [
        {
            "portal": portal,
            "ticket_id": ticket_id,
            "key": effect.key,
            "kind": effect.kind,
            "reference": effect.reference(ticket_id),
            "planned_at": now,
        }
        for effect in wanted
    ]
    statement = insert(connection, effects).on_conflict_do_nothing().returning(effects.c.key)
    return frozenset(connection.execute(statement, rows).scalars())


def _of(portal: str, ticket_id: str) -> ColumnElement[bool]:
    return (effects.c.portal == portal) & (effects.c.ticket_id == ticket_id)
