"""The report of a later run of some trials: it replaces or adds their parts of docs/faults.md, and nothing else."""

from __future__ import annotations

import pytest

from tests.faults.__main__ import PAGE
from tests.faults.outage_matrix import MatrixCell
from tests.faults.report import FaultResults, updated_document
from tests.faults.trials import FULL, TrialOutcome
from tests.support.makers import NOW

RAN = {
    **dict.fromkeys(("killed", "tickets", "stored", "missing", "invented", "doubled", "rewritten", "in_flight"), 0),
    "ended": (),
    "wrong": (),
    "notes": (),
    "resumed": 1.0,
    "slowest": 0.1,
    "longest": 0.1,
    "p99": (0.0, 0.0),
}
PAGE_BEFORE = """\
# What desk-sync survives

| fault | times |
| --- | --- |
| two beats | 1 |

## Wake-ups in a storm

| workers |
| --- |
| 8 |

## Laws broken on purpose

| law |
| --- |
"""


def outcome(name, sent):
    trial = next(each for each in FULL if each.name == name)
    return TrialOutcome(trial=trial, sent=sent, acknowledged=sent, **RAN)


def cell(calls):
    named = {"name": "500, 0:10:00, kept", "kind": "500", "length": "0:10:00", "deliveries": "kept"}
    return MatrixCell(**named, passed=True, calls=calls, resumed="50.0")


def updated(page, **found):
    return updated_document(page, FaultResults(**found), names=["x"], command="./dev faults --write x", on=NOW)


@pytest.mark.parametrize("name", ["beats", "redis-full"], ids=["a row that is there", "one that is not"])
def test_the_row_of_a_trial_is_replaced_or_added(name):
    page = updated(updated(PAGE_BEFORE, accounts=[outcome(name, 3)]), accounts=[outcome(name, 4)])

    rows = [line for line in page.splitlines() if line.startswith(f"| {outcome(name, 4).words} |")]
    assert [row.split(" | ")[3] for row in rows] == ["4"]


def test_a_section_that_the_page_lacks_is_added_before_the_last_and_then_replaced():
    once = updated(PAGE_BEFORE, matrix=[cell("11")])
    twice = updated(once, matrix=[cell("12")])

    titles = [line for line in twice.splitlines() if line.startswith("#")]
    assert titles == [
        "# What desk-sync survives",
        "## Wake-ups in a storm",
        "## Outages of Desk, in virtual time",
        "## Laws broken on purpose",
    ]
    assert ("11 calls, 50 s" in once, "11 calls" in twice, "12 calls, 50 s" in twice) == (True, False, True)


def test_the_other_sections_stay_as_they_are():
    after = updated(PAGE.read_text(), matrix=[cell("11")])

    def rows(page, title):
        section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        return [line for line in section.splitlines() if line.startswith("|")]

    for title in ("Wake-ups in a storm", "Escalations while processes die", "Laws broken on purpose"):
        assert rows(after, title) == rows(PAGE.read_text(), title) != []
