"""Checkpoints of the pull of a source that is under way, and the units of its plans, which are read once a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import Engine, delete, func, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.subscription_tables import pages, sources
from desk_sync.adapters.store.values import insert
from desk_sync.domain.account.subscription import Account
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import SourcePage

YOUNG = timedelta(hours=1)
UNITS_FOR = timedelta(days=1)
_ACCOUNTS = TypeAdapter(tuple[Account, ...])


@dataclass(frozen=True, slots=True)
class SqlCheckpoints:
    """The pages of one source. All of them expire when the first is as old as `young`."""

    engine: Engine
    source: str
    now: Now
    young: timedelta = YOUNG

    def pages(self) -> Iterator[SourcePage]:
        own = pages.c.source == self.source
        with reading(self.engine) as connection:
            begun_at = connection.scalar(select(func.min(pages.c.read_at)).where(own))
            expired = begun_at is not None and begun_at <= self.now() - self.young
            numbers = (
                () if expired else connection.scalars(select(pages.c.number).where(own).order_by(pages.c.number)).all()
            )
        if expired:
            self.clear()
        for number in numbers:
            with reading(self.engine) as connection:
                row = connection.execute(select(pages).where(own, pages.c.number == number)).mappings().one()
            yield SourcePage(accounts=_ACCOUNTS.validate_python(row["accounts"]), after=row["after"])

    def keep(self, page: SourcePage) -> None:
        own = pages.c.source == self.source
        last = select(func.coalesce(func.max(pages.c.number), 0)).where(own)
        with writing(self.engine) as connection:
            connection.execute(
                insert(connection, pages).values(
                    source=self.source,
                    number=(connection.scalar(last) or 0) + 1,
                    accounts=_ACCOUNTS.dump_python(tuple(page.accounts), mode="json"),
                    after=page.after,
                    read_at=self.now(),
                )
            )

    def clear(self) -> None:
        with writing(self.engine) as connection:
            connection.execute(delete(pages).where(pages.c.source == self.source))


@dataclass(frozen=True, slots=True)
class SqlUnits:
    """The units of one source's plans and add-ons."""

    engine: Engine
    source: str
    now: Now

    def read(self) -> Mapping[str, str] | None:
        query = select(sources.c.units).where(
            sources.c.name == self.source, sources.c.units_at > self.now() - UNITS_FOR
        )
        with reading(self.engine) as connection:
            units: Mapping[str, str] | None = connection.scalar(query)
        return units

    def save(self, units: Mapping[str, str]) -> None:
        with writing(self.engine) as connection:
            connection.execute(insert(connection, sources).values(name=self.source).on_conflict_do_nothing())
            facts = {"units": dict(units), "units_at": self.now()}
            connection.execute(update(sources).where(sources.c.name == self.source).values(facts))
