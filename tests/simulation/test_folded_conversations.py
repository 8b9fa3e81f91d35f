"""Long conversations: folding changes no decision, and the memory and the cost of a look stay bounded."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import pytest

from desk_sync.domain.commitment import folding
from desk_sync.domain.commitment.clock_comments import LONGEST_NOTE
from desk_sync.services.drain import Drain
from desk_sync.simulation import scenario, simulate
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import set_up_simulation

ROUNDS = 500
EVERY = 12 * 60
LATE = 7
MOST_BYTES = 10_000
HEAD = f"""start: 2026-11-20T09:00:00Z
until: +{ROUNDS * EVERY + 600}m
accounts: accounts.csv
tickets:
  - {{key: t, partner: {{country: DE}}, severity: 1, fields: {{customer_primary_email: admin@big.example}}}}
steps:"""
CASES = Path(__file__).parents[1] / "cases" / "scenarios"
SCENARIOS = (
    "account-found-late",
    "closed-from-hold",
    "conversation",
    "in-the-bin",
    "ladder-over-the-weekend",
    "ladder-stopped",
    "met-late",
    "on-hold-and-back",
    "reopened",
    "rounds",
    "severity-changed",
    "updates",
    "worked-examples",
)
"""Those in which several things happen on a ticket."""
STANDING = "The commitment's clocks"
SAME = ("status", "assignee", "decision", "writes", "escalations", "fields", "parked", "held_back")


@dataclass(frozen=True)
class LongLived:
    memory: str
    rounds: int
    comments: list[dict[str, Any]]
    looks: list[float]


def decided(document: dict) -> dict:
    """Return what was decided: everything but the clocks, and the words of the comment that lists them."""
    return {
        "notifications": document["notifications"],
        "tickets": {
            key: [ticket[name] for name in SAME]
            + [{**each, "text": None} if each["text"].startswith(STANDING) else each for each in ticket["comments"]]
            for key, ticket in document["tickets"].items()
        },
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_ends_in_the_same_way_if_its_histories_are_folded_at_once(name, monkeypatch):
    whole = decided(simulate(CASES / f"{name}.yaml"))
    monkeypatch.setattr(folding, "LONGEST", 2)
    monkeypatch.setattr(folding, "KEPT", 1)

    assert decided(simulate(CASES / f"{name}.yaml")) == whole


def long_conversation() -> str:
    """Return a scenario of ROUNDS rounds: a message and a reply, some late, some with a hold or a reopening."""
    return "\n".join((HEAD, *(step for number in range(ROUNDS) for step in _round(number))))


def _round(number: int) -> Iterator[str]:
    at = number * EVERY + 60
    happens = {at: "customer_reply: more", at + (600 if number % LATE == 0 else 60): "agent_reply: done"}
    if number % 10 == 3:
        happens |= {at + 70: "set: {status: On Hold}, by: agent", at + 130: "set: {status: Open}, by: agent"}
    if number % 25 == 4:
        happens |= {at + 140: "close: true", at + 200: "reopen: true"}
    return (f"  - {{at: +{minutes}m, ticket: t, {what}}}" for minutes, what in happens.items())


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory) -> LongLived:
    """The ticket of the long conversation at its end, with the processor time of each look."""
    for file in CASES.glob("*.csv"):
        shutil.copy(file, tmp_path_factory.getbasetemp())
    file = tmp_path_factory.getbasetemp() / "long.yaml"
    file.write_text(long_conversation())
    loaded, looks = scenario.read(file), []
    with set_up_simulation(loaded) as simulation, pytest.MonkeyPatch.context() as patch:
        drain = Drain.run

        def timed(self):
            began = process_time()
            found = drain(self)
            looks.append(process_time() - began)
            return found

        patch.setattr(Drain, "run", timed)
        run_scenario(loaded, simulation)
        ticket = simulation.actors.tickets["t"]
        with simulation.desk_sync.engine.connect() as connection:
            memory = connection.exec_driver_sql("SELECT memory FROM tickets").scalar_one()
            clocks = connection.exec_driver_sql("SELECT count(*) FROM clocks WHERE milestone = 'determination'")
            return LongLived(memory=memory, rounds=clocks.scalar_one(), comments=ticket.comments, looks=looks)


def test_the_memory_of_a_ticket_of_500_rounds_is_small(long_lived):
    assert long_lived.rounds > ROUNDS
    assert len(long_lived.memory) <= MOST_BYTES


def test_a_look_at_it_takes_no_more_than_twice_the_time_of_a_young_one(long_lived):
    young, old = long_lived.looks[10:60], long_lived.looks[-50:]

    assert median(old) <= 2 * median(young)


def test_its_standing_comment_is_short_and_has_the_newest_cycles_first(long_lived):
    standing = next(each["content"] for each in long_lived.comments if STANDING in each["content"])
    rounds = [int(number) for number in re.findall(r"Determination, round (\d+)", standing)]

    assert len(standing) <= LONGEST_NOTE
    assert rounds == sorted(rounds, reverse=True)
    assert rounds[0] == long_lived.rounds
