"""The host's clock apart from Desk's: the same levels at the same instants of Desk's time, and no ticket is forgotten.

Every shipped scenario and random ones, with the host's clock behind and ahead. Few random ones run in `./dev test`, 500
in `./dev faults crowds`; DESK_SYNC_SEED repeats the run whose seed a failure prints.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import tickets
from desk_sync.simulation import report, scenario, setup
from desk_sync.simulation.run import run_scenario
from desk_sync.wiring.process import DEFAULT
from tests.simulation.conftest import SCENARIOS
from tests.support.counts import count

SHIFTS = ("-60s", "-1s", "+60s", "+1d")
BRIEF = ("-1s", "+1d")
SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.yaml") if not path.stem.endswith(".outcome"))
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedRun:
    """A run of a scenario: its report, the open tickets that have no look to come, and what an audit found missing."""

    document: dict[str, Any]
    forgotten: list[str]
    remade: int


def play(folder: Path, text: str, shift: str) -> ShiftedRun:
    """Run a scenario with the host's clock shifted."""
    file = folder / "shifted.yaml"
    file.write_text(f"host_clock: {shift}\n{text}")
    loaded = scenario.read(file)
    with setup.set_up_simulation(loaded) as simulation:
        run_scenario(loaded, simulation)
        portal, now = simulation.desk_sync.portal(DEFAULT), simulation.host.now()
        still_open = tickets.c.closed.is_(False) & tickets.c.ended_at.is_(None) & tickets.c.parked_at.is_(None)
        with reading(portal.engine) as connection:
            rows = connection.execute(select(tickets.c.ticket_id, tickets.c.look_at).where(still_open)).all()
        return ShiftedRun(
            document=report.document(simulation),
            forgotten=[row.ticket_id for row in rows if row.look_at is None],
            remade=portal.open_clocks.requeue_unplanned(now=now),
        )


def levels(run: ShiftedRun) -> dict[str, list[tuple[int, str]]]:
    return {
        key: [(each["level"], each["because"]) for each in ticket["escalations"]]
        for key, ticket in run.document["tickets"].items()
    }


def clocks(run: ShiftedRun) -> dict[str, list[tuple[Any, ...]]]:
    return {
        key: [(each["milestone"], each["state"], each["due_at"]) for each in ticket["clocks"]]
        for key, ticket in run.document["tickets"].items()
    }


def instants(run: ShiftedRun) -> Iterator[datetime]:
    for ticket in run.document["tickets"].values():
        yield from (datetime.fromisoformat(each["at"]) for each in ticket["escalations"])


def check_alike(true: ShiftedRun, shifted: ShiftedRun) -> None:
    """Check that both runs raised the same, at the same instants up to a minute, and that no ticket is forgotten."""
    assert levels(shifted) == levels(true)
    assert clocks(shifted) == clocks(true)
    assert all(abs(theirs - ours) <= A_MINUTE for theirs, ours in zip(instants(true), instants(shifted), strict=True))
    assert (shifted.forgotten, shifted.remade) == ([], 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in SCENARIOS.glob("*.csv"):
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.mark.crowd
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_raises_the_same_levels_whatever_the_hosts_clock_shows(folder, name):
    text = (SCENARIOS / f"{name}.yaml").read_text()
    true = play(folder, text, "+0s")

    for shift in SHIFTS if count(0, 1) else BRIEF:
        check_alike(true, play(folder, text, shift))


@pytest.mark.crowd
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(count(1, 50)))
def test_random_scenarios_raise_the_same_levels_whatever_the_hosts_clock_shows(folder, part):
    seed = int(os.environ.get("DESK_SYNC_SEED") or secrets.randbits(32))
    print(f"DESK_SYNC_SEED={seed}")
    chance = Random(seed)
    for _ in range(count(3, 10)):
        text = random_scenario(chance)
        print(text)
        true = play(folder, text, "+0s")
        assert list(instants(true))
        for shift in SHIFTS:
            check_alike(true, play(folder, text, shift))


def random_scenario(chance: Random) -> str:
    """Return a scenario of four days: a ticket that nobody answers, so that it escalates, and up to three others.

    Those are answered, held, closed and reopened. Deliveries may be lost for half an hour.
    """
    start = datetime(2026, 11, 16, tzinfo=UTC) + timedelta(minutes=chance.randrange(14 * 24 * 60))
    opened = {f"t{number}": chance.randrange(12 * 60) for number in range(chance.randint(1, 3))}
    tickets = [SILENT, *(_random_ticket(chance, key, at) for key, at in opened.items())]
    steps = [_random_step(chance, key, at) for key, at in opened.items() for _ in range(chance.randint(0, 4))]
    head = f"start: {start:%Y-%m-%dT%H:%M:%SZ}\nuntil: +4d\naccounts: accounts.csv\n"
    return f"{head}tickets: [{', '.join(tickets)}]\nsteps: [{', '.join([*steps, *_loss(chance)])}]\n"


SILENT = "{key: silent, severity: 1, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}"


def _random_ticket(chance: Random, key: str, at: int) -> str:
    severity, country = chance.choice(("1", "2", "3", "null")), chance.choice(("DE", "IN", "US", "AU", "BR"))
    issue_type = chance.choice(("defect", "outage", "login", "howto", "security"))
    status, account = chance.choice(("Open", "Open", "On Hold")), chance.choice(("big", "big", "unknown"))
    fields = f"{{customer_primary_email: admin@{account}.example}}"
    return (
        f"{{key: {key}, at: +{at}m, severity: {severity}, issue_type: {issue_type}, status: {status}, "
        f"partner: {{country: {country}}}, fields: {fields}}}"
    )


def _random_step(chance: Random, key: str, opened: int) -> str:
    action = chance.choice(
        (
            "agent_reply: We look into it.",
            "customer_reply: Any news?",
            "set: {severity: 1}",
            "set: {severity: 3}",
            "set: {status: On Hold}",
            "set: {status: Open}",
            "close: true",
            "reopen: true",
            "note: Seen.",
            "public_comment: We look into it.",
        )
    )
    return f"{{at: +{opened + chance.randint(1, 11 * 60)}m, ticket: {key}, {action}}}"


def _loss(chance: Random) -> Iterator[str]:
    if chance.random() < 0.3:
        yield f"{{at: +{chance.randrange(12 * 60)}m, faults: {{drop: 1}}, for: 30m}}"
