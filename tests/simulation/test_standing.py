"""L17 and L18 in virtual time: only strong evidence acts, and what no longer follows is taken back."""

from __future__ import annotations

import email
import email.policy
import json
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk_sync.domain.account.identity import EvidencePlace
from desk_sync.services.reconcile import read
from desk_sync.simulation import scenario, simulate
from desk_sync.simulation.report import document
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import set_up_simulation

MAILS = Path(__file__).parents[1] / "cases" / "mails"
BIG, OTHER, SMALL = "admin@big.example", "boss@other-big.example", "admin@small.example"
QUOTED = f"A new question.\\n\\n> Customer Primary Email Address: {BIG}\\n> Type of support request: Technical"
LABELLED = "Customer Primary Email Address: {}\\nDescription of the issue/question: it fails."
LONE = f"The users of {BIG} cannot save."
NOTHING = {"customer_primary_email": None, "large_user": False, "severity": "S3-Minimal"}
LARGE = {"customer_primary_email": BIG, "large_user": True, "severity": "S1-Critical"}


@pytest.fixture
def tickets(run) -> Callable[..., dict[str, Any]]:
    """Run tickets of severity 3, by their bodies, with these steps; return what is reported of each."""

    def tickets(bodies: dict[str, str], *steps: str, until: str = "+2h") -> dict[str, Any]:
        listed = ", ".join(f'{{key: {key}, severity: 3, body: "{body}"}}' for key, body in bodies.items())
        text = f"until: {until}\naccounts: accounts.csv\ntickets: [{listed}]\nsteps: [{', '.join(steps)}]\n"
        reported: dict[str, Any] = run(text)["tickets"]
        return reported

    return tickets


def fields(ticket: dict[str, Any]) -> dict[str, Any]:
    return {name: ticket["fields"][name] for name in NOTHING}


def private_notes(ticket: dict[str, Any], words: str) -> list[str]:
    return [each["text"] for each in ticket["comments"] if not each["public"] and words in each["text"]]


def replies(key: str, text: str, at: str = "+30m") -> str:
    return f'{{at: {at}, ticket: {key}, customer_reply: "{text}"}}'


def fills(key: str, address: str | None, at: str = "+30m") -> str:
    return f"{{at: {at}, ticket: {key}, set: {{customer_primary_email: {address or 'null'}}}, by: agent}}"


def test_weak_evidence_is_a_suggestion_and_nothing_else(tickets):
    """Neither the account's clocks, nor an escalation of them, nor a word in public, in a whole day."""
    several = f"Both {BIG} and {OTHER} are concerned."
    bodies = {"quoted": QUOTED, "domain": "In the log is reply-to orders@big.example.", "several": several}

    found = tickets(bodies, until="+10h")

    for ticket in found.values():
        assert (fields(ticket), ticket["writes"], ticket["escalations"]) == (NOTHING, [], [])
        assert (ticket["decision"]["decision"], ticket["suggestion"]["account"]) == ("UNKNOWN", "B1")
        assert len(private_notes(ticket, f"super admin {BIG}")) == 1
        assert not [each for each in ticket["comments"] if each["public"]]
    assert [each["suggestion"]["from"] for each in found.values()] == ["quoted text", "text", "text"]
    assert f"email {BIG} (in quoted text)" in private_notes(found["quoted"], BIG)[0]
    assert f"super admin {OTHER}" in private_notes(found["several"], f"super admin {BIG}")[0]


def test_the_worked_tickets_come_out_as_they_should():
    expected = json.loads((MAILS / "tickets.expected.json").read_text())

    found = simulate(MAILS / "tickets.yaml")["tickets"]

    assert found.keys() == expected.keys()
    for key, right in expected.items():
        check_ticket(found[key], right)


