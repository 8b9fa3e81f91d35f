"""How far the host's clock is behind Desk's, in the row of the portal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.portals import learn
from desk_sync.adapters.store.tables import portals
from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.ports.desk_clock import MeasuredOffset


@dataclass(frozen=True, slots=True)
class SqlDeskClock:
    """The offset of one portal, which all processes share."""

    engine: Engine
    portal: str

    def read(self) -> MeasuredOffset | None:
        stored = select(portals.c.clock_behind, portals.c.clock_read_at).where(
            portals.c.name == self.portal, portals.c.clock_read_at.is_not(None)
        )
        with reading(self.engine) as connection:
            row = connection.execute(stored).one_or_none()
        if row is None:
            return None
        offset = ClockOffset(timedelta(seconds=row.clock_behind))
        return MeasuredOffset(offset=offset, measured_at=row.clock_read_at)

    def save(self, measured: MeasuredOffset) -> None:
        behind = measured.offset.behind.total_seconds()
        learn(self.engine, self.portal, clock_behind=behind, clock_read_at=measured.measured_at)
