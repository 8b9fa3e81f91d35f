"""The Desk organisations that the database belongs to, and the change of a portal's name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from warnings import catch_warnings

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import SAWarning

from desk_sync.adapters.store import values
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.tables import heartbeats, notices, portals, sweep_rounds, tickets
from desk_sync.errors import ConfigurationError
from desk_sync.ports.portal import PortalOrigin, RenamedPortal

AT_REST = timedelta(minutes=2)
"""So long after its last heartbeat no worker runs: there is one every 30 seconds."""

# Names of portals, each found by one step in the primary key: a scan would read every ticket.
_NEXT_NAME = select(func.min(tickets.c.portal)).where(tickets.c.portal > bindparam("after"))


@dataclass(frozen=True, slots=True)
class SqlBelonging:
    """All portals of the database, those of the mapping and others."""

    engine: Engine

    def origins(self) -> Mapping[str, PortalOrigin]:
        known = select(portals.c.name, portals.c.org_id, portals.c.data_center).where(portals.c.org_id.is_not(None))
        with reading(self.engine) as connection:
            return {
                row.name: PortalOrigin(org_id=row.org_id, data_center=row.data_center)
                for row in connection.execute(known)
            }

    def claim(self, portal: str, origin: PortalOrigin) -> None:
        facts = {"org_id": origin.org_id, "data_center": origin.data_center}
        free = (portals.c.name == portal) & portals.c.org_id.is_(None)
        with writing(self.engine) as connection:
            connection.execute(values.insert(connection, portals).values(name=portal).on_conflict_do_nothing())
            connection.execute(update(portals).where(free).values(facts))

    def open_tickets(self, without: Collection[str]) -> Mapping[str, int]:
        with reading(self.engine) as connection:
            others = [name for name in _names(connection) if name not in without]
            counts = {name: connection.scalar(_open_tickets(name)) or 0 for name in others}
        return {name: count for name, count in counts.items() if count}

    def rename(self, old: str, new: str, *, now: datetime, dry_run: bool) -> RenamedPortal:
        """Change the name in every table of the database that has one, also in those that no module here knows."""
        with writing(self.engine) as connection:
            tables = _tables_of_portals(connection)
            _lock(connection, tables)
            _check_rest(connection, old, now)
            rows = _count(connection, tables, old)
            if not rows:
                known = sorted({*_names(connection), *connection.scalars(select(portals.c.name)).all()})
                raise ConfigurationError(
                    f"the database has no portal {old}", hint=f"it has {', '.join(known) or 'none'}"
                )
            if taken := _count(connection, tables, new):
                found = ", ".join(f"{count} in {name}" for name, count in taken.items())
                raise ConfigurationError(
                    f"there are rows of a portal {new} already: {found}", hint="choose a name that was never used"
                )
            if not dry_run:
                _move(connection, tables, old, new)
        return RenamedPortal(old=old, new=new, rows=rows)

    def end(self, portal: str, *, now: datetime, dry_run: bool) -> int:
        with writing(self.engine) as connection:
            if dry_run:
                return connection.scalar(_open_tickets(portal)) or 0
            nothing = {"look_at": None, "wake_at": None, "step_at": None}
            ended = update(tickets).where(_is_open(portal)).values(ended_at=now, **nothing)
            return connection.execute(ended).rowcount


def name_column(table: Table) -> str | None:
    """Return the column of a table that has the names of portals; None if it has none."""
    return "name" if table.name == "portals" else "portal" if "portal" in table.c else None


def _names(connection: Connection) -> Iterator[str]:
    """Yield the names of the portals that have tickets."""
    after = ""
    while name := connection.scalar(_NEXT_NAME, {"after": after}):
        yield name
        after = name


def _is_open(portal: str) -> ColumnElement[bool]:
    still_open = tickets.c.closed.is_(False) & tickets.c.ended_at.is_(None) & tickets.c.dropped_at.is_(None)
    return (tickets.c.portal == portal) & still_open


def _open_tickets(portal: str) -> Select[int]:
    return select(func.count()).select_from(tickets).where(_is_open(portal))


def _lock(connection: Connection, tables: Sequence[Table]) -> None:
    """Keep others from writing until the end of the transaction, as SQLite always does."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(connection.dialect.identifier_preparer.format_table(table) for table in tables)
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def _check_rest(connection: Connection, portal: str, now: datetime) -> None:
    """Raise ConfigurationError if a process may be at work on the portal: a worker's sign of life, a lease, a turn."""
    beat = connection.scalar(select(func.max(heartbeats.c.at)))
    ends = [beat + AT_REST] if beat else []
    for table, until in ((tickets, "lease_until"), (notices, "leased_until"), (sweep_rounds, "turn_until")):
        held = connection.scalar(select(func.max(table.c[until])).where(table.c.portal == portal))
        ends += [held] if held else []
    if ends and (free_at := max(ends)) > now:
        raise ConfigurationError(
            f"a process may be at work on portal {portal}",
            hint=f"stop serve, worker and beat, and repeat this after {free_at:%F %T}Z",
        )


def _tables_of_portals(connection: Connection) -> Sequence[Table]:
    """Return the tables with names of portals as they are in the database, those that others refer to first."""
    found = MetaData()
    with catch_warnings(action="ignore", category=SAWarning):  # indices of expressions are not reflected, nor needed
        found.reflect(connection)
    return [table for table in found.sorted_tables if name_column(table)]


def _has(table: Table, portal: str) -> ColumnElement[bool]:
    return table.c[name_column(table) or ""] == portal


def _count(connection: Connection, tables: Sequence[Table], portal: str) -> Mapping[str, int]:
    counts = {
        table.name: connection.scalar(select(func.count()).select_from(table).where(_has(table, portal))) or 0
        for table in tables
    }
    return {name: count for name, count in counts.items() if count}


def _move(connection: Connection, tables: Sequence[Table], old: str, new: str) -> None:
    """Rows that others refer to are copied first and deleted last: no database then misses one in between."""
    referred = {key.column.table.name for table in tables for key in table.foreign_keys}
    for table in tables:
        if table.name in referred:
            renamed = [literal(new) if each.name == name_column(table) else each for each in table.c]
            connection.execute(insert(table).from_select(table.c.keys(), select(*renamed).where(_has(table, old))))
        else:
            connection.execute(update(table).where(_has(table, old)).values({name_column(table): new}))
    for table in reversed(tables):
        if table.name in referred:
            connection.execute(delete(table).where(_has(table, old)))
