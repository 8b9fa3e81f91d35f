"""The explanation of a ticket: the order of its parts, its clocks span by span, its zone, and its document."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import tzdata
from typer.testing import CliRunner

from desk_sync.cli.commands import app
from desk_sync.cli.explain import clocks, document, page
from desk_sync.cli.explain.command import find_explained
from desk_sync.cli.explain.zone import ReadingZone, parse_zone
from desk_sync.simulation import scenario
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import set_up_simulation
from desk_sync.wiring.process import DEFAULT

SCENARIOS = Path(__file__).parents[1] / "cases" / "scenarios"


@pytest.fixture
def on():
    """A ticket that was on hold from 09:00 to 11:00 UTC; it is 11:30, in Berlin an hour later."""
    loaded = scenario.read(SCENARIOS / "on-hold-and-back.yaml")
    with set_up_simulation(loaded) as on:
        run_scenario(loaded, on)
        yield on


@pytest.fixture
def ticket(on):
    return find_explained(on.desk_sync, "#101", None)


def printed(ticket, capsys, reports=()):
    page.print_page(ticket, reports)
    return capsys.readouterr().out


def test_a_clock_is_shown_with_its_counted_spans_and_its_pauses(ticket):
    _, determination, _ = document.document(ticket)["clocks"]

    assert determination["counted"] == [
        ["2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z"],
        ["2026-11-23T11:00:00Z", "2026-11-23T11:30:00Z"],
    ]
    assert determination["pauses"] == [["2026-11-23T09:00:00Z", "2026-11-23T11:00:00Z"]]
    assert (determination["used_s"], determination["paused_s"]) == (5400, 7200)


def test_a_person_reads_the_spans_in_order_and_in_the_zone_of_the_region(ticket, capsys):
    parts = printed(ticket, capsys).split("\n\n")

    (determination,) = [part for part in parts if part.startswith("determination")]
    assert [line.split()[0] for line in determination.splitlines()[-3:]] == ["counted", "paused", "counted"]
    assert determination.splitlines()[0].endswith("used 1 h 30 min, paused 2 h")
    assert "target 2026-11-23 13:00:00+01:00, due 2026-11-23 19:00:00+01:00" in determination
    assert "R18: severity 1: target 2 h, commitment 8 h" in determination


def test_the_parts_come_in_the_order_in_which_they_are_asked_for(ticket, capsys):
    lines = printed(ticket, capsys).splitlines()

    assert lines[0] == (
        "Ticket #101 is a large user account's: big.example (super admin admin@big.example) has 88 user licences; "
        "60 are enough in EUROPE_UK."
    )
    assert lines[1].startswith(f"ticket {ticket.names.ticket_id} of portal default: due; last looked at 2026-11-23 12")
    heads = ("Reasons:", "Written and commented:", "Open:", "acknowledgement: met")
    found = [line for line in lines if line.startswith(heads)]
    assert [head for line in found for head in heads if line.startswith(head)] == list(heads)
    assert "- 2026-11-23 09:00:00+01:00  severity = S1-Critical" in lines
    assert lines[lines.index("Open:") + 1] == "- in which escalation region the partner is"
    assert lines[lines.index("Open:") + 2].startswith("  to settle it: ")


def test_no_utc_is_read_where_a_zone_is_known(ticket, capsys):
    assert "Z" not in printed(replace(ticket, chosen_zone="Asia/Kolkata"), capsys).replace("Zoho", "")


@pytest.mark.parametrize(
    ("chosen", "met"),
    [
        pytest.param(None, "2026-11-23 09:30:00+01:00", id="of the region"),
        pytest.param("UTC", "2026-11-23 08:30:00Z", id="UTC"),
        pytest.param("Asia/Kolkata", "2026-11-23 14:00:00+05:30", id="of the reader"),
    ],
)
def test_the_reader_may_choose_the_zone(ticket, capsys, chosen, met):
    assert f"acknowledgement: met, met at {met}" in printed(replace(ticket, chosen_zone=chosen), capsys)


def test_a_ticket_without_clocks_is_read_in_utc(ticket):
    assert replace(ticket, history=replace(ticket.history, promise=None)).zone == ReadingZone("UTC")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Europe/Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("America/new york", "America/New_York")],
)
def test_a_zone_may_be_typed_in_any_case(typed, name):
    assert parse_zone(typed) == name


@pytest.mark.parametrize(
    ("typed", "step"),
    [
        ("Europe/Berln", "did you mean Europe/Berlin"),
        ("Kolkata", "did you mean Asia/Kolkata?"),
        ("xyz", "it must be a name such as Europe/Berlin"),
        ("../etc/passwd", "it must be a name such as Europe/Berlin"),
    ],
)
def test_an_unknown_zone_is_a_usage_error_with_the_next_step(typed, step):
    refused = CliRunner().invoke(app, ["explain", "101", "--zone", typed], env={"COLUMNS": "200"})

    assert refused.exit_code == 2
    assert step in " ".join(refused.output.replace("│", " ").split())


def test_the_document_says_in_words_what_a_person_reads(ticket):
    said = document.document(ticket)

    assert (said["number"], said["portal"], said["zone"]) == ("101", "default", "Europe/Berlin")
    assert said["summary"].startswith("Ticket #101 is a large user account's: ")
    [point] = said["open"]
    assert point["question"] == "in which escalation region the partner is"
    assert "PARTNER" not in point["settled_by"]


def test_comments_are_named_by_their_purpose_and_level(capsys):
    loaded = scenario.read(SCENARIOS / "ladder.yaml")
    with set_up_simulation(loaded) as on:
        run_scenario(loaded, on)
        lines = printed(find_explained(on.desk_sync, "101", None), capsys).splitlines()

    written = [line.partition("+01:00  ")[2] for line in lines[: lines.index("Open:")] if line.startswith("- 2026")]
    assert written[:3] == ["a note about the decision", "large_user = True", "severity = S1-Critical"]
    assert written[3:5] == ["a comment of the escalation at level 1", "news for the partner at level 1"]
    assert lines[lines.index("Open:") + 1] == "- nothing"
    assert len([line for line in lines if line.startswith("Earlier decision, 2026-11-")]) == 5


def test_the_time_zone_database_is_named(ticket, capsys):
    assert document.document(ticket)["time_zones"] == tzdata.IANA_VERSION
    assert f"IANA {tzdata.IANA_VERSION}" in printed(ticket, capsys)


def test_what_was_judged_then_stands_beside_what_is_judged_now(on, ticket, capsys):
    calls = dict(on.site.desk.calls)
    again = on.desk_sync.portal(DEFAULT).reader.rejudge(ticket.history)

    clocks.print_comparison(ticket.history.clocks(ticket.now), again.clocks[:2], ticket.zone)

    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == [
        "acknowledgement:1",
        "met",
        *["2026-11-23", "12:00:00+01:00", "met"],
        "2026-11-23",
        "12:00:00+01:00",
    ]
    assert lines[4].rstrip().endswith("no such clock")
    made = {call for call, count in on.site.desk.calls.items() if count != calls.get(call, 0)}
    assert all(call.startswith("GET ") for call in made)


def test_a_ticket_without_clocks_has_none_in_the_document():
    assert document.rejudged(None) == {"clocks": []}


def test_the_ages_of_the_data_are_shown_and_the_decision_that_rests_on_them(on, ticket, capsys):
    reports = on.desk_sync.sources.reports()
    [data] = document.data_document(ticket.history, reports)["data"]

    lines = printed(ticket, capsys, reports).splitlines()

    assert (data["source"], data["used"], data["stale"]) == ("file", True, False)
    assert (data["age_s"], data["as_of"], data["as_of_age_days"]) == (12600, date(2026, 11, 20), 3)
    [line] = [line for line in lines if line.startswith("data of source file: ")]
    aged = "read 3 h 30 min ago, data of 2026-11-20 (3 days old), valid until 2026-11-30 09:00 (Europe/Berlin)"
    assert aged in line
    assert line.endswith("; the last decision rests on them")


def test_a_source_without_data_is_named_and_a_ticket_without_a_decision_rests_on_none(on, ticket, capsys):
    [report] = on.desk_sync.sources.reports()
    undecided = replace(ticket, history=replace(ticket.history, decisions=()))

    out = printed(undecided, capsys, [report, replace(report, name="store", age=None)])

    assert "data of source store: none" in out
    assert "rests" not in out
