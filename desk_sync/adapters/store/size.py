"""The size of the database, without a scan."""

from __future__ import annotations

from sqlalchemy import Engine, text

from desk_sync.adapters.store.engine import reading
from desk_sync.ports.metrics import DatabaseSize

_PAGES = text(
    "SELECT page_size * page_count AS used, page_size * freelist_count AS free"
    " FROM pragma_page_size, pragma_page_count, pragma_freelist_count"
)
_FILES = text("SELECT pg_database_size(current_database()) AS used, 0 AS free")


def database_size(engine: Engine) -> DatabaseSize:
    """Return the size; PostgreSQL does not show how much of its files is free."""
    statement = _PAGES if engine.dialect.name == "sqlite" else _FILES
    with reading(engine) as connection:
        row = connection.execute(statement).one()
    return DatabaseSize(used=row.used, free=row.free)
