"""`desk-sync simulate`, as a person or a script runs it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support import forked

SCENARIOS = Path(__file__).parents[1] / "cases" / "scenarios"


def run(*arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DESK_SYNC_")}
    return forked.run("simulate", *map(str, arguments), environment=environment)


def test_with_json_there_is_one_document_and_nothing_else():
    done = run(SCENARIOS / "example.yaml", "--json")

    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr, document["schema_version"]) == (0, "", 1)
    assert document["tickets"]["t1"]["decision"]["decision"] == "PRIORITY"


def test_without_json_a_person_reads_what_happened_and_why():
    done = run(SCENARIOS / "example.yaml")

    assert done.returncode == 0
    assert "2026-11-20 21:30:00Z  t1" in done.stdout
    assert "decides PRIORITY, 88 licences counted (R42: 88 licences against >= 60)" in done.stdout
    assert "severity = S1-Critical" in done.stdout


def test_several_scenarios_are_one_document_and_each_is_run_by_itself():
    files = [SCENARIOS / "example.yaml", SCENARIOS / "updates.yaml"]

    together, alone = (json.loads(run(*each, "--json").stdout) for each in (files, files[1:]))

    assert (together["schema_version"], together["scenarios"].keys()) == (1, {str(each) for each in files})
    assert together["scenarios"][str(files[1])] | {"schema_version": 1} == alone


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        pytest.param("start: today\nuntil: +1d\n", 1, "scenario.yaml:1:1: start: ", id="a scenario that is wrong"),
        pytest.param(
            "start: 2026-11-20T09:00Z\nuntil: +1d\nmapping: no-such\n", 3, "no-such", id="a mapping that does not exist"
        ),
        pytest.param(
            "start: 2026-11-20T09:00Z\nuntil: +1d\naccounts: broken.csv\n",
            1,
            "broken.csv:1:",
            id="a broken account file",
        ),
    ],
)
def test_an_error_names_its_place_and_sets_the_exit_code(tmp_path, text, status, message):
    (tmp_path / "scenario.yaml").write_text(text)
    (tmp_path / "broken.csv").write_text("a,b\n1,2\n")

    done = run(tmp_path / "scenario.yaml", "--json")

    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scenario_file_that_does_not_exist_is_named():
    done = run("/no/such.yaml")

    assert done.returncode == 1
    assert "/no/such.yaml" in done.stderr
