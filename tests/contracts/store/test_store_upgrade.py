"""A database of the version before, with the rows of a ticket in the middle of its life, is upgraded and goes on.

The rows were written by schema 0012: a large account, a hold of half an hour, a box that a person unticked, two levels
raised. The ticket is in Desk as that version left it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.domain.plan.memory import Override
from desk_sync.domain.ticket.ticket import Field
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.services.conftest import World
from tests.support.fake_desk import FakeDesk
from tests.support.makers import NOW, POLICY, ROBOT, make_ticket
from tests.support.older import create_schema, insert_rows

ROWS = Path(__file__).parents[2] / "cases" / "databases" / "0012.json"
TICKET = "100000000000000001"
BOX = Field.LARGE_USER


@pytest.fixture
def upgraded(empty_url: str) -> Any:
    """The database of schema 0012 with its rows, after an upgrade to the schema of today."""
    engine = open_engine(empty_url)
    create_schema(engine, "0012")
    insert_rows(engine, json.loads(ROWS.read_text(encoding="utf-8")))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def world(upgraded: Engine) -> World:
    ticket = make_ticket(
        created_at=NOW,
        threads=2,
        comments=5,
        severity="S1-Critical",
        clock_state="breached",
        escalation_level="2",
        modified_by=ROBOT,
        modified_at=NOW.replace(hour=14, minute=45),
    )
    world = World(upgraded, FakeDesk(ticket))
    world.policy = replace(POLICY, shown=frozenset({Field.CLOCK_STATE, Field.ESCALATION_LEVEL}))
    world.waits(hours=8)
    return world


def test_a_look_at_it_only_explains_it_and_remembers_everything(world):
    before = world.tickets.history(TICKET)
    world.receives(key="again", state="else", actor_id=ROBOT)

    assert world.look() == [LookOutcome.RECONCILED]
    after = world.tickets.history(TICKET)
    assert world.desk.count("write_ticket") == 0
    [note] = world.desk.comments[TICKET]
    assert note.startswith("Severity 1: ")
    assert "Priority Customer - Large User Account stays as a person set it." in note
    assert replace(after.memory.fields, agreed={}, looked=False) == before.memory.fields
    assert after.memory.fields.overrides == {BOX: Override(value=False, basis="A1:PRIORITY")}
    assert after.memory.fields.applied[Field.SEVERITY].before == "S2-Moderate"
    assert (after.promise, after.clocks(world.now())) == (before.promise, before.clocks(world.now()))
    assert [clock.paused.total_seconds() for clock in after.clocks(world.now())] == [1800] * 3
    assert after.look_at == NOW.replace(hour=17, minute=30)


def test_its_ladder_goes_on_with_the_next_level(world):
    world.waits(hours=1, minutes=45)
    world.look()

    raised = world.tickets.history(TICKET).memory.escalation.state.raised
    assert [level.level for level in raised] == [1, 2, 3]
    texts = [text for text in world.desk.comments[TICKET] if text.startswith("Escalation level")]
    assert [text.partition(" to the partner")[0] for text in texts] == ["Escalation level 3: the first reply"]


def test_an_event_that_waits_keeps_the_names_of_the_fields_that_it_changed(empty_url):
    engine = open_engine(empty_url)
    create_schema(engine, "0016")
    waiting = {"portal": "default", "type": "Ticket_Update", "hint": "state", "ticket_id": TICKET}
    waiting |= {"occurred_at": "2026-11-23 09:00:00", "received_at": "2026-11-23 09:00:00", "changed": '["severity"]'}
    processed = {"key": "k2", "processed_at": "2026-11-23 09:00:00", "changed": "[]"}
    rows = [{**waiting, "key": "k1", "processed_at": None}, {**waiting, **processed}]
    insert_rows(engine, {"tickets": json.loads(ROWS.read_text(encoding="utf-8"))["tickets"], "deliveries": rows})
    migrate(engine)

    events = SqlTickets(engine, "default").history(TICKET).events
    assert {event.key: event.changed for event in events} == {"k1": {Field.SEVERITY}, "k2": frozenset()}
    engine.dispose()