def check_ticket(ticket: dict[str, Any], right: dict[str, Any]) -> None:
    """Compare with the keys of the worked cases (`tests/cases/mails/README.md`)."""
    values = {name: right[name] for name in NOTHING if name in right}
    assert {name: ticket["fields"][name] for name in values} == values
    assert "decision" not in right or ticket["decision"]["decision"] in right["decision"]
    assert not {name for each in ticket["writes"] for name in each["fields"]} & set(right.get("never_wrote", ()))
    assert "suggests" not in right or any(word in json.dumps(ticket["suggestion"]) for word in right["suggests"])
    assert all(private_notes(ticket, name) for name in right.get("private_note_names", ()))
    public = [each["text"] for each in ticket["comments"] if each["public"]]
    assert not [text for text in public for word in right.get("public_never", ()) if word in text]


# Hard mails, and the address in each that is not the customer's.
WRONG_CUSTOMERS = {
    "01-nl-outlook-headers": "it@old-customer.example",
    "02-it-outlook-reply-div": "it@old-customer.example",
    "03-de-groupwise": "it@old-customer.example",
    "04-en-above-this-line": "it@old-customer.example",
    "05-it-attribution": "anna@old-customer.example",
    "06-de-webmail-quote-div": "it@old-customer.example",
    "09-de-signature-second-domain": "paulsen@alpenblick-gruppe.example",
    "10-de-account-manager": "peter@alpenblick-holding.example",
    "14-en-disclaimer": "compliance@prairie-group.example",
    "28-de-customer-adviser": "peter@alpenblick-holding.example",
    "53-pt-webmail-quotation": "it@old-customer.example",
}


def body_of(name: str) -> str:
    """Return the text of a mail whose wrong customer is a large account, as it stands in a scenario."""
    mail = email.message_from_bytes((MAILS / f"{name}.eml").read_bytes(), policy=email.policy.default)
    text = mail.get_body(("plain", "html")).get_content()
    assert WRONG_CUSTOMERS[name] in text
    return json.dumps(text.replace(WRONG_CUSTOMERS[name], BIG))[1:-1]


def test_eleven_mails_for_a_wrong_customer_wait_for_a_person_whose_account_then_acts(tickets):
    bodies = {f"t{name[:2]}": body_of(name) for name in WRONG_CUSTOMERS}
    right = [fills(key, OTHER) for key in bodies]

    waiting, settled = tickets(bodies), tickets(bodies, *right)

    for key in bodies:
        assert (fields(waiting[key]), waiting[key]["writes"]) == (NOTHING, [])
        assert fields(settled[key]) == {**LARGE, "customer_primary_email": OTHER}
        assert [each["at"] for each in settled[key]["writes"]] == ["2026-11-20T09:30:00Z"]


def test_a_correction_of_the_partner_moves_each_of_them(tickets):
    bodies = {f"t{name[:2]}": body_of(name) for name in WRONG_CUSTOMERS}
    wrong = [fills(key, BIG, "+10m") for key in bodies]
    back = [fills(key, None, "+20m") for key in bodies]
    corrected = [replies(key, LABELLED.format(OTHER)) for key in bodies]

    found = tickets(bodies, *wrong, *back, *corrected)

    for key in bodies:
        assert fields(found[key]) == {**LARGE, "customer_primary_email": OTHER}


def test_the_account_that_a_person_fills_in_acts_at_the_next_look(tickets):
    found = tickets({"confirmed": QUOTED, "another": QUOTED}, fills("confirmed", BIG), fills("another", SMALL))

    assert (fields(found["confirmed"]), found["confirmed"]["suggestion"]) == (LARGE, None)
    assert fields(found["another"]) == NOTHING | {"customer_primary_email": SMALL}
    assert [each["at"] for each in found["confirmed"]["writes"]] == ["2026-11-20T09:30:00Z"]


def test_a_labelled_correction_moves_the_ticket_and_takes_back_what_was_set(tickets):
    """By the partner, in a later mail, over a fill of ours that rests on a lone address."""
    found = tickets({"t1": LONE, "t2": LONE}, replies("t1", LABELLED.format(SMALL)), replies("t2", "Any news?"))

    assert fields(found["t1"]) == NOTHING | {"customer_primary_email": SMALL}
    assert found["t1"]["writes"][0]["fields"]["severity"] == "S1-Critical"
    assert fields(found["t2"]) == LARGE


