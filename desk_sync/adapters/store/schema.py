"""The schema of a database, and that of this version. Without Alembic, which takes half a second to import.

Each file of migrations/versions is one schema, numbered in order: r0019_belonging.py makes schema 0019.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, column, literal, select, table

from desk_sync.adapters.store.engine import reading
from desk_sync.errors import ConfigurationError

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMAS = tuple(sorted(file.stem[1:5] for file in (MIGRATIONS / "versions").glob("r[0-9]*.py")))
"""Every schema that this version knows, in order; the last one is its own."""
OURS = SCHEMAS[-1]
TAKEN_FROM_BACKUP = "or restore the backup that was made before the upgrade"

_VERSION = table("alembic_version", column("version_num"))
_STORED = select(_VERSION.c.version_num)


def is_ours() -> ColumnElement[bool]:
    """Return a condition: the database has the schema of this version, at the instant of the statement."""
    return select(literal(1)).where(_VERSION.c.version_num == literal(OURS)).exists()


def stored_schema(connection: Connection) -> str | None:
    """Return the schema of the database; None without tables of ours."""
    if not connection.dialect.has_table(connection, _VERSION.name):
        return None
    found: str | None = connection.scalar(_STORED)
    return found


def check_schema(engine: Engine) -> str:
    """Return the schema of the database. Raises ConfigurationError if it is not that of this version."""
    with reading(engine) as connection:
        found = stored_schema(connection)
    refuse_newer(found)
    if found != OURS:
        raise ConfigurationError(
            f"the database has schema {found or 'none'}, this version needs {OURS}",
            hint="stop serve, worker and beat, make a backup, and run `desk-sync db upgrade`",
        )
    return f"schema {OURS}"


def refuse_newer(found: str | None) -> None:
    """Raise ConfigurationError for a schema that this version does not know: only a newer one made it."""
    if found is not None and found not in SCHEMAS:
        raise ConfigurationError(
            f"the database has schema {found}, which is newer than this version's {OURS}",
            hint="install the version that made it; to go back, run its `desk-sync db downgrade` first, "
            f"{TAKEN_FROM_BACKUP}",
        )
