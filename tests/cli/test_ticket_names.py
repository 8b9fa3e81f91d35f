"""A ticket is named by its id or by its number; where two have the name, the person is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.cli.commands import app
from desk_sync.ports.related_tickets import TicketTraits
from tests.contracts.store.steps import finish
from tests.support.makers import NOW

MAPPING = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
PORTALS = """
portals:
  europe: {data_center: eu, org_id: 1, webhook_id: 11}
  india: {data_center: in, org_id: 2, webhook_id: 12}
"""
UNSEEN = "700100000000000009"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on a database with tickets of two portals; both have a number 101, and 7002 is also an id."""
    (tmp_path / "mine.yaml").write_text(MAPPING.read_text() + PORTALS)
    url = f"sqlite:///{tmp_path / 'desk.sqlite3'}"
    monkeypatch.setenv("DESK_SYNC_DATABASE_URL", url)
    monkeypatch.setenv("DESK_SYNC_MAPPING", str(tmp_path / "mine.yaml"))

    def invoke(*arguments):
        return CliRunner().invoke(app, [*arguments])

    assert invoke("db", "upgrade").exit_code == 0
    engine = open_engine(url)
    for portal, ticket_id, number in (
        ("europe", "7001", "101"),
        ("europe", "7002", "102"),
        ("europe", "7003", "7002"),
        ("europe", "7004", "104"),
        ("europe", "7005", "104"),
        ("india", "7001", "201"),
        ("india", "7006", "101"),
    ):
        tickets = SqlTickets(engine, portal)
        tickets.look_now([ticket_id], now=NOW)
        finish(tickets, traits=TicketTraits(number=number, partner="Prairie"))
    engine.dispose()
    return invoke


def explained(run, *arguments):
    return json.loads(run("explain", *arguments, "--json").stdout)["ticket_id"]


@pytest.mark.parametrize(
    ("arguments", "ticket_id"),
    [
        pytest.param(["102"], "7002", id="a number"),
        pytest.param(["#102"], "7002", id="a number with its sign"),
        pytest.param(["201"], "7001", id="a number that one portal has"),
        pytest.param(["7002"], "7002", id="an id, which is also a number"),
        pytest.param(["#7002"], "7003", id="a number, which is also an id"),
        pytest.param(["101", "--portal", "india"], "7006", id="a number of two portals, with the portal"),
        pytest.param(["7001", "--portal", "india"], "7001", id="an id of two portals, with the portal"),
    ],
)
def test_a_ticket_is_explained_by_its_id_or_by_its_number(run, arguments, ticket_id):
    assert explained(run, *arguments) == ticket_id


@pytest.mark.parametrize("command", ["explain", "replay"])
@pytest.mark.parametrize(
    ("name", "named", "hint"),
    [
        pytest.param(
            "#101",
            ["7001 of Prairie (europe)", "7006 of Prairie (india)"],
            "give its id, such as 7001, or add --portal europe|india",
            id="of two portals",
        ),
        pytest.param(
            "104",
            ["7004 of Prairie (europe)", "7005 of Prairie (europe)"],
            "give its id, such as 7004",
            id="of two tickets of one portal",
        ),
        pytest.param(
            "7001",
            ["7001 of Prairie (europe)", "7001 of Prairie (india)"],
            "add --portal europe|india",
            id="an id of two portals",
        ),
    ],
)
def test_a_name_that_two_tickets_have_is_a_question_that_lists_them(run, command, name, named, hint):
    asked = run(command, name).exception

    assert str(asked) == f"which ticket is {name}? 2 have that name: {'; '.join(named)}"
    assert asked.hint == hint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["explain", "999"], "ticket 999 is unknown: no look has seen", id="a number to explain"),
        pytest.param(["explain", UNSEEN], f"ticket {UNSEEN} is unknown: no event has named it", id="an id to explain"),
        pytest.param(["replay", "999"], "no ticket with the number 999 was looked at", id="a number to look at"),
        pytest.param(["replay", "#999"], "no ticket with the number 999 was looked at", id="with its sign"),
        pytest.param(["replay", UNSEEN], "there are several portals", id="an id without its portal"),
    ],
)
def test_a_name_that_no_ticket_has_is_an_error_with_the_next_step(run, arguments, message):
    error = run(*arguments).exception

    assert message in str(error)
    assert error.hint


def test_tickets_are_marked_in_their_portals_by_number_and_by_id(run, tmp_path):
    marked = run("replay", "102", "#201", "7006", "7006")

    assert marked.stdout == "3 marked; the worker looks at them within seconds\n"
    engine = open_engine(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    due = {
        (portal, ticket_id)
        for portal, ticket_id in (("europe", "7001"), ("europe", "7002"), ("india", "7001"), ("india", "7006"))
        if SqlTickets(engine, portal).history(ticket_id).look_at
    }
    engine.dispose()
    assert due == {("europe", "7002"), ("india", "7001"), ("india", "7006")}


def test_an_id_that_no_event_has_named_is_marked_in_its_portal(run):
    assert run("replay", UNSEEN, "--portal", "india").stdout.startswith("1 marked")
    assert explained(run, UNSEEN) == UNSEEN
