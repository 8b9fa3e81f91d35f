"""What was promised, and where the clocks stand: written with the look that read them."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from desk_sync.adapters.store.tables import clocks, promises
from desk_sync.adapters.store.values import PROMISE, insert
from desk_sync.domain.clock import Clock
from desk_sync.domain.promise import Promise
from desk_sync.domain.ticket import Watched
from desk_sync.domain.watch import Watch


def promise(connection: Connection, watched: Watched | None) -> Promise | None:
    """What was promised to a ticket that is watched."""
    if watched is None:
        return None
    stored = select(promises.c.promise).where(promises.c.digest == watched.promise)
    return PROMISE.validate_python(connection.execute(stored).scalar_one())


def save(connection: Connection, portal: str, ticket_id: str, watch: Watch) -> None:
    """Keep the promise, and put the clocks in the place of those of the look before."""
    kept = {"digest": watch.promise.digest, "promise": PROMISE.dump_python(watch.promise, mode="json")}
    connection.execute(insert(connection, promises).values(kept).on_conflict_do_nothing())
    own = (clocks.c.portal == portal) & (clocks.c.ticket_id == ticket_id)
    connection.execute(delete(clocks).where(own))
    rows = [{"portal": portal, "ticket_id": ticket_id, **_row(clock)} for clock in watch.clocks]
    if rows:
        connection.execute(clocks.insert(), rows)


def _row(clock: Clock) -> dict[str, object]:
    same = ("milestone", "round", "state", "started_at", "target_at", "due_at", "met_at", "ended_at", "next_at")
    return {name: getattr(clock, name) for name in same} | {"severity": clock.level}
