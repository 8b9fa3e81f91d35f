"""The output for a ticket's clocks: span by span, and as judged then beside as judged now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import tzdata

from desk_sync.cli.explain import document as explanation
from desk_sync.simulation import scenario
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import set_up_simulation
from desk_sync.wiring.process import DEFAULT

SCENARIO = Path(__file__).parents[1] / "cases" / "scenarios" / "on-hold-and-back.yaml"


@pytest.fixture
def on():
    """A ticket that was on hold from 09:00 to 11:00 UTC; it is 11:30."""
    loaded = scenario.read(SCENARIO)
    with set_up_simulation(loaded) as on:
        run_scenario(loaded, on)
        yield on


@pytest.fixture
def history(on):
    return on.desk_sync.portal(DEFAULT).tickets.history(on.actors.ticket_id("t1"))


def test_a_clock_is_shown_with_its_counted_spans_and_its_pauses(on, history):
    _, determination, _ = explanation.document(history, on.virtual_time.now())["clocks"]

    assert determination["counted"] == [
        ["2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z"],
        ["2026-11-23T11:00:00Z", "2026-11-23T11:30:00Z"],
    ]
    assert determination["pauses"] == [["2026-11-23T09:00:00Z", "2026-11-23T11:00:00Z"]]
    assert (determination["used_s"], determination["paused_s"]) == (5400, 7200)


def test_a_person_reads_the_spans_in_order(on, history, capsys):
    explanation.print_history(history, on.virtual_time.now())

    parts = capsys.readouterr().out.split("\n\n")
    (determination,) = [part for part in parts if part.startswith("determination")]
    assert [line.split()[0] for line in determination.splitlines()[-3:]] == ["counted", "paused", "counted"]
    assert determination.splitlines()[0].endswith("used 1 h 30 min, paused 2 h")
    assert "target 2026-11-23 12:00:00Z, due 2026-11-23 18:00:00Z" in determination
    assert "R18: severity 1: target 2 h, commitment 8 h" in determination


def test_the_time_zone_database_is_named(on, history, capsys):
    explanation.print_history(history, on.virtual_time.now())

    assert explanation.document(history, on.virtual_time.now())["time_zones"] == tzdata.IANA_VERSION
    assert f"IANA {tzdata.IANA_VERSION}" in capsys.readouterr().out


def test_what_was_judged_then_stands_beside_what_is_judged_now(on, history, capsys):
    calls = dict(on.site.desk.calls)
    again = on.desk_sync.portal(DEFAULT).reader.rejudge(history)

    explanation.print_comparison(history.clocks(on.virtual_time.now()), again.clocks[:2])

    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == [
        "acknowledgement:1",
        "met",
        *["2026-11-23", "11:00:00Z", "met"],
        "2026-11-23",
        "11:00:00Z",
    ]
    assert lines[4].rstrip().endswith("no such clock")
    made = {call for call, count in on.site.desk.calls.items() if count != calls.get(call, 0)}
    assert all(call.startswith("GET ") for call in made)


def test_a_ticket_without_clocks_has_none_in_the_document():
    assert explanation.rejudged(None) == {"clocks": []}


def test_the_ages_of_the_data_are_shown_and_the_decision_that_rests_on_them(on, history, capsys):
    reports = on.desk_sync.sources.reports()
    [data] = explanation.data_document(history, reports)["data"]

    explanation.print_data(history, reports)

    assert (data["source"], data["used"], data["stale"]) == ("file", True, False)
    assert (data["age_s"], data["as_of"], data["as_of_age_days"]) == (12600, date(2026, 11, 20), 3)
    line = capsys.readouterr().out.strip()
    assert "read 3 h 30 min ago, data of 2026-11-20 (3 days old), valid until 2026-11-30 08:00Z" in line
    assert line.endswith("; the last decision rests on them")


def test_a_source_without_data_is_named_and_a_ticket_without_a_decision_rests_on_none(on, history, capsys):
    [report] = on.desk_sync.sources.reports()
    undecided = replace(history, decisions=())

    explanation.print_data(undecided, [report, replace(report, name="store", age=None)])

    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[1] == "data of source store: none"
    assert "rests" not in lines[0]
