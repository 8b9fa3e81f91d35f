"""The table of what retention has deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, text

from desk_sync.adapters.store.columns import metadata

# How much of each kind was deleted, or shrunk, since the beginning.
deletions = Table(
    "deletions",
    metadata,
    Column("portal", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("number", BigInteger, nullable=False, server_default=text("0")),
)
