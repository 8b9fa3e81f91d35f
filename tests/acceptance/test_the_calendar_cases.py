"""The published cases of business time: the command answers every one as several independent methods did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk_sync.adapters.mapping.calendar_questions import CalendarQuestions, answer
from desk_sync.cli.commands import app

CASES = Path(__file__).parents[1] / "cases" / "calendar" / "cases.json"
WORKED = json.loads(CASES.read_text(encoding="utf-8"))
# Each part, and the key of its right answer.
PARTS = {"cases": "due", "elapsed": "elapsed_s", "cadence": "due", "thresholds": "at_percent"}


def question_of(case: dict) -> dict:
    """Return the question without its answer, as acceptance sends it."""
    answers = {"due", "elapsed_s", "at_percent"}
    question = {key: value for key, value in case.items() if key not in answers}
    match case:
        case {"every_s": _}:
            question["count"] = len(case["due"])
        case {"at_percent": shares}:
            question["percents"] = list(map(int, shares))
    return question


@pytest.mark.parametrize(
    ("part", "case"), [pytest.param(part, case, id=case["id"]) for part in PARTS for case in WORKED[part]]
)
def test_a_worked_case_is_answered_as_it_was_worked(part, case):
    [found] = answer(CalendarQuestions.model_validate({part: [question_of(case)]}))[part]

    assert found == {"id": case["id"], PARTS[part]: case[PARTS[part]]}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in WORKED["ambiguous"]])
def test_an_edge_that_occurs_twice_takes_effect_at_each_occurrence(case):
    [found] = answer(CalendarQuestions.model_validate({"cases": [case]}))["cases"]

    assert found["due"] == case["due_by_convention"]["wall_membership"]


@pytest.mark.parametrize(
    "without_answers", [True, False], ids=["the questions alone", "the answers beside the questions"]
)
def test_the_command_prints_one_document(tmp_path, without_answers):
    file = tmp_path / "questions.json"
    file.write_text(
        json.dumps({part: list(map(question_of, WORKED[part])) for part in PARTS} if without_answers else WORKED)
    )
    result = CliRunner().invoke(app, ["calendar", str(file)])

    assert json.loads(result.stdout) == {"schema_version": 1} | {
        part: [{"id": case["id"], key: case[key]} for case in WORKED[part]] for part, key in PARTS.items()
    }
