"""The tables of fields that Desk does not accept."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from desk_sync.adapters.store.columns import InstantColumn, metadata

# The fields of a ticket that Desk does not accept; a copy of what its memory has, for queries over all tickets.
held_back = Table(
    "held_back",
    metadata,
    Column("portal", String, primary_key=True),
    Column("ticket_id", String, primary_key=True),
    Column("field", String, primary_key=True),
    Column("department_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("since", InstantColumn, nullable=False),
    Column("try_again_at", InstantColumn, nullable=False),
)

# The fields that are held back for all tickets of a department, since several of them met the same refusal.
held_back_everywhere = Table(
    "held_back_everywhere",
    metadata,
    Column("portal", String, primary_key=True),
    Column("department_id", String, primary_key=True),
    Column("field", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("mapping", String, nullable=False),
    Column("since", InstantColumn, nullable=False),
    Column("try_again_at", InstantColumn, nullable=False),
)
