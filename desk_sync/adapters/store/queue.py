"""The queue in the ticket rows: marking tickets as due, and changing a row under its lease."""

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
from desk_sync.adapters.store.columns import InstantColumn
from desk_sync.adapters.store.engine import writing
from desk_sync.adapters.store.indexes import UNCLOSED
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.values import Insert, insert_for
from desk_sync.errors import LeaseLost
from desk_sync.ports.tickets import Lease

WOKEN = 100
"""The number of tickets that one transaction wakes: each row is written with its memory, and in several indices."""

_LONGEST_LEASE = timedelta(minutes=10)

NOW = bindparam("now", type_=InstantColumn)


def mark(connection: Connection, portal: str, ticket_ids: Iterable[str], *, now: datetime, **also: object) -> int:
    """Make the tickets due at `now` or earlier, setting the columns in `also`; return how many tickets were given.

    Rows are written in the order of their ids: otherwise two writers could deadlock.
    """
    facts: dict[str, object] = {"portal": portal, "first_seen_at": now, "look_at": now, "marked": True, **also}
    rows = [{**facts, "ticket_id": ticket_id} for ticket_id in sorted(set(ticket_ids))]
    if rows:
        connection.execute(_marking(connection.dialect.name, tuple(also)), {"rows": rows})
    return len(rows)


@cache
def _marking(dialect: str, also: Sequence[str]) -> Insert:
    """Return the statement, cached: to build it takes longer than to run it."""
    names = ("portal", "ticket_id", "first_seen_at", "look_at", "marked", *also)
    rows = given_rows(dialect, [tickets.c[name] for name in names])
    statement = insert_for(dialect, tickets).from_select(names, rows)
    new = statement.excluded
    changes = {"look_at": earliest(new.look_at), "marked": true(), "ended_at": null()}
    changes |= {name: new[name] for name in also}
    return statement.on_conflict_do_update(index_elements=["portal", "ticket_id"], set_=changes)


def wake(connection: Connection, concerned: ColumnElement[bool], *, now: datetime) -> int:
    """Make the open tickets concerned due at `now`, whatever their events, in the order of `mark`; return how many."""
    return connection.execute(_waking(_open(concerned), now)).rowcount


def wake_all(engine: Engine, concerned: ColumnElement[bool], *, now: datetime) -> int:
    """Do the same in transactions of `WOKEN` tickets, so that deliveries can be stored in between."""
    portal, ticket_id = tickets.c.portal, tickets.c.ticket_id
    woken, after = 0, ("", "")
    while True:
        remaining = tuple_(portal, ticket_id) > tuple_(*map(literal, after))
        chunk = _waking(_open(concerned).where(remaining).limit(WOKEN), now).returning(portal, ticket_id)
        with writing(engine) as connection:
            keys = [(row.portal, row.ticket_id) for row in connection.execute(chunk)]
        woken += len(keys)
        if len(keys) < WOKEN:
            return woken
        after = max(keys)


def count_open(connection: Connection, concerned: ColumnElement[bool]) -> int:
    """Return how many open tickets are concerned."""
    return connection.scalar(select(func.count()).select_from(_open(concerned).subquery())) or 0


def _open(concerned: ColumnElement[bool]) -> Select[Any]:
    """Return the keys of the open tickets concerned; of those that are gone, only of the ones that Desk had once."""
    keys = select(tickets.c.portal, tickets.c.ticket_id).where(UNCLOSED, concerned)
    return keys.order_by(tickets.c.portal, tickets.c.ticket_id)


def _waking(keys: Select[Any], now: datetime) -> Update:
    chosen = keys.with_for_update().cte("chosen")
    key = tuple_(tickets.c.portal, tickets.c.ticket_id)
    due = {"look_at": earliest(at(now)), "wake_at": now, "marked": true(), "woken": true(), "ended_at": null()}
    return update(tickets).where(key.in_(select(chosen.c.portal, chosen.c.ticket_id))).values(due)


def is_free(leased_until: ColumnElement[datetime | None]) -> ColumnElement[bool]:
    """Return a condition: the lease is not held. It has run out, or was taken before the clock was put back.

    A statement that contains it requires `now_parameters`.
    """
    return or_(
        leased_until.is_(None), leased_until <= NOW, leased_until > bindparam("longest_lease", type_=InstantColumn)
    )


def now_parameters(now: datetime) -> Mapping[str, datetime]:
    """Return the parameters of statements that contain `NOW` or `is_free`."""
    return {"now": now, "longest_lease": now + _LONGEST_LEASE}


def at(instant: datetime | None) -> ColumnElement[Any]:
    """Return the instant as a literal, for expressions in which no column gives its type."""
    return literal(instant, InstantColumn)


def earliest(look_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return `look_at`, or the ticket's current one if that is earlier."""
    return case((tickets.c.look_at <= look_at, tickets.c.look_at), else_=look_at)


def newest(modified_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return `modified_at`, or the ticket's current one if that is later."""
    known = tickets.c.modified_at
    return case((known >= modified_at, known), else_=func.coalesce(modified_at, known))


def unless_marked(look_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return `look_at`, or the current one if the ticket was marked during the look."""
    return case((tickets.c.marked, tickets.c.look_at), else_=look_at)


def unless_woken(wake_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return `wake_at`, or the current one if another look was requested during this one."""
    return case((tickets.c.woken, tickets.c.wake_at), else_=wake_at)


# The statements of a look are built once, here and in the other modules: to build one takes longer than to run it.
_LEASED = update(tickets).where(
    tickets.c.portal == bindparam("its_portal"),
    tickets.c.ticket_id == bindparam("its_id"),
    tickets.c.lease_token == bindparam("its_token"),
    tickets.c.lease_until.is_not(None),
)


def fencing(*returned: Column[Any], **changes: ColumnElement[Any]) -> ReturningUpdate[Any]:
    """Return an UPDATE of a leased row that computes `changes` and returns columns, by default `begun_at`."""
    return _LEASED.values(changes).returning(*(returned or (tickets.c.begun_at,)))


_HELD = _LEASED.returning(tickets.c.begun_at)


def fenced(
    connection: Connection, portal: str, lease: Lease, change: ReturningUpdate[Any] = _HELD, **given: object
) -> RowMapping:
    """Change the ticket's row, or only lock it, in this transaction; return its columns. Raises LeaseLost.

    `given` are the parameters of `change`, and further columns to set.
    """
    key = {"its_portal": portal, "its_id": lease.ticket_id, "its_token": lease.token}
    row = connection.execute(change, {"lease_token": lease.token, **key, **given}).mappings().one_or_none()
    if row is None:
        raise LeaseLost(f"the lease on ticket {lease.ticket_id} has been given back or taken over")
    return row
