"""`desk-sync subscriptions review`, as a person or a script runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.cli.commands import app
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.plan.decision import SuggestedAccount
from desk_sync.domain.reason import Reason
from tests.contracts.store.steps import DECISION, finish
from tests.support.makers import NOW

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
QUOTED = SuggestedAccount(account_id="A21", place="quoted text", why="email (quoted text) leads to account A21")
NO_ACCOUNT = Reason("R45", "no account has this email (template)")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on a database with the sample accounts and one undecided ticket."""
    url = f"sqlite:///{tmp_path / 'desk.sqlite3'}"
    monkeypatch.setenv("DESK_SYNC_DATABASE_URL", url)

    def invoke(*arguments):
        return CliRunner().invoke(app, ["subscriptions", *arguments])

    CliRunner().invoke(app, ["db", "upgrade"])
    assert invoke("import", str(ACCOUNTS)).exit_code == 0
    engine = open_engine(url)
    tickets = SqlTickets(engine, "default")
    tickets.look_now(["7001"], now=NOW)
    unknown = replace(DECISION, verdict=Verdict.UNKNOWN, account_id=None, reasons=(NO_ACCOUNT,))
    finish(tickets, decision=replace(unknown, suggestions=(QUOTED,), unproven=True))
    engine.dispose()
    return invoke


def read(run):
    document = json.loads(run("review", "--json").stdout)
    assert document.pop("schema_version") == 1
    return document


def test_the_list_shows_the_waiting_tickets_and_the_reasons(run):
    assert read(run) == {
        "review": [
            {
                "ticket_id": "7001",
                "decision": "UNKNOWN",
                "account_id": None,
                "looked_at": "2026-11-23T09:00:00+00:00",
                "reasons": [str(NO_ACCOUNT)],
                "questions": [],
                "candidates": [{"account": "A21", "from": "quoted text", "why": QUOTED.why}],
            }
        ],
        "bindings": [],
        "held_back": [],
    }


def test_the_list_for_people_names_the_candidates(run):
    assert "candidate: account A21 by quoted text" in " ".join(run("review").stdout.split())


def test_a_binding_is_stored_with_its_author_and_reason_and_shown(run):
    bound = run("review", "bind", "User@Elsewhere.example", "A21", "--by", "Ada", "--why", "she called")

    assert (bound.exit_code, bound.stdout) == (0, "bound; 1 open tickets are looked at again\n")
    [binding] = read(run)["bindings"]
    assert binding.pop("bound_at")
    assert binding == {
        "kind": "email",
        "value": "user@elsewhere.example",
        "account_id": "A21",
        "by": "Ada",
        "why": "she called",
    }
    assert "she called" in run("review").stdout
    assert json.loads(run("lookup", "user@elsewhere.example", "--json").stdout)["account_id"] == "A21"


def test_one_ticket_can_be_bound_and_unbound(run):
    assert "would be bound" in run("review", "bind", "ticket:7001", "A21", "--dry-run").stdout
    bound = run("review", "bind", "Ticket:7001", "A21", "--by", "Ada", "--why", "she called")

    assert (bound.exit_code, bound.stdout) == (0, "bound; the ticket is looked at again\n")
    [binding] = read(run)["bindings"]
    assert binding.pop("bound_at")
    assert binding == {"kind": "ticket", "value": "7001", "account_id": "A21", "by": "Ada", "why": "she called"}
    assert "ticket:7001" in run("review").stdout

    assert "would no longer be bound" in run("review", "unbind", "ticket:7001", "--dry-run").stdout
    assert run("review", "unbind", "ticket:7001").stdout == "no longer bound; the ticket is looked at again\n"
    assert read(run)["bindings"] == []


def test_an_identifier_can_be_unbound(run):
    run("review", "bind", "elsewhere.example", "A21")

    assert run("review", "unbind", "elsewhere.example").exit_code == 0
    assert read(run)["bindings"] == []


def test_a_dismissed_ticket_leaves_the_list(run):
    assert run("review", "dismiss", "7001", "--why", "a test").exit_code == 0
    assert read(run)["review"] == []


def test_a_partners_request_is_recorded_for_the_next_look(run):
    assert run("review", "raise", "7001", "--dry-run").stdout == "would be recorded\n"
    recorded = run("review", "raise", "7001", "--by", "Ada")

    assert (recorded.exit_code, recorded.stdout) == (0, "recorded; the next look follows it by R33's rule\n")
    assert "no ticket t9 was ever looked at" in str(run("review", "raise", "t9").exception)


def test_a_dry_run_prints_what_would_be_done_and_does_nothing(run):
    before = read(run)

    assert "would be bound; 1" in run("review", "bind", "zoid:900000001", "A21", "--dry-run").stdout
    assert "would be dismissed" in run("review", "dismiss", "7001", "--dry-run").stdout
    assert read(run) == before


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param("100021000", id="a number without its label"),
        pytest.param("Org ID: 100021000", id="a label that leaves its kind open"),
        pytest.param("zoid:100021000 zuid:100021002", id="two"),
        pytest.param("gmail.com", id="a public mail provider's domain"),
        pytest.param("nobody", id="none"),
        pytest.param("ticket:", id="a ticket without its id"),
        pytest.param("ticket:#1024x", id="a ticket by a text"),
    ],
)
def test_an_argument_that_is_no_identifier_is_a_usage_error(run, identifier):
    assert run("review", "bind", identifier, "A21").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["bind", "user@elsewhere.example", "A99"], "no source has an account A99", id="to no account"),
        pytest.param(["unbind", "user@elsewhere.example"], "not bound", id="not bound"),
        pytest.param(["bind", "ticket:7001", "A99"], "no source has an account A99", id="a ticket to no account"),
        pytest.param(["bind", "ticket:7009", "A21"], "no ticket 7009 was ever looked at", id="an unknown ticket"),
        pytest.param(["unbind", "ticket:7001"], "ticket 7001 is not bound", id="a ticket that is not bound"),
        pytest.param(["dismiss", "t9"], "not on the list", id="not on the list"),
    ],
)
def test_an_impossible_request_is_an_error(run, arguments, message):
    assert message in str(run("review", *arguments).exception)


@pytest.mark.parametrize("typed", ["zuid:100021002", "ZUID 100 021 002", "ZUID=100021002"])
def test_a_number_may_be_typed_as_it_is_written_in_mails(run, typed):
    run("review", "bind", typed, "A21")

    assert [(each["kind"], each["value"]) for each in read(run)["bindings"]] == [("zuid", "100021002")]
