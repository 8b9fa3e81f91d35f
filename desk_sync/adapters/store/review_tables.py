"""The tables of what persons decided: dismissed tickets, and identifiers and tickets bound to accounts."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, String, Table

from desk_sync.adapters.store.columns import InstantColumn, metadata

# The undecided tickets that a person has dismissed, each with the gist of its decision at that time.
dismissals = Table(
    "dismissals",
    metadata,
    Column("portal", String, primary_key=True),
    Column("ticket_id", String, primary_key=True),
    Column("gist", String, nullable=False),
    Column("at", InstantColumn, nullable=False),
    Column("by", String),
    Column("why", String),
    ForeignKeyConstraint(["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"]),
)

# The accounts to which persons have bound identifiers.
bindings = Table(
    "bindings",
    metadata,
    Column("kind", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("at", InstantColumn, nullable=False),
    Column("by", String),
    Column("why", String),
)

# The accounts to which persons have bound tickets.
ticket_bindings = Table(
    "ticket_bindings",
    metadata,
    Column("portal", String, primary_key=True),
    Column("ticket_id", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("at", InstantColumn, nullable=False),
    Column("by", String),
    Column("why", String),
    ForeignKeyConstraint(["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"]),
)
