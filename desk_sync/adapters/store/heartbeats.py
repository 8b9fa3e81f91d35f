"""The heartbeats that tasks record: they show that broker, worker and database work from end to end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.tables import heartbeats
from desk_sync.adapters.store.values import insert

WORKER = "worker"


@dataclass(frozen=True, slots=True)
class SqlHeartbeats:
    """One heartbeat of the installation, recorded by any of its workers."""

    engine: Engine
    name: str = WORKER

    def beat(self, *, now: datetime) -> None:
        with writing(self.engine) as connection:
            statement = insert(connection, heartbeats).values(name=self.name, at=now)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": now}))

    def last(self) -> datetime | None:
        with reading(self.engine) as connection:
            return connection.scalar(select(heartbeats.c.at).where(heartbeats.c.name == self.name))