def test_a_correction_by_an_agent_moves_the_ticket_too(tickets):
    found = tickets({"t1": LABELLED.format(BIG)}, fills("t1", SMALL))

    assert fields(found["t1"]) == NOTHING | {"customer_primary_email": SMALL}


def test_a_fill_of_ours_is_known_as_ours_after_the_database_was_lost(tickets):
    """By the ticket's history in Desk."""
    found = tickets({"t1": LONE}, "{at: +10m, database: lost}", replies("t1", LABELLED.format(SMALL)))

    assert fields(found["t1"]) == NOTHING | {"customer_primary_email": SMALL}


def test_a_value_that_a_person_enters_again_is_the_persons(tickets):
    """It stands above a later mail, unlike the same value where we wrote it."""
    entered = (fills("t1", None, "+10m"), fills("t1", BIG, "+20m"))

    found = tickets({"t1": LONE}, *entered, replies("t1", LABELLED.format(SMALL)))

    assert fields(found["t1"]) == LARGE


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        pytest.param(LONE, LABELLED.format(SMALL), ("S1", NOTHING | {"customer_primary_email": SMALL}), id="corrected"),
        pytest.param(
            LABELLED.format(BIG), LABELLED.format(SMALL), (None, NOTHING), id="equally strong: a person decides"
        ),
    ],
)
def test_the_order_in_which_facts_become_known_has_no_effect(tickets, first, second, outcome):
    """One look after each fact, one look after both, and the facts the other way round."""
    known_at_once = ("{at: +0m, faults: {status: 503}, for: 20m}", replies("t1", second, "+10m"))
    ways = [
        tickets({"t1": first}, replies("t1", second))["t1"],
        tickets({"t1": first}, *known_at_once)["t1"],
        tickets({"t1": second}, replies("t1", first))["t1"],
    ]

    assert [fields(each) for each in ways] == [outcome[1]] * 3
    decisions = {each["decision"]["decision"] for each in ways}
    assert decisions == ({"NOT_PRIORITY"} if outcome[0] else {"REVIEW"})
    if not outcome[0]:
        assert all(
            f"super admin {BIG}" in note and f"super admin {SMALL}" in note
            for way in ways
            for note in private_notes(way, "It may")
        )


class TestAnUpgradedDatabase:
    """An older version let weak evidence act, and its fill of the field counted as certain from the second look on."""

    @pytest.fixture
    def upgraded(self, write, monkeypatch) -> Callable[..., dict[str, Any]]:
        """Run a ticket whose first look is of the older version; its next one is at the partner's next mail."""

        def upgraded(body: str, *steps: str) -> dict[str, Any]:
            text = f"""
                start: 2026-11-20T09:00:00Z
                until: +2h
                accounts: accounts.csv
                tickets: [{{key: t1, severity: 3, body: "{body}"}}]
                steps: [{", ".join(steps)}]
            """
            loaded = scenario.read(write(textwrap.dedent(text)))
            with set_up_simulation(loaded) as simulation:
                monkeypatch.setattr(read, "evidence_on", once(older, then=read.evidence_on))
                run_scenario(loaded, simulation)
                ticket: dict[str, Any] = document(simulation)["tickets"]["t1"]
                return ticket

        return upgraded

    def test_its_next_look_takes_back_what_weak_evidence_had_set(self, upgraded):
        ticket = upgraded(QUOTED, replies("t1", "Any news?"))

        assert ticket["writes"][0]["fields"] == LARGE
        assert (fields(ticket), ticket["suggestion"]["account"]) == (NOTHING, "B1")

    def test_what_a_person_has_confirmed_since_stays(self, upgraded):
        ticket = upgraded(QUOTED, fills("t1", None, "+10m"), fills("t1", BIG, "+20m"))

        assert fields(ticket) == LARGE


def older(ticket, _):
    return [replace(each, place=EvidencePlace.TEMPLATE) for each in ticket.evidence]


def once(first, *, then):
    """Return a function that is `first` at its first look, which asks twice, and `then` later."""
    calls = []

    def evidence(ticket, memory):
        calls.append(memory.looked)
        return then(ticket, memory) if any(calls) else first(ticket, memory)

    return evidence
