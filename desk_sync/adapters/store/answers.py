"""The stored answers of live sources, and the limit on queries to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, case, delete, or_, select, tuple_, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import at
from desk_sync.adapters.store.subscription_tables import answers, sources
from desk_sync.adapters.store.values import ACCOUNT, insert
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.errors import TemporaryError

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SqlAnswers:
    """The answers of all sources, for all portals."""

    engine: Engine

    def kept(
        self, source: str, identifiers: Sequence[Identifier], *, now: datetime
    ) -> Mapping[Identifier, Sequence[Account]]:
        requested = tuple_(answers.c.kind, answers.c.value).in_([(each.kind, each.value) for each in identifiers])
        query = select(answers).where(answers.c.source == source, requested, answers.c.good_until > now)
        with reading(self.engine) as connection:
            rows = connection.execute(query).mappings().all()
        return {
            Identifier(IdentifierKind(row["kind"]), row["value"]): [
                replace(ACCOUNT.validate_python(each), origin=_origin(source, row["asked_at"]))
                for each in row["accounts"]
            ]
            for row in rows
        }

    def spend(self, source: str, *, now: datetime, per_minute: int) -> None:
        expired = or_(sources.c.minute_at.is_(None), sources.c.minute_at <= now - _MINUTE, sources.c.minute_at > now)
        counted = (
            update(sources)
            .where(sources.c.name == source, or_(expired, sources.c.asked < per_minute))
            .values(
                asked=case((expired, 1), else_=sources.c.asked + 1),
                minute_at=case((expired, at(now)), else_=sources.c.minute_at),
            )
        )
        with writing(self.engine) as connection:
            connection.execute(insert(connection, sources).values(name=source).on_conflict_do_nothing())
            if not connection.execute(counted).rowcount:
                raise TemporaryError(f"{per_minute} questions a minute are its share")

    def keep(
        self, source: str, identifier: Identifier, accounts: Sequence[Account], *, now: datetime, until: datetime
    ) -> None:
        facts = {
            "accounts": [ACCOUNT.dump_python(each, mode="json", exclude={"origin", "also_in"}) for each in accounts],
            "asked_at": now,
            "good_until": until,
        }
        key = {"source": source, "kind": identifier.kind, "value": identifier.value}
        with writing(self.engine) as connection:
            connection.execute(delete(answers).where(answers.c.good_until <= now))
            new = insert(connection, answers).values(**key, **facts)
            connection.execute(new.on_conflict_do_update(index_elements=list(key), set_=facts))


def _origin(source: str, asked_at: datetime) -> Snapshot:
    return Snapshot(snapshot_id=f"live-{source}", source=source, imported_at=asked_at, in_full=False)
