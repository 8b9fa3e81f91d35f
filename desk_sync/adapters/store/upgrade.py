"""Bring a database to the tables of this version. The migrations are the one way in which tables are made."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from desk_sync.adapters.store.engine import open_engine, writing

_MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x6465736B  # any number that nobody else in the database locks on


def upgrade(url: str) -> None:
    """Make or change the tables; does nothing where they are right. Processes that start together take turns."""
    engine = open_engine(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def migrate(engine: Engine) -> None:
    """The same on an open engine. All steps are one transaction: a failure leaves the tables as they were."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
