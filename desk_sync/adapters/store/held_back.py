"""The fields that Desk does not accept, of single tickets and of whole departments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, delete, func, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.held_back_tables import held_back, held_back_everywhere
from desk_sync.adapters.store.queue import wake
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.values import insert
from desk_sync.domain.ticket.held_back import SEVERAL, FieldRefusal, RefusalKind
from desk_sync.domain.ticket.ticket import Field
from desk_sync.ports.held_back import DepartmentHold, HeldBackField, HeldBackOnTicket


def save(connection: Connection, portal: str, ticket_id: str, held: HeldBackOnTicket) -> None:
    """Replace the ticket's held-back fields."""
    drop(connection, portal, ticket_id)
    rows = [
        {
            "portal": portal,
            "ticket_id": ticket_id,
            "field": name,
            "department_id": held.department_id,
            "kind": each.refusal.kind,
            "detail": each.refusal.detail,
            "since": each.since,
            "try_again_at": each.try_again_at,
        }
        for name, each in held.fields.items()
    ]
    if rows:
        connection.execute(insert(connection, held_back), rows)


def drop(connection: Connection, portal: str, ticket_id: str) -> None:
    """Delete the ticket's held-back fields."""
    own = (held_back.c.portal == portal) & (held_back.c.ticket_id == ticket_id)
    connection.execute(delete(held_back).where(own))


@dataclass(frozen=True, slots=True)
class SqlHeldBack:
    """The held-back fields of one portal."""

    engine: Engine
    portal: str

    def everywhere(self, department_id: str) -> Mapping[Field, DepartmentHold]:
        own = (held_back_everywhere.c.portal == self.portal) & (held_back_everywhere.c.department_id == department_id)
        with reading(self.engine) as connection:
            rows = connection.execute(select(held_back_everywhere).where(own)).mappings().all()
        return {Field(row["field"]): _hold(row) for row in rows}

    def spread(
        self, department_id: str, fields: Mapping[Field, FieldRefusal], *, mapping: str, now: datetime, until: datetime
    ) -> Collection[Field]:
        shared: dict[str, object] = {"portal": self.portal, "department_id": department_id, "mapping": mapping}
        shared |= {"since": now, "try_again_at": until}
        with reading(self.engine) as connection:
            common = [name for name, each in fields.items() if self._met(connection, department_id, name, each)]
        if not common:
            return []
        rows = [{**shared, "field": name, "kind": fields[name].kind, "detail": fields[name].detail} for name in common]
        with writing(self.engine) as connection:
            new = insert(connection, held_back_everywhere).values(rows).on_conflict_do_nothing()
            return [Field(name) for name in connection.scalars(new.returning(held_back_everywhere.c.field))]

    def _met(self, connection: Connection, department_id: str, name: Field, refusal: FieldRefusal) -> bool:
        same = (held_back.c.department_id == department_id) & (held_back.c.field == name)
        same &= (held_back.c.kind == refusal.kind) & (held_back.c.detail == refusal.detail)
        counted = select(func.count()).where(held_back.c.portal == self.portal, same)
        return (connection.scalar(counted) or 0) >= SEVERAL

    def elect(self, hold: DepartmentHold, *, until: datetime) -> bool:
        seen = held_back_everywhere.c.try_again_at == hold.try_again_at
        chosen = update(held_back_everywhere).where(self._of(hold), seen).values(try_again_at=until)
        with writing(self.engine) as connection:
            return connection.execute(chosen).rowcount == 1

    def lift(self, hold: DepartmentHold, *, now: datetime) -> int:
        same = (held_back.c.portal == self.portal) & (held_back.c.department_id == hold.department_id)
        concerned = select(held_back.c.ticket_id).where(same, held_back.c.field == hold.field)
        with writing(self.engine) as connection:
            ended = connection.execute(delete(held_back_everywhere).where(self._of(hold))).rowcount
            own = (tickets.c.portal == self.portal) & tickets.c.ticket_id.in_(concerned)
            return wake(connection, own, now=now) if ended else 0

    def listed(self) -> Sequence[HeldBackField]:
        with reading(self.engine) as connection:
            own = held_back.c.portal == self.portal
            rows = connection.execute(select(held_back).where(own).order_by(*_ORDER)).mappings().all()
            chosen = select(held_back_everywhere).where(held_back_everywhere.c.portal == self.portal)
            holds = {_key(row) for row in connection.execute(chosen).mappings()}
        groups: dict[tuple[str, ...], list[RowMapping]] = {}
        for row in rows:
            groups.setdefault((*_key(row), row["kind"], row["detail"]), []).append(row)
        return [_listed(group, everywhere=key[:2] in holds) for key, group in groups.items()]

    def count(self) -> Mapping[str, int]:
        counted = select(held_back.c.field, func.count()).where(held_back.c.portal == self.portal)
        with reading(self.engine) as connection:
            return dict(connection.execute(counted.group_by(held_back.c.field)).all())

    def _of(self, hold: DepartmentHold) -> ColumnElement[bool]:
        named = held_back_everywhere.c
        return (named.portal == self.portal) & (named.department_id == hold.department_id) & (named.field == hold.field)


_ORDER = (held_back.c.since, held_back.c.ticket_id, held_back.c.field)


def _key(row: RowMapping) -> tuple[str, str]:
    return row["department_id"], row["field"]


def _refusal(row: RowMapping) -> FieldRefusal:
    return FieldRefusal(kind=RefusalKind(row["kind"]), detail=row["detail"])


def _hold(row: RowMapping) -> DepartmentHold:
    return DepartmentHold(
        department_id=row["department_id"],
        field=Field(row["field"]),
        refusal=_refusal(row),
        since=row["since"],
        try_again_at=row["try_again_at"],
        mapping=row["mapping"],
    )


def _listed(group: Sequence[RowMapping], *, everywhere: bool) -> HeldBackField:
    first = group[0]
    return HeldBackField(
        field=Field(first["field"]),
        reason=_refusal(first).reason,
        department_id=first["department_id"],
        since=first["since"],
        try_again_at=min(row["try_again_at"] for row in group),
        tickets=[row["ticket_id"] for row in group],
        everywhere=everywhere,
    )
