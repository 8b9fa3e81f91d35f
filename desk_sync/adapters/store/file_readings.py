"""The files that the current snapshot of a source was read from, by their digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Engine, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.snapshots import SnapshotState, is_in, snapshot_of
from desk_sync.adapters.store.subscription_tables import file_readings, snapshots
from desk_sync.adapters.store.values import insert
from desk_sync.domain.account.subscription import Snapshot
from desk_sync.errors import Problem
from desk_sync.ports.subscriptions import RepeatedFile

_WARNINGS = TypeAdapter(tuple[Problem, ...])


@dataclass(frozen=True, slots=True)
class SqlFileReadings:
    """The port `FileReadingStore`."""

    engine: Engine

    def keep(self, digest: str, *, snapshot: Snapshot, warnings: Sequence[Problem]) -> None:
        values = {
            "source": snapshot.source,
            "snapshot_id": int(snapshot.snapshot_id),
            "digest": digest,
            "warnings": _WARNINGS.dump_python(tuple(warnings), mode="json"),
        }
        with writing(self.engine) as connection:
            statement = insert(connection, file_readings).values(values)
            connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))

    def find(self, digest: str, *, source: str) -> RepeatedFile | None:
        read = file_readings.c.source == source, file_readings.c.digest == digest
        query = (
            select(file_readings.c.warnings, snapshots)
            .join_from(file_readings, snapshots, snapshots.c.id == file_readings.c.snapshot_id)
            .where(*read, is_in(SnapshotState.CURRENT))
        )
        with reading(self.engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        return RepeatedFile(snapshot=snapshot_of(row), warnings=_WARNINGS.validate_python(row["warnings"]))

    def renew(self, snapshot: Snapshot, *, now: datetime) -> bool:
        own = (snapshots.c.id == int(snapshot.snapshot_id)) & is_in(SnapshotState.CURRENT)
        earlier = (snapshots.c.source == snapshot.source) & is_in(SnapshotState.IMPORTING)
        with writing(self.engine) as connection:
            renewed = connection.execute(update(snapshots).where(own).values(imported_at=now)).rowcount == 1
            if renewed:
                connection.execute(update(snapshots).where(earlier).values(state=SnapshotState.RETIRED))
        return renewed
