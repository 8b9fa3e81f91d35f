"""The queue in the ticket rows: setting marks, and changing a row under the protection of its lease."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    Select,
    Update,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from desk_sync.adapters.store.bulk import given_rows
from desk_sync.adapters.store.engine import writing
from desk_sync.adapters.store.tables import InstantColumn, tickets
from desk_sync.adapters.store.values import CHUNK, Insert, insert_for
from desk_sync.errors import LeaseLost
from desk_sync.ports.tickets import Lease

_LONGEST_LEASE = timedelta(minutes=10)

NOW = bindparam("now", type_=InstantColumn)


def mark(connection: Connection, portal: str, ticket_ids: Iterable[str], *, now: datetime, **also: object) -> int:
    """Make the tickets due at `now` if they are not already; returns how many. `also` are further columns to set.

    In the order of their ids, or two writers could wait for each other.
    """
    seen: dict[str, object] = {"portal": portal, "first_seen_at": now, "look_at": now, "marked": True, **also}
    rows = [{**seen, "ticket_id": ticket_id} for ticket_id in sorted(set(ticket_ids))]
    if rows:
        connection.execute(_marking(connection.dialect.name, tuple(also)), {"rows": rows})
    return len(rows)


@cache
def _marking(dialect: str, also: Sequence[str]) -> Insert:
    """Kept: to build it takes longer than to mark."""
    names = ("portal", "ticket_id", "first_seen_at", "look_at", "marked", *also)
    rows = given_rows(dialect, [tickets.c[name] for name in names])
    statement = insert_for(dialect, tickets).from_select(names, rows)
    new = statement.excluded
    changes = {"look_at": earliest(new.look_at), "marked": true(), "ended_at": null()}
    changes |= {name: new[name] for name in also}
    return statement.on_conflict_do_update(index_elements=["portal", "ticket_id"], set_=changes)


def wake(connection: Connection, concerned: ColumnElement[bool], *, now: datetime) -> int:
    """Owe a look to the open tickets that are concerned; in the order of their ids, as `mark`. Returns how many."""
    return connection.execute(_waking(_open(concerned), now)).rowcount


def wake_all(engine: Engine, concerned: ColumnElement[bool], *, now: datetime) -> int:
    """The same for however many: few in each transaction, so that deliveries are stored in between."""
    portal, ticket_id = tickets.c.portal, tickets.c.ticket_id
    woken, after = 0, ("", "")
    while True:
        behind = (portal > after[0]) | ((portal == after[0]) & (ticket_id > after[1]))
        some = _waking(_open(concerned).where(behind).limit(CHUNK), now).returning(portal, ticket_id)
        with writing(engine) as connection:
            keys = [(row.portal, row.ticket_id) for row in connection.execute(some)]
        woken += len(keys)
        if len(keys) < CHUNK:
            return woken
        after = max(keys)


def count_open(connection: Connection, concerned: ColumnElement[bool]) -> int:
    """How many open tickets are concerned."""
    return connection.scalar(select(func.count()).select_from(_open(concerned).subquery())) or 0


def _open(concerned: ColumnElement[bool]) -> Select[Any]:
    still_open = tickets.c.closed.is_(False) & tickets.c.ended_at.is_(None)
    keys = select(tickets.c.portal, tickets.c.ticket_id).where(still_open, concerned)
    return keys.order_by(tickets.c.portal, tickets.c.ticket_id)


def _waking(keys: Select[Any], now: datetime) -> Update:
    chosen = keys.with_for_update().cte("chosen")
    key = tuple_(tickets.c.portal, tickets.c.ticket_id)
    owed = {"look_at": earliest(at(now)), "wake_at": now, "marked": true(), "woken": true()}
    return update(tickets).where(key.in_(select(chosen.c.portal, chosen.c.ticket_id))).values(owed)


def is_free(leased_until: ColumnElement[datetime | None]) -> ColumnElement[bool]:
    """Whether nobody has the lease: it has run out, or was taken by a clock that has been put back since.

    Wants what `by_now` gives.
    """
    return or_(
        leased_until.is_(None), leased_until <= NOW, leased_until > bindparam("longest_lease", type_=InstantColumn)
    )


def by_now(now: datetime) -> Mapping[str, datetime]:
    """What statements with `NOW` and `is_free` in them have to be given."""
    return {"now": now, "longest_lease": now + _LONGEST_LEASE}


def at(instant: datetime | None) -> ColumnElement[Any]:
    """An instant inside an expression, where no column says what it is."""
    return literal(instant, InstantColumn)


def earliest(look_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """`look_at`, but a ticket that is due before that stays so."""
    return case((tickets.c.look_at <= look_at, tickets.c.look_at), else_=look_at)


def newest(modified_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """`modified_at`, but what is known already of a later modification stays known."""
    known = tickets.c.modified_at
    return case((known >= modified_at, known), else_=func.coalesce(modified_at, known))


def unless_marked(look_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """`look_at`, but a ticket that was marked during the look stays due."""
    return case((tickets.c.marked, tickets.c.look_at), else_=look_at)


def unless_woken(wake_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """`wake_at`, but a look that was asked for during this one stays owed."""
    return case((tickets.c.woken, tickets.c.wake_at), else_=wake_at)


# What a look runs is built once, here and beside this: to build a statement takes longer than to run it.
_LEASED = update(tickets).where(
    tickets.c.portal == bindparam("its_portal"),
    tickets.c.ticket_id == bindparam("its_id"),
    tickets.c.lease_token == bindparam("its_token"),
    tickets.c.lease_until.is_not(None),
)


def fencing(*told: Column[Any], **changes: ColumnElement[Any]) -> ReturningUpdate[Any]:
    """A change that is worked out in the database, and what it tells of the row: by default when the look began."""
    return _LEASED.values(changes).returning(*(told or (tickets.c.begun_at,)))


_HELD = _LEASED.returning(tickets.c.begun_at)


def fenced(
    connection: Connection, portal: str, lease: Lease, change: ReturningUpdate[Any] = _HELD, **given: object
) -> RowMapping:
    """Change the ticket's row, or only hold it, for this transaction. Raises LeaseLost.

    `given` are what the change has to be told, and further columns to set.
    """
    whose = {"its_portal": portal, "its_id": lease.ticket_id, "its_token": lease.token}
    row = connection.execute(change, {"lease_token": lease.token, **whose, **given}).mappings().one_or_none()
    if row is None:
        raise LeaseLost(f"ticket {lease.ticket_id} is in other hands")
    return row
