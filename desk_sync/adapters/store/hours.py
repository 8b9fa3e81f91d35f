"""Business hours as read from one portal's Desk."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import Engine, select

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.tables import desk_hours
from desk_sync.adapters.store.values import columns_of, insert
from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.ports.hours import StoredHours

_CALENDAR = TypeAdapter(BusinessCalendar | None)


@dataclass(frozen=True, slots=True)
class SqlHours:
    """One portal's business hours, by the name or id that the mapping gives."""

    engine: Engine
    portal: str

    def recall(self, named: str) -> StoredHours | None:
        own = (desk_hours.c.portal == self.portal) & (desk_hours.c.named == named)
        with reading(self.engine) as connection:
            row = connection.execute(select(*columns_of(desk_hours, StoredHours)).where(own)).mappings().one_or_none()
        return StoredHours(**{**row, "calendar": _CALENDAR.validate_python(row["calendar"])}) if row else None

    def keep(self, named: str, hours: StoredHours) -> None:
        calendar = _CALENDAR.dump_python(hours.calendar, mode="json")
        row = {name: getattr(hours, name) for name in ("tried_at", "since", "read_at", "problem")} | {
            "calendar": calendar
        }
        with writing(self.engine) as connection:
            statement = insert(connection, desk_hours).values(portal=self.portal, named=named, **row)
            connection.execute(statement.on_conflict_do_update(index_elements=["portal", "named"], set_=row))
