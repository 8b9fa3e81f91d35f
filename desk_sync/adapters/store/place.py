"""Where a database stands: a copy of it stands elsewhere, and is another installation."""

from __future__ import annotations

import socket
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_POSTGRESQL = """
SELECT control.system_identifier || '.' || base.oid
FROM pg_control_system() AS control, pg_database AS base
WHERE base.datname = current_database()
"""


def place_of(connection: Connection) -> str:
    """Return the database's place; "" if it cannot be known.

    It is a number and an address. Of SQLite: the number of the file, then host and path. Of PostgreSQL both are the
    cluster and the number of the database in it, which a physical copy of the whole cluster keeps.
    """
    if connection.dialect.name == "postgresql":
        return _of_postgresql(connection)
    file = connection.engine.url.database
    return f"{Path(file).stat().st_ino}:{socket.gethostname()}:{Path(file).resolve()}" if file else ""


def is_copied(known: str, present: str) -> bool:
    """Return True if a database that stood at one place stands at another now.

    A file of SQLite that was put back is another file at the same path of the same host, and no copy; nor is a file
    that was moved, or that another container has opened.
    """
    number, _, address = known.partition(":")
    number_now, _, address_now = present.partition(":")
    return bool(known and present) and number != number_now and address != address_now


def _of_postgresql(connection: Connection) -> str:
    """Return the place of a database that this role may ask for it; the connection is in no transaction."""
    try:
        number = connection.exec_driver_sql(_POSTGRESQL).scalar()
    except DBAPIError:
        return ""
    return f"{number}:{number}"
