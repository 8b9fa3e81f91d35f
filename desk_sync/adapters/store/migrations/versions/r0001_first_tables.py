"""The first tables: portals, deliveries, tickets, effects, decisions, and the subscription snapshots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_PROCESSED = sa.text("processed_at IS NOT NULL")
_UNPROCESSED = sa.text("processed_at IS NULL")
_WAITING = sa.text("look_at IS NOT NULL AND parked_at IS NULL")
_CURRENT = sa.text("state = 'current'")


def upgrade() -> None:
    _portals()
    _sweeps()
    _heartbeats()
    _deliveries()
    _tickets()
    _effects()
    _decisions()
    _subscriptions()


def _portals() -> None:
    op.create_table(
        "portals",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("own_agent_id", sa.String),
        sa.Column("access_token", sa.String),
        sa.Column("expires_at", _INSTANT),
        sa.Column("election_until", _INSTANT),
        sa.Column("credits_left", sa.Integer),
        sa.Column("credits_at", _INSTANT),
        sa.Column("paused_until", _INSTANT),
        sa.Column("pauses", sa.Integer),
        sa.PrimaryKeyConstraint("name", name="pk_portals"),
    )


def _sweeps() -> None:
    op.create_table(
        "sweeps",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("since", _INSTANT),
        sa.Column("until", _INSTANT),
        sa.Column("recent_turn_until", _INSTANT),
        sa.Column("full_turn_until", _INSTANT),
        sa.Column("missed", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("portal", name="pk_sweeps"),
    )


def _heartbeats() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_heartbeats"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("hint", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("occurred_at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("state", sa.String),
        sa.Column("before", sa.String),
        sa.Column("changed", sa.JSON, nullable=False),
        sa.Column("actor_id", sa.String),
        sa.Column("reference", sa.String),
        sa.Column("modified_at", _INSTANT),
        sa.Column("look_token", sa.BigInteger),
        sa.Column("processed_at", _INSTANT),
        sa.PrimaryKeyConstraint("portal", "key", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_portal_ticket_id", "deliveries", ["portal", "ticket_id"])
    op.create_index(
        "ix_deliveries_processed",
        "deliveries",
        ["portal", "processed_at"],
        sqlite_where=_PROCESSED,
        postgresql_where=_PROCESSED,
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["portal", "received_at"],
        sqlite_where=_UNPROCESSED,
        postgresql_where=_UNPROCESSED,
    )


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("first_seen_at", _INSTANT, nullable=False),
        sa.Column("look_at", _INSTANT),
        sa.Column("owed_at", _INSTANT),
        sa.Column("wake_at", _INSTANT),
        sa.Column("marked", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("woken", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("urgency", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("lease_token", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("lease_until", _INSTANT),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("begun_at", _INSTANT),
        sa.Column("error", sa.String),
        sa.Column("parked_at", _INSTANT),
        sa.Column("dropped_at", _INSTANT),
        sa.Column("ended_at", _INSTANT),
        sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("memory", sa.JSON),
        sa.Column("verdict", sa.String),
        sa.Column("account_id", sa.String),
        sa.Column("looked_at", _INSTANT),
        sa.Column("modified_at", _INSTANT),
        sa.PrimaryKeyConstraint("portal", "ticket_id", name="pk_tickets"),
    )
    op.create_index("ix_tickets_portal_account_id", "tickets", ["portal", "account_id"])
    op.create_index(
        "ix_tickets_waiting",
        "tickets",
        ["portal", "urgency", "look_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def _effects() -> None:
    op.create_table(
        "effects",
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("planned_at", _INSTANT, nullable=False),
        sa.Column("done_at", _INSTANT),
        sa.PrimaryKeyConstraint("portal", "ticket_id", "key", name="pk_effects"),
        _ticket_of("effects"),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("portal", sa.String, nullable=False),
        sa.Column("ticket_id", sa.String, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("licences", sa.Integer, nullable=False),
        sa.Column("account_id", sa.String),
        sa.Column("snapshot_id", sa.String),
        sa.Column("policy_version", sa.String, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("hands_off", sa.Boolean, nullable=False),
        sa.Column("fields_written", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        _ticket_of("decisions"),
    )
    op.create_index("ix_decisions_portal_ticket_id_id", "decisions", ["portal", "ticket_id", "id"])


def _subscriptions() -> None:
    op.create_table(
        "sources",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("turn_until", _INSTANT),
        sa.Column("due_at", _INSTANT),
        sa.Column("pulled_at", _INSTANT),
        sa.Column("failing_since", _INSTANT),
        sa.Column("error", sa.String),
        sa.PrimaryKeyConstraint("name", name="pk_sources"),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("imported_at", _INSTANT, nullable=False),
        sa.Column("as_of", sa.Date),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("accounts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("licences", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
    )
    op.create_index(
        "ix_snapshots_current",
        "snapshots",
        ["source"],
        unique=True,
        sqlite_where=_CURRENT,
        postgresql_where=_CURRENT,
    )
    op.create_table(
        "accounts",
        sa.Column("snapshot_id", _NUMBER, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("account", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", "account_id", name="pk_accounts"),
        _snapshot_of("accounts"),
    )
    op.create_table(
        "identifiers",
        sa.Column("snapshot_id", _NUMBER, nullable=False),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", "value", "kind", "account_id", name="pk_identifiers"),
        _snapshot_of("identifiers"),
    )


def _ticket_of(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"], name=f"fk_{table}_tickets"
    )


def _snapshot_of(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=f"fk_{table}_snapshots")
