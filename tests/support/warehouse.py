"""A database of somebody else with a table of licence items: its owner can write, the source only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, column, insert, table

from desk_sync.adapters.subscriptions.sql.foreign_database import open_foreign
from desk_sync.adapters.subscriptions.sql.sql_table import SqlTable

TEXT = {"sqlite": "TEXT", "postgresql": "TEXT", "mysql": "VARCHAR(190)", "mariadb": "VARCHAR(190)"}
"""The type of a text in each database."""


@dataclass(frozen=True, slots=True)
class Warehouse:
    """The database, its owner's connection, and the URL under which a source finds it."""

    owner: Engine
    url: str

    def run(self, *statements: str) -> None:
        with self.owner.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def fill(self, names: Sequence[str], rows: Sequence[Sequence[Any]], quantity: str = "INTEGER") -> None:
        """Make the table `items` with texts and a quantity of this type, and the view `licence_item` of it."""
        usual = TEXT[self.owner.dialect.name]
        typed = ", ".join(f"{name} {quantity if name == 'quantity' else usual}" for name in names)
        self.run(f"CREATE TABLE items ({typed})", "CREATE VIEW licence_item AS SELECT * FROM items")
        items = table("items", *map(column, names))
        with self.owner.begin() as connection:
            for row in rows:
                connection.execute(insert(items).values(dict(zip(names, row, strict=True))))

    def source(self, name: str = "licence_item", url: str | None = None) -> SqlTable:
        """Return the table or view as a source, read under this URL."""
        return SqlTable(open_foreign(url or self.url), name, utc_now)


def utc_now() -> datetime:
    return datetime.now(UTC)
