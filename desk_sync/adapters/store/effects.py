"""Effects, which happen once per ticket and key (L6): stored before the call, ticked off after it, without texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from desk_sync.adapters.store.tables import effects
from desk_sync.adapters.store.values import DIALECTS, columns_of, insert_for
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.ports.tickets import PastEffect

# Built once, like the statements in `queue`.
_OF_TICKET = (effects.c.portal == bindparam("its_portal")) & (effects.c.ticket_id == bindparam("its_id"))
_UNDONE = select(effects.c.key).where(_OF_TICKET, effects.c.done_at.is_(None))
_REFERENCES = select(effects.c.reference).where(_OF_TICKET)
_PAST = select(*columns_of(effects, PastEffect)).where(_OF_TICKET).order_by(effects.c.planned_at, effects.c.key)
_TICK_OFF = (
    update(effects)
    .where(_OF_TICKET, effects.c.key.in_(bindparam("keys", expanding=True)), effects.c.done_at.is_(None))
    .values(done_at=bindparam("at"))
)
_ADD = {name: insert_for(name, effects).on_conflict_do_nothing().returning(effects.c.key) for name in DIALECTS}


def write_down(
    connection: Connection, portal: str, ticket_id: str, wanted: Sequence[Effect], *, keys_deleted: bool, now: datetime
) -> Mapping[Effect, bool]:
    """Store the effects; return those not done, with True for those that may have been made by an earlier attempt.

    That is an attempt that had stored them already; or any, if keys of the ticket's effects were deleted.
    """
    if not wanted:
        return {}
    new = _add(connection, portal, ticket_id, wanted, now)
    pending = frozenset(connection.scalars(_UNDONE, _of(portal, ticket_id)))
    return {effect: keys_deleted or effect.key not in new for effect in wanted if effect.key in pending}


def tick_off(connection: Connection, portal: str, ticket_id: str, done: Sequence[Effect], *, at: datetime) -> None:
    """Record that the effects happened; an earlier record of the same stays."""
    if done:
        keys = [effect.key for effect in done]
        connection.execute(_TICK_OFF, _of(portal, ticket_id) | {"keys": keys, "at": at})


def references(connection: Connection, portal: str, ticket_id: str) -> frozenset[str]:
    """Return the references of our comments on the ticket, including those that may not have been made."""
    return frozenset(connection.scalars(_REFERENCES, _of(portal, ticket_id)))


def past(connection: Connection, portal: str, ticket_id: str) -> Sequence[PastEffect]:
    """Return the ticket's effects, in the order in which they were planned."""
    rows = connection.execute(_PAST, _of(portal, ticket_id)).mappings()
    return [PastEffect(**{**row, "kind": EffectKind(row["kind"])}) for row in rows]


def _add(
    connection: Connection, portal: str, ticket_id: str, wanted: Sequence[Effect], now: datetime
) -> frozenset[str]:
    """Store the effects; return the keys that are new."""
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
    return frozenset(connection.execute(_ADD[connection.dialect.name], rows).scalars())


def _of(portal: str, ticket_id: str) -> dict[str, object]:
    return {"its_portal": portal, "its_id": ticket_id}
