"""The tables of subscription data: sources, what a pull has read so far, live answers, snapshots and their accounts."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    text,
)

from desk_sync.adapters.store.columns import InstantColumn, metadata, number_column

# The sources of subscription data: the turn to pull, and the state of the last pulls.
sources = Table(
    "sources",
    metadata,
    Column("name", String, primary_key=True),
    Column("turn_until", InstantColumn),
    Column("due_at", InstantColumn),
    Column("pulled_at", InstantColumn),
    Column("failing_since", InstantColumn),
    Column("error", String),
    Column("units", JSON(none_as_null=True)),
    Column("units_at", InstantColumn),
    # How many live queries the source got in the minute that began at `minute_at`.
    Column("asked", Integer, nullable=False, server_default=text("0")),
    Column("minute_at", InstantColumn),
    # The number of the last turn, and who took it. A process whose turn has another number writes nothing any more.
    Column("turn", Integer, nullable=False, server_default=text("0")),
    Column("held_by", String),
    # The last run; `begun_at` is NULL once it has ended.
    Column("run", Integer, nullable=False, server_default=text("0")),
    Column("begun_at", InstantColumn),
    Column("worked_at", InstantColumn),
    Column("progress", JSON(none_as_null=True)),
    Column("waiting", String),
    Column("flawed", Integer, nullable=False, server_default=text("0")),
    Column("problems", JSON(none_as_null=True)),
    Column("remarks", JSON(none_as_null=True)),
    # The calls of the last day, by the hour in which they were made.
    Column("spent", JSON(none_as_null=True)),
)

# The pages that the run of a source has read; an account may be on several pages.
pages = Table(
    "pages",
    metadata,
    Column("source", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("accounts", JSON, nullable=False),
    Column("after", String, nullable=False),
    Column("read_at", InstantColumn, nullable=False),
    Column("run", Integer, nullable=False, server_default=text("0")),
    Column("before", String, nullable=False, server_default=text("''")),
    Column("rows", JSON(none_as_null=True)),
    Column("problems", JSON(none_as_null=True)),
)

# Live answers of sources about identifiers that no snapshot has; an empty list: the source does not have it either.
answers = Table(
    "answers",
    metadata,
    Column("source", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("accounts", JSON, nullable=False),
    Column("asked_at", InstantColumn, nullable=False),
    Column("good_until", InstantColumn, nullable=False),
)

# A snapshot is `importing`, then `current`, then `retired`; only the current one of each source is ever read.
snapshots = Table(
    "snapshots",
    metadata,
    number_column(),
    Column("source", String, nullable=False),
    Column("imported_at", InstantColumn, nullable=False),
    Column("as_of", Date),
    Column("state", String, nullable=False),
    # Until when one process marks the open tickets that it concerns; NULL when all are marked.
    Column("marking_until", InstantColumn),
    Column("replaces", Integer),
    Column("accounts", Integer, nullable=False, server_default=text("0")),
    Column("licences", BigInteger, nullable=False, server_default=text("0")),
    # The digest of the rules by which `licences` were counted, the instant at which the snapshot became current, and
    # the run that read it, if it was pulled.
    Column("ruler", String),
    Column("current_at", InstantColumn),
    Column("run", Integer),
)
_CURRENT = snapshots.c.state == text("'current'")
Index("ix_snapshots_current", snapshots.c.source, unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT)

# What the files of a source's snapshot were, and what a person was warned about when they were read.
file_readings = Table(
    "file_readings",
    metadata,
    Column("source", String, primary_key=True),
    Column("snapshot_id", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("warnings", JSON, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("snapshot_id", ForeignKey(snapshots.c.id), primary_key=True),
    Column("account_id", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("account", JSON, nullable=False),
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("snapshot_id", ForeignKey(snapshots.c.id), primary_key=True),
    Column("value", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("account_id", String, primary_key=True),
)
