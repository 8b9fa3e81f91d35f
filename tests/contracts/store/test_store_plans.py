"""Questions that are asked every few minutes cost what they find: no statement reads a table of tickets whole.

The plans are those of an empty database. SQLite is never analysed in production, so these are its plans there too;
PostgreSQL is told to read whole tables only where no index serves.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, insert

from desk_sync.adapters.store.bindings import SqlBindings
from desk_sync.adapters.store.clocks import SqlOpenClocks
from desk_sync.adapters.store.marking import RequeueTickets
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.retention import SqlRetention
from desk_sync.adapters.store.reviews import SqlReviews
from desk_sync.adapters.store.subscription_tables import snapshots
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.ports.retention import KeptPart
from desk_sync.ports.subscriptions import AccountChanges
from tests.support.makers import NOW

LARGE = ("tickets", "deliveries", "decisions", "effects", "clocks", "messages", "notices")
DAY = timedelta(days=1)
# A scan of an index that holds few tickets only is none of the table.
SMALL = r"USING (COVERING )?INDEX ix_tickets_(open|leased|parked|undecided|verdict|waiting)\b"
SCANS = {
    "sqlite": [
        re.compile(rf"SCAN ({'|'.join(LARGE)})\b(?! {SMALL})"),
        re.compile(rf"SEARCH ({'|'.join(LARGE)}) USING (COVERING )?INDEX sqlite_autoindex_\w+ \(portal=\?\)"),
    ],
    "postgresql": [re.compile(rf"Seq Scan on ({'|'.join(LARGE)})\b")],
}


def metrics(engine):
    of_portal = SqlMetrics(engine, "default")
    of_portal.backlog(NOW)
    of_portal.verdicts()
    of_portal.undelivered()
    of_portal.undelivered(NOW)
    of_portal.next_look_at()
    of_portal.held_back()


def mark(engine):
    with engine.begin() as connection:
        current = {"source": "file", "imported_at": NOW, "state": "current", "marking_until": NOW}
        connection.execute(insert(snapshots).values(id=1, **current))
    changes = AccountChanges(added=frozenset({"A1", "A2"}), differing=frozenset(), removed=frozenset())
    RequeueTickets(engine, DAY).mark(1, changes, now=NOW)


def retain(engine):
    retention = SqlRetention(engine, "default")
    retention.delete_deliveries(NOW)
    retention.delete_notices(NOW)
    for kept in KeptPart:
        retention._oldest(kept, NOW)


QUESTIONS = {
    "metrics and doctor": metrics,
    "the auditor": lambda engine: SqlOpenClocks(engine, "default").requeue_unplanned(now=NOW),
    "parked tickets": lambda engine: SqlTickets(engine, "default").parked(),
    "undecided tickets": lambda engine: SqlReviews(engine, "default").undecided(),
    "the next tickets": lambda engine: SqlTickets(engine, "default").claim(now=NOW, until=NOW, limit=4),
    "parked tickets that come back": lambda engine: SqlTickets(engine, "default").bring_back(
        parked_before=NOW, now=NOW, limit=4
    ),
    "an import's marking": mark,
    "a binding's marking": lambda engine: SqlBindings(engine, ("file",)).unbind(
        Identifier(IdentifierKind.EMAIL, "a@b.example"), now=NOW, dry_run=True
    ),
    "retention": retain,
}


@contextmanager
def seen(engine):
    """Collect the statements that are executed, with their parameters."""
    statements = []

    def see(connection, cursor, statement, parameters, context, executemany):
        if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)\b", statement) and "pragma" not in statement:
            statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", see)
    yield statements
    event.remove(engine, "before_cursor_execute", see)


def plan(connection, statement, parameters) -> list[str]:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return [str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_reads_a_table_of_tickets_whole(engine, question):
    with seen(engine) as statements:
        QUESTIONS[question](engine)

    assert statements
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, parameters in statements:
            steps = plan(connection, statement, parameters)
            scans = [step for step in steps for scan in SCANS[connection.dialect.name] if scan.search(step)]
            assert not scans, statement
