"""A ticket of 500 rounds: its memory, its note and the cost of a look stay small."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Any

import pytest

from desk_sync.adapters.store.engine import open_engine
from desk_sync.domain.escalation.ladder import RaisedLevel
from desk_sync.domain.plan.note.note import LONGEST_NOTE
from tests.services.conftest import World
from tests.support.fake_desk import FakeDesk
from tests.support.makers import NOW, make_account, make_ticket
from tests.support.plan_scenes import EVERYTHING

pytestmark = [pytest.mark.alone, pytest.mark.timeout(600)]
TICKET = "100000000000000001"
ROUNDS = 500
MOST_BYTES = 10_000
YOUNG, OLD = slice(20, 80), slice(-60, None)


@dataclass(frozen=True)
class LongLived:
    """The ticket at its end: what is stored of it, and the processor seconds of each look."""

    stored: str
    rounds: int
    levels: tuple[RaisedLevel, ...]
    note: str
    looks: list[float]


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: Any, sqlite_template: Any) -> Iterator[LongLived]:
    """The ticket after a message and a reply in each round, some late, some with a hold or a reopening."""
    desk = FakeDesk(make_ticket(created_at=NOW, threads=1))
    path = tmp_path_factory.mktemp("long") / "store.sqlite3"
    engine = open_engine(f"sqlite:///{shutil.copy(sqlite_template, path)}")
    world, looks = World(engine, desk), []
    world.policy = EVERYTHING
    world.imports(make_account())
    world.receives(key="add")

    def look() -> None:
        began = process_time()
        world.look()
        looks.append(process_time() - began)

    look()
    for number in range(ROUNDS):
        for hours in _happens(world, number):
            world.waits(hours=hours)
            world.receives(key=f"{number}:{len(looks)}")
            look()
    with engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT memory FROM tickets").scalar_one()
        counted = connection.exec_driver_sql("SELECT count(*) FROM clocks WHERE milestone = 'determination'")
        rounds = counted.scalar_one()
    levels = world.tickets.history(TICKET).memory.escalation.state.raised
    note = next(text for text in desk.comments[TICKET] if "The clocks, as of" in text)
    yield LongLived(stored=stored, rounds=rounds, levels=levels, note=note, looks=looks)
    engine.dispose()


def _happens(world: World, number: int) -> Iterator[float]:
    """Do what happens in a round; yield the hours until the look after each thing."""
    desk = world.desk
    desk.partner_writes(TICKET)
    world.waits(hours=1)
    if number % 7 == 0:
        yield 30  # the reply is late, and a ladder starts
    if number % 10 == 3:
        desk.changes_status(TICKET, "On Hold", "On Hold")
        yield 2
        desk.changes_status(TICKET, "Open", "Open")
    desk.agent_replies(TICKET)
    yield 0.25
    if number % 25 == 4:
        desk.changes_status(TICKET, "Closed", "Closed")
        yield 3
        desk.changes_status(TICKET, "Open", "Open")
        yield 0.25


def test_its_memory_is_small(long_lived):
    assert long_lived.rounds == ROUNDS - 1
    assert long_lived.levels
    assert len(long_lived.stored) <= MOST_BYTES


def test_a_look_at_it_takes_no_more_than_twice_the_time_of_a_look_at_a_young_one(long_lived):
    assert median(long_lived.looks[OLD]) <= 2 * median(long_lived.looks[YOUNG])


def test_its_note_is_short_and_has_the_newest_cycles_first(long_lived):
    rounds = [int(number) for number in re.findall(r"- next reply \(round (\d+)\)", long_lived.note)]

    assert len(long_lived.note) <= LONGEST_NOTE
    assert rounds[0] == long_lived.rounds
    assert rounds == sorted(rounds, reverse=True)
