"""The tables of what comes in, and of the installations that write to a portal."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table

from desk_sync.adapters.store.columns import InstantColumn, metadata

# Per hour (its beginning), how many changes a sweep found ("changes"), how many of them no delivery had reported
# ("missed"), and how many deliveries were refused, by the fault. Kept for a few days.
inflow = Table(
    "inflow",
    metadata,
    Column("portal", String, primary_key=True),
    Column("hour", InstantColumn, primary_key=True),
    Column("what", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# The one row that says which installation this database is, and when a person last settled that others were noticed.
# `place` is where the database stood when it got its id (`place_of`).
installation = Table(
    "installation",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False),
    Column("created_at", InstantColumn, nullable=False),
    Column("place", String),
    Column("cleared_at", InstantColumn),
    Column("cleared_by", String),
    Column("cleared_why", String),
)

# Tickets on which an installation left a mark: the first of our own marks that was seen, and those of others since.
# `marked_at` is by Desk's clock.
installation_marks = Table(
    "installation_marks",
    metadata,
    Column("portal", String, primary_key=True),
    Column("installation", String, primary_key=True),
    Column("ticket_id", String, primary_key=True),
    Column("marked_at", InstantColumn, nullable=False),
    Column("seen_at", InstantColumn, nullable=False),
)
