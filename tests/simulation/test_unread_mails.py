"""A mail whose text cannot be read: a person is asked, by a note and on the review list; the partner is not."""

from __future__ import annotations

import textwrap

import pytest

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.simulation import scenario
from desk_sync.simulation.report import document
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import set_up_simulation
from desk_sync.wiring.process import DEFAULT

BIG = "admin@big.example"
ENCRYPTED = "-----BEGIN PGP MESSAGE-----\\n\\nhQEMA1\\n-----END PGP MESSAGE-----"
ASKED = "not all of the ticket could be read"


@pytest.fixture
def run(write):
    """Run one ticket with these steps; return what is reported of it, and its entry of the review list."""

    def run(ticket: str, *steps: str):
        text = f"""
            start: 2026-11-20T09:00:00Z
            until: +2h
            accounts: accounts.csv
            tickets: [{{key: t1, partner: {{email: help@partner.example, country: DE}}, {ticket}}}]
            steps: [{", ".join(steps)}]
        """
        loaded = scenario.read(write(textwrap.dedent(text)))
        with set_up_simulation(loaded) as simulation:
            run_scenario(loaded, simulation)
            listed = simulation.desk_sync.portal(DEFAULT).review.reviews.undecided()
            return document(simulation)["tickets"]["t1"], listed

    return run


def notes(ticket):
    return [each["text"] for each in ticket["comments"] if not each["public"] and ASKED in each["text"]]


@pytest.mark.parametrize(
    ("ticket", "cause"),
    [
        pytest.param('body: "", attachments: [winmail.dat]', "a mail without text, which has attachments", id="TNEF"),
        pytest.param('body: "", attachments: [smime.p7m]', "a mail without text, which has attachments", id="S/MIME"),
        pytest.param(f'body: "{ENCRYPTED}"', "an encrypted text", id="PGP"),
    ],
)
def test_a_person_is_asked_for_the_customer_and_the_partner_hears_nothing(run, ticket, cause):
    reported, listed = run(ticket)

    [note] = notes(reported)
    assert cause in note
    assert "these parts are missing" not in note
    [entry] = listed
    assert (entry.verdict, f"R45: not read: {cause}" in map(str, entry.reasons)) == (Verdict.UNKNOWN, True)
    assert reported["writes"] == []
    assert not any(each["public"] for each in reported["comments"])


def test_a_later_mail_that_cannot_be_read_is_named_on_the_review_list(run):
    reply = '{at: +30m, ticket: t1, customer_reply: "see below", attachments: [winmail.dat]}'
    _, [entry] = run("body: Saving fails.", reply)

    assert "R45: not read: a mail in a form that cannot be read (winmail.dat or .p7m)" in map(str, entry.reasons)


def test_what_a_person_enters_settles_it(run):
    fills = f"{{at: +30m, ticket: t1, set: {{customer_primary_email: {BIG}}}, by: agent}}"
    reported, listed = run('body: "", attachments: [winmail.dat]', fills)

    assert reported["decision"]["decision"] == "PRIORITY"
    assert listed == []


def test_a_text_with_other_attachments_is_read(run):
    body = f"Customer Primary Email Address: {BIG}"
    reported, _ = run(f'body: "{body}", attachments: [screen.png]')

    assert reported["decision"]["decision"] == "PRIORITY"
    assert notes(reported) == []
