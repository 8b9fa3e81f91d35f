"""`desk-sync mappings check --live`, as an admin runs it before a mapping goes into service."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.settings import Settings
from desk_sync.simulated_desk.server import running
from desk_sync.wiring.opening import open_database
from tests.support import forked

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
PEOPLE = "  people: {maria: {agent: ada.agent@support.example, team: TEAM}}\n"
ACTIONS = "  actions: {2: {status: Escalated}, 3: {priority: High, assign: true}}\n"


@pytest.fixture(scope="module")
def simulated():
    with running() as (simulation, url):
        yield simulation, simulation.facts(url) | {"desk_url": url, "accounts_url": url}


@pytest.fixture(scope="module")
def environment(simulated, tmp_path_factory):
    _, facts = simulated
    with EmbeddedBroker.start() as broker:
        ours = {**facts, "redis_url": broker.url}
        ours["database_url"] = f"sqlite:///{tmp_path_factory.mktemp('site') / 'desk.sqlite3'}"
        kept = {name: value for name, value in ours.items() if name in Settings.model_fields}
        with open_database(Settings(**kept)) as app:
            app.upgrade()
        plain = {name: value for name, value in os.environ.items() if not name.startswith("DESK_SYNC_")}
        yield plain | {f"DESK_SYNC_{name.upper()}": value for name, value in ours.items()}


@pytest.fixture
def check(simulated, environment, tmp_path):
    """A function that checks the shipped mapping, with a team and actions, and one text replaced, against Desk."""
    simulation, _ = simulated
    file = tmp_path / "mapping.yaml"
    seed = simulation.portal.seed
    text = SHIPPED.read_text().replace("  actions: {}\n", ACTIONS)
    text = text.replace("  people: {}\n", PEOPLE.replace("TEAM", seed.teams[0]["id"]))
    text = text.replace("  departments: {}", f"  departments: {{{seed.departments[1]['id']}: shadow}}")

    def run(old="", new="", *options):
        file.write_text(text.replace(old, new, 1) if old else text)
        done = forked.run("mappings", "check", str(file), *(options or ("--live", "--json")), environment=environment)
        return done, file.read_text().splitlines()

    yield run
    simulation.portal.seed = seed


def problems(done):
    return json.loads(done.stdout)["problems"]


def test_a_mapping_that_fits_is_in_order(check):
    done, _ = check()

    assert (json.loads(done.stdout)["ok"], problems(done), done.returncode) == (True, [], 0)


@pytest.mark.parametrize(
    ("old", "new", "where", "hint"),
    [
        pytest.param(
            "1: S1-Critical", "1: S1-Critcal", "values.severity.1", "did you mean S1-Critical?", id="a severity"
        ),
        pytest.param(
            "{2: {status: Escalated",
            "{2: {status: Escaleted",
            "escalation.actions.2.status",
            "did you mean Escalated?",
            id="a status",
        ),
        pytest.param(
            "{priority: High, assign: true}}",
            "{priority: Hihg, assign: true}}",
            "escalation.actions.3.priority",
            "did you mean High?",
            id="a priority",
        ),
        pytest.param(
            "agent: ada.agent@",
            "agent: ada.aget@",
            "escalation.people.maria.agent",
            "did you mean ada.agent@support.example?",
            id="an agent",
        ),
        pytest.param(
            "agent: ada.agent@", "agent: gone.away@", "escalation.people.maria.agent", None, id="an agent who left"
        ),
    ],
)
def test_a_word_that_desk_lacks_is_found_at_its_line(check, old, new, where, hint):
    done, lines = check(old, new)

    [problem] = problems(done)
    assert (problem["where"], problem["hint"], done.returncode) == (where, hint, 1)
    assert new in lines[problem["line"] - 1]


def test_a_team_that_desk_lacks_is_found(check, simulated):
    team = simulated[0].portal.seed.teams[0]["id"]

    done, _ = check(f"team: {team}", "team: 700100999999999999")

    [problem] = problems(done)
    assert problem["where"] == "escalation.people.maria.team"
    assert "Escalation Desk" in problem["hint"]


def test_a_field_of_another_type_is_found(check, simulated):
    portal = simulated[0].portal
    box = next(each for each in portal.seed.fields if each.api_name == "cf_priority_customer_large_user_account")
    fields = [replace(each, type="Text") if each is box else each for each in portal.seed.fields]
    portal.seed = replace(portal.seed, fields=fields)

    [problem] = problems(check()[0])

    assert problem["where"] == "fields.large_user"
    assert problem["message"].endswith("is of Desk's type text, and must be a check box")


def test_a_field_that_one_department_lacks_is_found_unless_the_department_is_in_shadow(check, simulated):
    second = simulated[0].portal.seed.departments[1]["id"]

    done, _ = check(f"  departments: {{{second}: shadow}}", "  departments: {}")

    assert [each["where"] for each in problems(done)] == ["fields.large_user", "fields.severity"]
    assert all('"Partner Operations"' in each["message"] for each in problems(done))


def test_without_live_desk_is_not_called(check, simulated):
    simulation, _ = simulated
    before = simulation.desk.credits

    done, _ = check("1: S1-Critical", "1: S1-Critcal", "--json")

    assert (problems(done), simulation.desk.credits) == ([], before)


def test_the_comparison_costs_about_ten_credits_and_four_for_each_department(check, simulated):
    simulation, _ = simulated
    before = simulation.desk.credits

    check()

    assert simulation.desk.credits - before <= 10 + 4 * 2


def test_an_incorrect_file_is_not_compared(check):
    done, _ = check("1: S1-Critical", "9: S1-Critical")

    assert done.returncode == 1
    assert {each["where"] for each in problems(done)} == {"values.severity.9", "values.severity.1"}


def test_a_person_reads_file_line_and_suggestion(check):
    done, _ = check("1: S1-Critical", "1: S1-Critcal", "--live")

    assert 'values.severity.1: cf_severity has no value "S1-Critcal" (did you mean S1-Critical?)' in done.stderr
    assert "1 problems" in done.stdout
