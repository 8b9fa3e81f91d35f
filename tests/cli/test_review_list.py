"""The review list for a person: the questions in words, each with what settles it, and one line a ticket."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.cli.review import listing
from desk_sync.cli.review.questions import open_questions
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import choose
from desk_sync.domain.account.partner import Partner, PartnerOrigin, TicketWriter
from desk_sync.domain.plan.decision import PARTNER_UNKNOWN, SuggestedAccount, assess
from desk_sync.domain.reason import Reason
from desk_sync.ports.review import OpenReview
from tests.support.makers import NOW, POLICY, make_account, make_lookup

QUOTED = SuggestedAccount(account_id="A21", place="quoted text", why="email (quoted text) leads to account A21")
NO_ACCOUNT = Reason("R45", "no account has this email (template)")


def assessed_as_stale():
    """An account whose data are too old."""
    return assess(make_lookup(make_account(), age=timedelta(days=400)), POLICY, NOW)


def undecidable():
    """An account with a number of licences that is not settled."""
    return assess(make_lookup(make_account(70, countries=("KZ",))), POLICY, NOW)


def tagged_elsewhere():
    """An account that is tagged to another partner than the writing one."""
    writer = TicketWriter(
        partner=Partner(name="Prairie", domains=frozenset({"prairie.example"})), origin=PartnerOrigin.FILE
    )
    return assess(make_lookup(make_account(partner_domain="other.example")), POLICY, NOW, writer)


UNKNOWN = OpenReview(ticket_id="7001", verdict=Verdict.UNKNOWN, account_id=None, looked_at=NOW, reasons=[NO_ACCOUNT])
DECIDED = replace(UNKNOWN, verdict=Verdict.PRIORITY, account_id="A1", reasons=())
TO_REVIEW = replace(DECIDED, verdict=Verdict.REVIEW)


@pytest.mark.parametrize(
    ("entry", "questions"),
    [
        pytest.param(UNKNOWN, ["which account the ticket is about"], id="no account is known"),
        pytest.param(
            replace(UNKNOWN, reasons=[assessed_as_stale().reasons[-1]]),
            ["what the account has bought, as there are no current subscription data"],
            id="the data are too old",
        ),
        pytest.param(
            replace(UNKNOWN, reasons=choose((), {}, None).reasons),
            ["what the account has bought, as there are no current subscription data"],
            id="there are no data",
        ),
        pytest.param(replace(UNKNOWN, verdict=Verdict.REVIEW), ["which account the ticket is about"], id="contested"),
        pytest.param(
            replace(TO_REVIEW, reasons=undecidable().reasons),
            ["whether the account's licences reach the threshold"],
            id="the licences are not settled",
        ),
        pytest.param(
            replace(TO_REVIEW, reasons=tagged_elsewhere().reasons),
            ["which partner the customer belongs to"],
            id="another partner's customer",
        ),
        pytest.param(replace(DECIDED, questions=[PARTNER_UNKNOWN]), [PARTNER_UNKNOWN], id="decided, but not by whom"),
        pytest.param(
            replace(UNKNOWN, questions=[PARTNER_UNKNOWN, "whether to escalate, as somebody asked"]),
            ["which account the ticket is about", PARTNER_UNKNOWN, "whether to escalate, as somebody asked"],
            id="several",
        ),
    ],
)
def test_every_question_of_an_entry_is_in_words_and_has_an_act_that_settles_it(entry, questions):
    found = list(open_questions(entry))

    assert [each.text for each in found] == questions
    assert all(re.search("`desk-sync|enter ", each.settle) for each in found)


def test_the_tickets_are_grouped_by_question_with_counts_and_one_line_each(capsys):
    where = replace(DECIDED, ticket_id="7002", number="102", partner="Prairie", questions=[PARTNER_UNKNOWN])
    several = replace(UNKNOWN, number="101", suggestions=[QUOTED] * 5, questions=["whether to escalate"])
    others = [replace(where, ticket_id=f"700{number}", number=f"10{number}") for number in (3, 4)]

    listing.print_undecided([several, where, *others])

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line.startswith("Open: ")] == [
        "Open: who the partner is (3 tickets)",
        "Open: which account the ticket is about (1 ticket)",
    ]
    assert [line.split()[:2] for line in lines if line.startswith("#")] == [
        *(["#102", "7002"], ["#103", "7003"], ["#104", "7004"], ["#101", "7001"])
    ]
    [line] = [line for line in lines if line.startswith("#101")]
    named = ", ".join(["account A21 by quoted text"] * 2)
    assert line.endswith(f"candidates: {named}, 3 more; 1 further question")


@pytest.mark.parametrize(
    ("partner", "command"),
    [
        pytest.param("prairie.example", "`desk-sync review place prairie.example COUNTRY`", id="a word"),
        pytest.param("Prairie Ltd", "`desk-sync review place 'Prairie Ltd' COUNTRY`", id="two words"),
        pytest.param("Prairie; ls", "`desk-sync review place 'Prairie; ls' COUNTRY`", id="more than a name"),
        pytest.param(None, "`desk-sync review place PARTNER COUNTRY`", id="not known"),
    ],
)
def test_the_act_names_the_ticket_and_the_partner_as_a_shell_reads_them(partner, command):
    [question] = open_questions(replace(DECIDED, questions=[PARTNER_UNKNOWN]))

    assert command in question.settle_for("7001", partner)
    [explained] = open_questions(replace(DECIDED, questions=["whether to escalate"]))
    assert "`desk-sync explain 7001`" in explained.settle_for("7001", partner)
