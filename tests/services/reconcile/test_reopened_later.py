"""A ticket that is reopened long after its end: retention makes no difference to what is written to it (L6, L7, L9).

It was escalated and closed, and a person unticked the box. The same life without retention is the measure.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.retention import SqlRetention
from desk_sync.adapters.store.tables import tickets
from desk_sync.domain.commitment.status_past import StatusChange
from desk_sync.domain.ticket.ticket import Field
from desk_sync.ports.retention import Deletion
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.services.conftest import World
from tests.support.fake_desk import FakeDesk
from tests.support.makers import NOW, PERSON, make_account, make_ticket

TICKET = "100000000000000001"
DAY = timedelta(days=1)
FACTS = ("number", "department_id", "partner", "region", "tier", "severity", "large", "verdict", "solved_at")


@pytest.fixture
def worlds(tmp_path, sqlite_template) -> Callable[[], World]:
    """A function that makes a world of its own."""
    made = []

    def make() -> World:
        engine = open_engine(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{len(made)}.sqlite3')}")
        world = World(engine, FakeDesk(make_ticket(created_at=NOW, threads=1)))
        world.imports(make_account())
        made.append(engine)
        return world

    yield make
    for engine in made:
        engine.dispose()


def changes(world: World, status: str, kind: str, **facts) -> None:
    """Change the status as a person, and look."""
    before = world.desk.tickets[TICKET]
    after = replace(before, status=status, status_type=kind, modified_at=world.now(), modified_by=PERSON, **facts)
    world.desk.tickets[TICKET] = after
    world.desk.changes[TICKET].append(StatusChange(at=world.now(), before=before.status, after=status))
    world.receives(key=f"{world.now()}", changed=[Field.STATUS], actor_id=PERSON)
    assert world.look() == [LookOutcome.RECONCILED]


def lives(world: World, retain: Callable[[SqlRetention, World], None]) -> World:
    """Let the ticket live to its end, be kept for two months, and live again."""
    world.receives(key="add")
    world.look()
    for _ in range(6):
        world.waits(seconds=max((world.metrics.next_look_at() - world.now()).total_seconds(), 0))
        world.look()
    changes(world, "Closed", "Closed", large_user=False)
    world.waits(days=60)
    retain(SqlRetention(world.engine, "default"), world)
    changes(world, "Open", "Open")
    world.waits(minutes=5)
    world.receives(key="again", state="else")
    world.look()
    return world


def row_of(world: World) -> Mapping[str, Any]:
    with world.engine.connect() as connection:
        return connection.execute(tickets.select()).mappings().one()


def keep(retention: SqlRetention, world: World) -> None:
    """Delete nothing."""


def shrink(retention: SqlRetention, world: World) -> None:
    while retention.shrink_tickets(world.now() - 30 * DAY):
        pass
    assert world.metrics.deletions()[Deletion.SHRUNK] == 1


def delete_keys(retention: SqlRetention, world: World) -> None:
    shrink(retention, world)
    while retention.delete_keys(world.now() - 30 * DAY):
        pass
    assert world.tickets.history(TICKET).effects == []


@pytest.mark.parametrize("retain", [shrink, delete_keys])
def test_what_a_reopened_ticket_gets_is_the_same(worlds, retain):
    kept, shrunk = lives(worlds(), keep), lives(worlds(), retain)

    assert shrunk.desk.comments == kept.desk.comments
    assert len(kept.desk.comments[TICKET]) > 3
    assert shrunk.desk.tickets == kept.desk.tickets
    assert shrunk.desk.tickets[TICKET].large_user is False
    before, after = (each.tickets.history(TICKET) for each in (kept, shrunk))
    assert after.clocks(shrunk.now()) == before.clocks(kept.now())
    assert after.memory.escalation == before.memory.escalation
    assert len(before.memory.escalation.state.raised) > 1
    assert after.promise == before.promise


def test_the_facts_that_reports_need_stay(worlds):
    found = []

    def look_at_row(retention, world):
        found.append(row_of(world))
        delete_keys(retention, world)
        found.append(row_of(world))

    world = lives(worlds(), look_at_row)

    before, after = ({name: row[name] for name in FACTS} for row in found)
    assert after == before
    assert (before["severity"], before["large"], before["verdict"], before["region"]) == (
        1,
        True,
        "PRIORITY",
        "EUROPE_UK",
    )
    assert before["solved_at"] is not None
    assert row_of(world)["solved_at"] is None


def test_a_ticket_that_was_closed_before_its_first_look_has_the_facts_that_need_no_clock(worlds):
    world = worlds()
    world.desk.tickets[TICKET] = make_ticket(created_at=NOW, status="Closed", status_type="Closed")
    world.receives(key="add")
    world.look()

    row = row_of(world)
    assert (row["department_id"], row["region"], row["large"]) == ("200000000000000001", None, None)
