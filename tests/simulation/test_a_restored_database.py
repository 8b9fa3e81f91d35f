"""Our traces in Desk are ours: a database that comes back old, or is lost, repeats nothing and takes nothing back."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from desk_sync.domain.plan.education import REPLY
from desk_sync.services.adopt import CREDITS
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


WITHOUT_FIELDS = re.compile(r"^  - .*escalation_request.*\n", re.MULTILINE)
"""The steps that set a field which the mapping names only with every field."""
PEOPLE = """\
start: 2026-11-23T08:00:00Z
until: 2026-11-25T20:00:00Z
accounts: accounts.csv
mapping: staffed.yaml
tickets:
  - {key: taken over, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: given back, at: +1m, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: status, at: +2m, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: assigned, at: +3m, severity: 3, fields: {customer_primary_email: admin@big.example}}
  - {key: two, at: +4m, severity: 2, partner: {country: IN}, fields: {customer_primary_email: admin@big.example}}
  - {key: first of two, at: +5m, severity: 1, product: Zoho CRM, fields: {customer_primary_email: admin@big.example}}
  - {key: second of two, at: +6m, severity: 1, product: Zoho CRM, fields: {customer_primary_email: admin@big.example}}
  - {key: lowered, at: +7m, severity: 1, fields: {customer_primary_email: admin@big.example}}
  - {key: reopened, at: +8m, severity: 2, fields: {customer_primary_email: admin@big.example}}
steps:
  - {at: +4h30m, ticket: taken over, set: {taken_over: true}, by: agent}
  - {at: +4h30m, ticket: given back, set: {taken_over: true}, by: agent}
  - {at: +6h, ticket: given back, set: {taken_over: false}, by: agent}
  - {at: +10m, ticket: status, agent_reply: "We will see."}
  - {at: +5h, ticket: status, set: {status: Please escalate}, by: partner}
  - {at: +6h, ticket: assigned, set: {priority: Low}, by: colleague}
  - {at: +4h, ticket: two, agent_reply: "We are looking into it."}
  - {at: +5h, ticket: two, customer_reply: "It is urgent."}
  - {at: +7h, ticket: lowered, set: {severity: S2-Moderate}, by: agent}
  - {at: +8h, ticket: reopened, close: true}
  - {at: +20h, ticket: reopened, reopen: true, by: partner}
  - {at: +36h30m, ticket: lowered, set: {severity: S3-Minimal}, by: colleague}
  - {at: +36h40m, ticket: assigned, set: {priority: Medium}, by: agent}
