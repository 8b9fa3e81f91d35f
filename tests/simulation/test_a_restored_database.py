"""Our traces in Desk are ours: a database that comes back old, or is lost, repeats nothing and takes nothing back."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desk_sync.simulated_desk.portal.ticket import plain
from desk_sync.simulation import scenario
from desk_sync.simulation.report import document
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import SimulationSetup, set_up_simulation
from desk_sync.wiring.process import DEFAULT
from tests.simulation.conftest import SCENARIOS
from tests.simulation.restored import SavedDatabases, change_agent
from tests.simulation.test_outages import SHIPPED, STAFF

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CRASH = START + timedelta(hours=37)
SCENARIO = """\
start: 2026-11-23T08:00:00Z
until: 2026-11-26T08:00:00Z
accounts: accounts.csv
mapping: staffed.yaml
tickets:
  - {key: silent, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: late, at: +36h30m, partner: {country: IN}, fields: {customer_primary_email: admin@big.example}}
  - {key: answered, severity: 2, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: unticked, at: +1h, severity: 3, fields: {customer_primary_email: admin@big.example}}
  - {key: unticked late, at: +36h10m, severity: 3, fields: {customer_primary_email: admin@big.example}}
  - {key: nameless, at: +2h, severity: 3, partner: {email: someone@unknown.example}}
  - {key: nameless late, at: +36h20m, severity: 3, partner: {email: other@elsewhere.example}}
  - {key: held, at: +3h, severity: 2, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: security, at: +4h, severity: 2, issue_type: security, fields: {customer_primary_email: admin@big.example}}
  - {key: requested, at: +5h, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: closed, at: +6h, severity: 2, fields: {customer_primary_email: admin@big.example}}
steps:
  - {at: +30m, ticket: answered, agent_reply: "We are looking into it."}
  - {at: +2h, ticket: unticked, set: {large_user: false, severity: S3-Minimal}, by: agent}
  - {at: +3h30m, ticket: held, set: {status: On Hold}, by: agent}
  - {at: +20h, ticket: held, set: {status: Open}, by: agent}
  - {at: +5h10m, ticket: requested, agent_reply: "We will see."}
  - {at: +12h, ticket: requested, set: {escalation_request: true}, by: partner}
  - {at: +26h, ticket: answered, customer_reply: "It is still so."}
  - {at: +36h15m, ticket: unticked late, set: {large_user: false, severity: S3-Minimal}, by: agent}
  - {at: +36h40m, ticket: closed, close: true}
  - {at: +40h, ticket: nameless, customer_reply: "Any news?"}
  - {at: +50h, ticket: unticked, customer_reply: "Any news?"}
  - {at: +51h, ticket: unticked late, customer_reply: "Any news?"}
"""


@pytest.fixture
def run_through(tmp_path) -> Callable[..., dict[str, Any]]:
    """Run the scenario with what `strikes` does at the instants that it names; return the end of each ticket."""

    def run(strikes: Callable[[SimulationSetup], None] = lambda _: None) -> dict[str, Any]:
        mapping = SHIPPED.read_text().replace("  reply: false\n", "  reply: true\n")
        for old, new in STAFF.items():
            assert old in mapping
            mapping = mapping.replace(old, new)
        mapping = re.sub(r"^  # (?=\w+: cf_)", "  ", mapping, flags=re.MULTILINE)
        shutil.copy(SCENARIOS / "accounts.csv", tmp_path)
        (tmp_path / "staffed.yaml").write_text(mapping)
        (tmp_path / "scenario.yaml").write_text(SCENARIO)
        loaded = scenario.read(tmp_path / "scenario.yaml")
        with set_up_simulation(loaded) as simulation:
            ours = {simulation.site.portal.own_agent["id"]}
            strikes(simulation)
            run_scenario(loaded, simulation)
            ours.add(simulation.site.portal.own_agent["id"])
            found = document(simulation)
            return {
                "tickets": {
                    key: _end(simulation, key, found["tickets"][key], ours) for key in simulation.actors.tickets
                },
                "notices": _lines(found),
                "credits": found["desk"]["credits"],
            }

    return run


def _end(simulation: SimulationSetup, key: str, ticket: dict[str, Any], ours: set[str]) -> dict[str, Any]:
    """Return what must not depend on the memory: no instants of our own acts but those of levels."""
    comments = [each for each in simulation.actors.tickets[key].comments if each["commenterId"] in ours]
    return {
        "fields": ticket["fields"],
        "status": ticket["status"],
        "decision": ticket["decision"]["decision"],
        "clocks": [(each["milestone"], each["round"], each["state"], each["met_at"]) for each in ticket["clocks"]],
        "levels": [(each["level"], each["because"], each["at"]) for each in ticket["escalations"]],
        "public": [plain(each["content"]) for each in comments if each["isPublic"]],
        "private": Counter(_first_line(each["content"]) for each in comments if not each["isPublic"]),
    }


def _first_line(content: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\dZ", "…", plain(content.partition("<br>")[0]))


def _lines(found: dict[str, Any]) -> Counter[tuple[str, str]]:
    lines = ((each["to"], line) for each in found["notifications"] for line in each["lines"])
    return Counter((to, line.partition(";")[0]) for to, line in lines)


def _differences(struck: dict[str, Any], calm: dict[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    for key, end in calm["tickets"].items():
        for name, value in end.items():
            if struck["tickets"][key][name] != value:
                yield key, name, struck["tickets"][key][name], value


def restore(age: timedelta) -> Callable[[SimulationSetup], None]:
    def strikes(simulation: SimulationSetup) -> None:
        saved = SavedDatabases(simulation)
        simulation.virtual_time.schedule(CRASH - age, saved.save)
        simulation.virtual_time.schedule(CRASH, lambda: saved.put_back(CRASH - age))

    return strikes


def adopt(simulation: SimulationSetup) -> None:
    service = simulation.desk_sync.portal(DEFAULT).adopt
    service.run(service.estimate(START - timedelta(days=1)))


def lose(simulation: SimulationSetup) -> None:
    simulation.virtual_time.schedule(CRASH, SavedDatabases(simulation).lose)
    simulation.virtual_time.schedule(CRASH, lambda: adopt(simulation))


def rename(simulation: SimulationSetup) -> None:
    simulation.virtual_time.schedule(CRASH, SavedDatabases(simulation).rename)
    simulation.virtual_time.schedule(CRASH, lambda: adopt(simulation))


def new_agent(simulation: SimulationSetup) -> None:
    simulation.virtual_time.schedule(CRASH, lambda: change_agent(simulation))


STRIKES = {
    "1 h": restore(timedelta(hours=1)),
    "12 h": restore(timedelta(hours=12)),
    "36 h": restore(timedelta(hours=36)),
    "lost": lose,
    "renamed": rename,
    "another agent": new_agent,
}


@pytest.mark.parametrize("name", STRIKES)
def test_it(run_through, name):
    calm = run_through()
    struck = run_through(STRIKES[name])
    for each in _differences(struck, calm):
        print(*each, sep="\n    ")
    print(struck["notices"] - calm["notices"], calm["notices"] - struck["notices"])
    print(struck["credits"], calm["credits"])
    assert list(_differences(struck, calm)) == []
