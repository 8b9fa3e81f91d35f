"""Upgrade of a database to the schema of this version, and one step back. Only the migrations create tables.

A migration may have `downgrade()`, which undoes it, and `losses(connection)`, the sentences about what that loses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, text

from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.store.schema import MIGRATIONS, OURS, refuse_newer, stored_schema
from desk_sync.errors import ConfigurationError, DeskSyncError

_UPGRADE_LOCK = 0x6465736B  # any number that no other program locks in this database
# A worker of the version before that is in the middle of a look can record nothing any more: its leases are void.
_TAKE_LEASES = text(
    "UPDATE tickets SET lease_token = lease_token + 1, lease_until = NULL WHERE lease_until IS NOT NULL"
)


def upgrade(url: str) -> None:
    """Create or change the tables; a current schema stays as it is. Processes that start together take turns."""
    engine = open_engine(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def migrate(engine: Engine, *, now: datetime | None = None) -> None:
    """Do the same on an open engine. All steps are one transaction: a failure leaves the tables as they were.

    `now` is the instant of the upgrade, by default that of the database's clock. Raises ConfigurationError if the
    schema is newer than this version's.
    """
    config = _config()
    with writing(engine) as connection:
        _take_turn(connection)
        found = stored_schema(connection)
        refuse_newer(found)
        if found not in (None, OURS):
            _take_leases(connection)
        config.attributes |= {"connection": connection, "now": now}
        command.upgrade(config, "head")


def downgrade(engine: Engine, *, lossy: bool) -> tuple[str, Sequence[str]]:
    """Go back to the schema before this version's; return that schema, and what was lost.

    Raises ConfigurationError if the step cannot be undone, and DeskSyncError if data would be lost, unless `lossy`.
    """
    config = _config()
    with writing(engine) as connection:
        _take_turn(connection)
        step = _last_step(connection, config)
        losses: Sequence[str] = getattr(step.module, "losses", lambda _: ())(connection)
        if losses and not lossy:
            raise DeskSyncError(
                f"the way back to schema {step.down_revision} loses {'; '.join(losses)}",
                hint="make a backup, then run `desk-sync db downgrade --yes`",
            )
        _take_leases(connection)
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    return str(step.down_revision), losses


def _last_step(connection: Connection, config: Config) -> Script:
    """Return the migration that made the database's schema. Raises ConfigurationError if it cannot be undone."""
    found = stored_schema(connection)
    refuse_newer(found)
    step = ScriptDirectory.from_config(config).get_revision(found) if found else None
    if step is None or not hasattr(step.module, "downgrade"):
        raise ConfigurationError(
            f"there is no way back from schema {found or 'none'}",
            hint="stop serve, worker and beat, and restore the backup that was made before the upgrade",
        )
    return step


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})


def _take_leases(connection: Connection) -> None:
    """Make every lease void. On PostgreSQL claims under way end first, and later ones see the new schema."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE tickets IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(_TAKE_LEASES)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