"""
"""What people do beside the programme, all of it with every field."""
PEOPLES_MAPPING = {
    "  actions: {}\n": "  actions: {1: {status: Escalated, priority: High}, 3: {priority: Urgent}}\n",
    "    statuses: []\n": "    statuses: [Please escalate]\n",
    "  clusters: []\n": "  clusters: [{by: account, tickets: 5, within: 24h}]\n",
}
CLOCKS = "The clocks, as of "
"""The words between what is late and the list, in the note."""
MARK = re.compile(r"\s*\[ds-[0-9a-f]{12}\]")
Strikes = Callable[[SimulationSetup], None]
OPTIONAL_FIELDS = re.compile(r"^  # (?=\w+: cf_)", re.MULTILINE)
MAPPINGS = {"as shipped": False, "with every field": True}


def run_through(
    folder: Path,
    strikes: Strikes = lambda _: None,
    *,
    every_field: bool,
    text: str = SCENARIO,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """Run the scenario with what `strikes` does to the simulation before it begins; return the end of each ticket."""
    mapping = SHIPPED.read_text()
    for old, new in {**STAFF, "  reply: false\n": "  reply: true\n", **settings}.items():
        assert old in mapping
        mapping = mapping.replace(old, new)
    shutil.copy(SCENARIOS / "accounts.csv", folder)
    (folder / "staffed.yaml").write_text(OPTIONAL_FIELDS.sub("  ", mapping) if every_field else mapping)
    (folder / "scenario.yaml").write_text(text if every_field else WITHOUT_FIELDS.sub("", text))
    loaded = scenario.read(folder / "scenario.yaml")
    with set_up_simulation(loaded) as simulation:
        ours = {simulation.site.portal.own_agent["id"]}
        strikes(simulation)
        run_scenario(loaded, simulation)
        ours.add(simulation.site.portal.own_agent["id"])
        found, tickets = document(simulation), simulation.actors.tickets
        return {
            "tickets": {key: _end(simulation, key, found["tickets"][key], ours) for key in tickets},
            "notices": _lines(found),
            "credits": found["desk"]["credits"],
        }


def _end(simulation: SimulationSetup, key: str, ticket: dict[str, Any], ours: set[str]) -> dict[str, Any]:
    """Return what must not depend on the memory: no instants of our own acts but those of levels."""
    comments = [each for each in simulation.actors.tickets[key].comments if each["commenterId"] in ours]
    return {
        "fields": ticket["fields"],
        "status": ticket["status"],
        "decision": (ticket["decision"] or {}).get("decision"),
        "clocks": [(each["milestone"], each["round"], each["state"], each["met_at"]) for each in ticket["clocks"]],
        "levels": [(each["level"], each["because"], each["at"]) for each in ticket["escalations"]],
        "public": [MARK.sub("", plain(each["content"])) for each in comments if each["isPublic"]],
        "private": Counter(_first_line(each["content"]) for each in comments if not each["isPublic"]),
        "late": [_late(each["content"]) for each in comments if CLOCKS in plain(each["content"])],
    }


def _late(note: str) -> str:
    """Return what the note says of the verdict, and of what is late: it is edited at each change."""
    return plain(note).partition(CLOCKS)[0]


def _first_line(content: str) -> str:
    """Return the first line without what depends on when a look was made; of the note, that it is one."""
    if CLOCKS in plain(content):
        return CLOCKS
    return _DEPENDS_ON_THE_LOOK.sub("", plain(content.partition("<br>")[0]))


_DEPENDS_ON_THE_LOOK = re.compile(r", [\w ]+ ago\b|\d{4}-\d\d-\d\d \d\d:\d\dZ")


def _lines(found: dict[str, Any]) -> Counter[tuple[str, str]]:
    lines = ((each["to"], line) for each in found["notifications"] for line in each["lines"])
    return Counter((to, line.partition(";")[0]) for to, line in lines)


def _differences(struck: dict[str, Any], calm: dict[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    for key, end in calm["tickets"].items():
        for name, value in end.items():
            if struck["tickets"][key][name] != value:
                yield key, name, struck["tickets"][key][name], value


def restore(age: timedelta, crash: datetime = CRASH) -> Strikes:
    """Put the database back as it was so long before the crash."""

    def strikes(simulation: SimulationSetup) -> None:
        saved, time = SavedDatabases(simulation), simulation.virtual_time
        time.schedule(crash - age, saved.save)
        time.schedule(crash, lambda: saved.put_back(crash - age))

    return strikes


def adopted_after(loss: Callable[[SavedDatabases], None], crash: datetime = CRASH) -> Strikes:
    """Lose the memory, and adopt."""

    def strikes(simulation: SimulationSetup) -> None:
        simulation.virtual_time.schedule(crash, lambda: loss(SavedDatabases(simulation)))
        simulation.virtual_time.schedule(crash, lambda: adopt(simulation))

    return strikes


def adopt(simulation: SimulationSetup) -> None:
    service = simulation.desk_sync.portal(DEFAULT).adopt
    service.run(service.estimate(START - timedelta(days=1)))


def new_agent(crash: datetime = CRASH) -> Strikes:
    return lambda simulation: simulation.virtual_time.schedule(crash, lambda: change_agent(simulation))


def both(*strikes: Strikes) -> Strikes:
    return lambda simulation: [each(simulation) for each in strikes] and None


def at_crash(act: Callable[[SimulationSetup], None]) -> Strikes:
    return lambda simulation: simulation.virtual_time.schedule(CRASH, lambda: act(simulation))


def marked(simulation: SimulationSetup) -> None:
    """Give all public comments of ours the references that an earlier version wrote into them."""
    own, tickets = simulation.site.portal.own_agent["id"], simulation.desk_sync.portal(DEFAULT).tickets
    for ticket in simulation.actors.tickets.values():
        public = [each for each in ticket.comments if each["isPublic"] and each["commenterId"] == own]
        history = tickets.history(ticket.ticket_id)
        effects = history.effects if history else ()
        made = [each.reference for each in effects if each.key.endswith((":public", REPLY))]
        for comment, reference in zip(public, made, strict=True):
            comment["content"] += f"<br>[{reference}]"


def without_data(simulation: SimulationSetup) -> None:
    """Lose the memory, and the subscription data with it: they are there again an hour later."""
    time = simulation.virtual_time
    time.schedule(CRASH, lambda: SavedDatabases(simulation).lose(data=False))
    time.schedule(CRASH, lambda: adopt(simulation))
    time.schedule(CRASH + timedelta(hours=1), lambda: simulation.pull.run())


STRIKES: dict[str, Strikes] = {
    **{f"{hours} h old": restore(timedelta(hours=hours)) for hours in (1, 12, 36)},
    "lost": adopted_after(SavedDatabases.lose),
    "renamed": adopted_after(SavedDatabases.rename),
    "another agent": new_agent(),
    "12 h old, another agent": both(new_agent(), restore(timedelta(hours=12))),
    "lost, another agent": both(new_agent(), adopted_after(SavedDatabases.lose)),
    "36 h old, marks of an earlier version": both(at_crash(marked), restore(timedelta(hours=36))),
    "lost, marks of an earlier version, another agent": both(
        at_crash(marked), new_agent(), adopted_after(SavedDatabases.lose)
    ),
}
WITH_EVERY_FIELD = "with every field"


def _is_daily(mapping: str, name: str) -> bool:
    """Return True for some cells: all with every field, and the plain ones as the mapping is shipped."""
    return mapping == WITH_EVERY_FIELD or name in ("1 h old", "36 h old", "lost")


CELLS = [
    pytest.param(mapping, name, id=f"{mapping}, {name}")
    for mapping in MAPPINGS
    for name in STRIKES
    if _is_daily(mapping, name)
]


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Return the end of the undisturbed run with a mapping, and that of what people do."""

    @cache
    def calm(mapping: str, *, people: bool = False) -> Any:
        return run_through(tmp_path_factory.mktemp("calm"), **_facts(mapping, people=people))

    return calm


