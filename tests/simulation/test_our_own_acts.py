"""A severity that we raise or take back is dated by the look that does it, whatever led to it (D8): each way there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from desk_sync import simulation

FOLDER = Path(__file__).parents[1] / "cases" / "clocks"
BIG = "admin@big.example"
EXPORT = {"accounts": str(FOLDER / "accounts-next.csv")}
CORRECTION = {"ticket": "t1", "set": {"customer_primary_email": BIG}}
REPLY = {"ticket": "t1", "customer_reply": f"Sorry! The super admin is {BIG}."}
ANSWER = {"ticket": "t1", "agent_reply": "We are on it."}
OTHER = {"ticket": "t1", "set": {"customer_primary_email": "admin@small.example"}}
FROM_CHANGE = (FOLDER / "mapping-change.yaml").read_text()


@pytest.fixture
def life(tmp_path):
    """Return the end of a ticket of severity 3 that was opened at 09:00, after these steps."""

    def life(*steps, customer=None, until="+7h", mapping=None):
        ticket = {"key": "t1", "partner": {"country": "DE"}, "issue_type": "defect", "severity": 3}
        scenario = {
            "start": "2026-11-18T09:00:00Z",
            "until": until,
            "accounts": str(FOLDER / "accounts.csv"),
            "tickets": [ticket | ({"fields": {"customer_primary_email": customer}} if customer else {})],
            "steps": [{"at": at, **step} for at, step in steps],
        }
        if mapping:
            (tmp_path / "mapping.yaml").write_text(mapping)
            scenario["mapping"] = "./mapping.yaml"
        file = tmp_path / "scenario.yaml"
        file.write_text(yaml.safe_dump(scenario))
        report = simulation.check(file)
        assert report["broken"] == []
        return report["tickets"]["t1"]

    return life


RAISED = [
    pytest.param([("+3h30m", EXPORT)], "admin@grow.example", "12:30", id="an export"),
    pytest.param([("+3h30m", CORRECTION)], None, "12:30", id="a person's correction"),
    pytest.param([("+3h30m", REPLY)], None, "12:30", id="the partner's reply"),
    pytest.param([("+1h", REPLY)], None, "10:00", id="a reply before the breach"),
    pytest.param(
        [("+1h", {"ticket": "t1", "note": "x"}), ("+3h30m", EXPORT)], "admin@grow.example", "12:30", id="after a note"
    ),
]


@pytest.mark.parametrize(("steps", "customer", "at"), RAISED)
def test_severity_1_counts_from_the_creation_at_the_look_that_raises_it(life, steps, customer, at):
    ticket = life(*steps, customer=customer)

    (raised,) = [each for each in ticket["writes"] if "severity" in each["fields"]]
    assert raised["at"] == f"2026-11-18T{at}:00Z"
    dues = {each["milestone"]: each["due_at"] for each in ticket["clocks"]}
    assert dues == {
        "acknowledgement": "2026-11-18T12:00:00Z",
        "determination": "2026-11-18T17:00:00Z",
        "resolution": "2026-11-20T09:00:00Z",
    }
    first, second = ticket["escalations"]
    late = max(at, "12:00")
    assert (first["level"], first["at"][11:16]) == (1, late)
    assert (second["level"], second["at"][11:16]) == (2, f"{int(late[:2]) + 2}{late[2:]}")
    assert len([each for each in ticket["comments"] if each["public"]]) == 2


def test_the_partner_hears_of_a_breach_seen_late_at_that_same_look(life):
    ticket = life(("+3h30m", EXPORT), customer="admin@grow.example")

    public = [each["at"] for each in ticket["comments"] if each["public"]]
    assert public == ["2026-11-18T12:30:00Z", "2026-11-18T14:30:00Z"]


def test_what_was_met_before_we_raised_it_stays_met(life):
    ticket = life(("+3h20m", ANSWER), ("+3h30m", EXPORT), customer="admin@grow.example")

    acknowledgement = ticket["clocks"][0]
    assert (acknowledgement["state"], acknowledgement["due_at"]) == ("met", "2026-11-19T09:00:00Z")
    assert ticket["escalations"] == []


def test_a_severity_that_we_take_back_counts_as_if_it_had_never_been(life):
    ticket = life(("+1h", CORRECTION), ("+2h", OTHER))

    assert ticket["fields"]["severity"] == "S3-Minimal"
    assert ticket["clocks"][0]["due_at"] == "2026-11-19T09:00:00Z"
    assert ticket["escalations"] == []


def test_where_changes_count_from_then_ours_still_counts_from_the_creation(life):
    ticket = life(("+3h30m", EXPORT), customer="admin@grow.example", mapping=FROM_CHANGE)

    assert ticket["clocks"][0]["due_at"] == "2026-11-18T12:00:00Z"


def test_by_setting_it_counts_from_the_detection(life):
    mapping = FROM_CHANGE.replace("severity_changed: change", "found_large_late: change")

    ticket = life(("+3h30m", EXPORT), customer="admin@grow.example", mapping=mapping)

    assert ticket["clocks"][0]["due_at"] == "2026-11-18T15:30:00Z"
