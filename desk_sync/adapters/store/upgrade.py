"""Upgrade of a database to the schema of this version. Only the migrations create tables."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from desk_sync.adapters.store.engine import open_engine, reading, writing
from desk_sync.errors import ConfigurationError

_MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x6465736B  # any number that no other program locks in this database


def upgrade(url: str) -> None:
    """Create or change the tables; a current schema stays as it is. Processes that start together take turns."""
    engine = open_engine(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def migrate(engine: Engine) -> None:
    """Do the same on an open engine. All steps are one transaction: a failure leaves the tables as they were."""
    config = _config()
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(engine: Engine) -> str:
    """Return the schema of the database. Raises ConfigurationError if it is not that of this version."""
    with reading(engine) as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    if found != (_newest(),):
        raise ConfigurationError(
            f"the database has schema {', '.join(found) or 'none'}, this version needs {_newest()}",
            hint="run `desk-sync db upgrade`",
        )
    return f"schema {_newest()}"


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