def _facts(mapping: str, *, people: bool = False) -> dict[str, Any]:
    rest = {"text": PEOPLE, "settings": PEOPLES_MAPPING} if people else {}
    return {"every_field": MAPPINGS[mapping], **rest}


@pytest.mark.parametrize(("mapping", "name"), CELLS)
def test_a_database_that_is_old_or_lost_changes_nothing_in_desk(calm, tmp_path, mapping, name):
    struck = run_through(tmp_path, STRIKES[name], **_facts(mapping))

    undisturbed = calm(mapping)
    assert list(_differences(struck, undisturbed)) == []
    assert struck["notices"] == undisturbed["notices"]
    assert struck["credits"] - undisturbed["credits"] <= (CREDITS + 3) * len(struck["tickets"])


@pytest.mark.parametrize("name", ["12 h old", "lost"])
@pytest.mark.parametrize("hours", [9.5, 37], ids=str)
def test_what_people_did_stays_as_they_did_it(calm, tmp_path, name, hours):
    crash = START + timedelta(hours=hours)
    if crash - timedelta(hours=12) < START:
        name = "lost"
    strikes = {"12 h old": restore(timedelta(hours=12), crash), "lost": adopted_after(SavedDatabases.lose, crash)}

    struck = run_through(tmp_path, strikes[name], **_facts(WITH_EVERY_FIELD, people=True))

    assert list(_differences(struck, calm(WITH_EVERY_FIELD, people=True))) == []


def test_without_the_command_nothing_is_repeated_either(calm, tmp_path):
    """Tickets are looked at when something happens on them: no level comes back, and no comment twice."""
    lost = at_crash(lambda simulation: SavedDatabases(simulation).lose())

    struck = run_through(tmp_path, lost, **_facts(WITH_EVERY_FIELD))

    for key, end in calm(WITH_EVERY_FIELD)["tickets"].items():
        found = struck["tickets"][key]
        assert found["private"] <= end["private"], key
        assert found["public"] == end["public"][: len(found["public"])]


def test_overrides_stand_while_the_subscription_data_are_missing(calm, tmp_path):
    struck = run_through(tmp_path, without_data, **_facts(WITH_EVERY_FIELD))

    undisturbed = calm(WITH_EVERY_FIELD)
    # A closed ticket is not looked at again for new data: the decision on it, and what explains it, stay open.
    differing = {(key, name): values for key, name, *values in _differences(struck, undisturbed)}
    assert differing.keys() == {("closed", "decision"), ("closed", "fields"), ("closed", "late")}
    former, present = differing["closed", "fields"]
    assert {name for name in present if former[name] != present[name]} == {"explanation"}
