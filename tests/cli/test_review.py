"""`desk-sync review`, as a person or a script runs it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.cli.commands import app
from desk_sync.cli.review.questions import WHICH_ACCOUNT
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.plan.decision import SuggestedAccount
from desk_sync.domain.reason import Reason
from desk_sync.ports.related_tickets import TicketTraits
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
        return CliRunner().invoke(app, [*arguments])

    invoke("db", "upgrade")
    assert invoke("subscriptions", "import", str(ACCOUNTS)).exit_code == 0
    engine = open_engine(url)
    tickets = SqlTickets(engine, "default")
    tickets.look_now(["7001"], now=NOW)
    unknown = replace(DECISION, verdict=Verdict.UNKNOWN, account_id=None, reasons=(NO_ACCOUNT,))
    traits = TicketTraits(number="101", partner="Prairie Ltd")
    finish(tickets, decision=replace(unknown, suggestions=(QUOTED,), unproven=True), traits=traits)
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
                "number": "101",
                "partner": "Prairie Ltd",
                "decision": "UNKNOWN",
                "account_id": None,
                "looked_at": "2026-11-23T09:00:00+00:00",
                "reasons": [str(NO_ACCOUNT)],
                "questions": [],
                "candidates": [{"account": "A21", "from": "quoted text", "why": QUOTED.why}],
                "open": [
                    {
                        "question": WHICH_ACCOUNT.text,
                        "settled_by": WHICH_ACCOUNT.settle.replace("TICKET", "7001"),
                    }
                ],
            }
        ],
        "bindings": [],
        "places": [],
        "held_back": [],
    }


def test_the_list_for_people_names_the_candidates(run):
    assert "candidate: account A21 by quoted text" in " ".join(run("review").stdout.split())


def test_it_is_the_same_command_under_its_former_name(run):
    assert run("subscriptions", "review").stdout == run("review").stdout
    assert run("subscriptions", "review", "bind", "ticket:7001", "A21").exit_code == 0
    assert len(read(run)["bindings"]) == 1


def test_a_list_without_tickets_is_said_in_words(run):
    run("review", "dismiss", "7001")

    assert run("review").stdout == "No ticket waits for a decision.\n"


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
    assert json.loads(run("subscriptions", "lookup", "user@elsewhere.example", "--json").stdout)["account_id"] == "A21"


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
        pytest.param(["displace", "prairie.example"], "no person has placed prairie.example", id="not placed"),
        pytest.param(["dismiss", "t9"], "not on the list", id="not on the list"),
    ],
)
def test_an_impossible_request_is_an_error(run, arguments, message):
    assert message in str(run("review", *arguments).exception)


@pytest.mark.parametrize("typed", ["zuid:100021002", "ZUID 100 021 002", "ZUID=100021002"])
def test_a_number_may_be_typed_as_it_is_written_in_mails(run, typed):
    run("review", "bind", typed, "A21")

    assert [(each["kind"], each["value"]) for each in read(run)["bindings"]] == [("zuid", "100021002")]


def test_a_partners_country_is_settled_for_its_tickets_and_listed(run):
    assert "would be placed in DE; 1 open tickets" in run("review", "place", "prairie LTD", "de", "--dry-run").stdout
    assert read(run)["places"] == []

    placed = run("review", "place", "Prairie Ltd", "Germany", "--by", "Ada", "--why", "its letterhead")

    assert placed.stdout == "Prairie Ltd: placed in DE; 1 open tickets are looked at again\n"
    [place] = read(run)["places"]
    assert place.pop("placed_at")
    assert place == {"partner": "Prairie Ltd", "country": "DE", "by": "Ada", "why": "its letterhead"}
    assert re.search(r"Prairie Ltd +placed in DE +2\S+ \S+Z +Ada +its letterhead", run("review").stdout)

    assert run("review", "displace", "Prairie Ltd").stdout.startswith("Prairie Ltd: no longer placed; 1 open")
    assert read(run)["places"] == []


def test_a_country_in_no_region_is_said(run):
    placed = run("review", "place", "prairie.example", "AQ")

    assert placed.exit_code == 0
    assert "AQ is in no escalation region of the mapping" in placed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["Prairie Ltd", "Atlantis"], "Atlantis is not a country", id="no country"),
        pytest.param(["gmail.com", "DE"], "gmail.com is a public mail provider's domain", id="a provider's domain"),
    ],
)
def test_a_place_that_cannot_be_is_a_usage_error(run, arguments, message):
    refused = run("review", "place", *arguments)

    assert refused.exit_code == 2
    assert message in " ".join(refused.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("Prairi Ltd", "did you mean Prairie Ltd?", id="a slip"),
        pytest.param("Zylker", "give a domain that it writes from", id="another name"),
    ],
)
def test_a_partner_that_no_ticket_has_is_not_placed_by_a_name(run, name, hint):
    refused = run("review", "place", name, "DE").exception

    assert (str(refused), refused.hint) == (f"no partner of the portal is called {name}", hint)


def test_undo_takes_back_one_decision_after_the_other_and_says_which(run):
    run("review", "bind", "user@elsewhere.example", "A21", "--by", "Ada")
    run("review", "bind", "ticket:7001", "A21", "--why", "she called")
    run("review", "place", "Prairie Ltd", "DE")
    before = read(run)

    assert run("review", "undo", "--dry-run").stdout.startswith("would be taken back: Prairie Ltd placed in DE, on 2")
    assert read(run) == before
    done = [run("review", "undo") for _ in range(4)]

    assert [re.sub(r"on \S+ \S+Z", "on …", each.stdout) for each in done] == [
        "taken back: Prairie Ltd placed in DE, on …; 1 open tickets are looked at again\n",
        "taken back: ticket:7001 bound to account A21, on … (she called); 1 open tickets are looked at again\n",
        "taken back: user@elsewhere.example bound to account A21, on … by Ada; 1 open tickets are looked at again\n",
        "",
    ]
    assert str(done[3].exception) == "there is no decision to take back"
    assert (read(run)["bindings"], read(run)["places"]) == ([], [])
