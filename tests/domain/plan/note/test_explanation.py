"""The first part of the note: the verdict in a sentence, and what a person must compare."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.account.identity import AccountCandidate, EvidencePlace, IdentifierKind
from desk_sync.domain.plan.note.explanation import SHOWN
from desk_sync.domain.plan.note_policy import Explain
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.reason import Reason
from tests.support.makers import (
    ADMIN,
    POLICY,
    TICKETS,
    make_account,
    make_evidence,
    make_lookup,
    make_ticket,
)
from tests.support.note_scenes import HANDED_OVER, TYPO, explaining, first_line, text
from tests.support.plan_scenes import (
    EMAIL,
    LARGE,
    NO_DATA,
    SMALL,
    STALE,
    UNDECIDED,
    UNKNOWN,
    UNPROVEN,
    carry_out,
    draft,
)


class TestTheFirstSentence:
    NAMED = "large.example (super admin admin@large.example)"

    @pytest.mark.parametrize(
        ("ticket", "lookup", "said"),
        [
            (make_ticket(), LARGE, f"Severity 1: {NAMED} has 88 user licences; 60 are enough in EUROPE_UK."),
            (make_ticket(customer_primary_email=None), SMALL, f"Not a large account: {NAMED} has 12 user licences"),
            (make_ticket(issue_type="feature_request"), LARGE, f"Large account: {NAMED} has 88 user licences"),
            (make_ticket(product="Zoho Campaigns"), LARGE, "No priority: the ticket is about"),
            (make_ticket(), UNDECIDED, f"Is {NAMED} a large account? It has at least 0 user licences"),
            (make_ticket(), STALE, f"Is {NAMED} a large account? The subscription data are too old"),
            (make_ticket(), UNPROVEN, "Which customer is this about? What the ticket names is not certain"),
            (make_ticket(), TYPO, "Which customer is this about? No account was found"),
            (make_ticket(), UNKNOWN, "The customer is not known: the ticket names none."),
            (make_ticket(), NO_DATA, "The customer is not known: there are no subscription data yet."),
        ],
    )
    def test_it_says_the_verdict_or_asks(self, ticket, lookup, said):
        assert first_line(ticket, lookup, policy=explaining(Explain.ALL)).startswith(said)

    def test_where_a_persons_severity_stands_it_does_not_claim_ours(self):
        said = text(make_ticket(large_user=True, severity="S3-Minimal"), LARGE, HANDED_OVER)

        assert said.startswith("Large account: ")
        assert "Severity stays as a person set it." in said

    def test_in_comment_mode_it_does_not_claim_what_is_not_written(self):
        policy = replace(POLICY, tickets=replace(TICKETS, mode=Mode.COMMENT))

        assert first_line(make_ticket(), LARGE, policy=policy).startswith("Large account: ")

    @pytest.mark.parametrize(
        ("facts", "name"),
        [
            ({"domain": None}, "admin@large.example"),
            ({"super_admin_email": ""}, "the account of large.example"),
            ({"super_admin_email": "", "domain": None}, "an account without a known super admin"),
        ],
    )
    def test_an_account_has_the_name_that_people_know(self, facts, name):
        assert f": {name} has 88 user licences" in first_line(make_ticket(), make_lookup(make_account(88, **facts)))

    def test_several_possible_thresholds_are_all_named(self):
        said = first_line(make_ticket(), make_lookup(make_account(500, countries=("KZ",))))

        assert " / " in said
        assert said.endswith("are enough in its region.")

    def test_it_is_in_the_language_of_the_department(self):
        policy = explaining(Explain.ALL, language="de", languages={make_ticket().department_id: "fr"})

        assert first_line(make_ticket(), SMALL, policy=policy).startswith("Pas un grand compte : ")
        assert first_line(make_ticket(department_id="7"), SMALL, policy=policy).startswith("Kein großes Konto: ")


class TestWhatAPersonMustCompare:
    def test_the_values_that_the_ticket_names_are_shown_with_their_places(self):
        number = make_evidence("700", IdentifierKind.ZOID, place=EvidencePlace.LABEL)
        several = replace(make_evidence("a@b.example", place=EvidencePlace.TEXT), one_of_several=True)

        said = text(lookup=replace(TYPO, named=(*TYPO.named, number, several)))

        assert "- email admim@large.example (template)" in said
        assert "- zoid 700 (behind a label)" in said
        assert "- email a@b.example (in the text, one of several)" in said

    def test_where_there_is_a_domain_alone_it_is_shown(self):
        domain = make_evidence("large.example", IdentifierKind.DOMAIN, place=EvidencePlace.TEMPLATE)

        assert "- domain large.example (template)" in text(lookup=replace(TYPO, named=(domain,)))

    def test_of_many_candidates_the_rest_is_counted(self):
        candidates = tuple(
            AccountCandidate(
                account=make_account(account_id=f"A{number}", super_admin_email=f"a{number}@large.example"),
                evidence=make_evidence(f"a{number}@large.example", place=EvidencePlace.QUOTED),
            )
            for number in range(SHOWN + 2)
        )

        said = text(lookup=replace(UNPROVEN, candidates=candidates))

        assert "- and 2 more" in said
        assert said.count("(in quoted text)") == SHOWN

    def test_a_reason_names_accounts_as_people_do(self):
        named = replace(UNPROVEN, reasons=(Reason("R45", "email (quoted text) leads to account A1"),))

        assert "leads to large.example (super admin admin@large.example) [R45]" in text(lookup=named)

    def test_the_address_that_is_replaced_is_kept(self):
        ticket = make_ticket(
            customer_primary_email="user@large.example",
            evidence=(make_evidence("user@large.example"), make_evidence("large.example", IdentifierKind.DOMAIN)),
        )
        first = draft(ticket, replace(LARGE, led_by=frozenset({EvidencePlace.FIELD})))
        plan = first.finish(agents={}, last_education=None)
        observed, memory = carry_out(plan, first.observed, first.memory)

        assert "Customer Primary Email Address was user@large.example before" in plan.note.comment.text
        assert plan.fields.writes[EMAIL] == ADMIN
        assert observed.ticket.customer_primary_email == ADMIN
        again = draft(observed.ticket, first.observed.lookup, memory)
        assert again.fields.replaced_address == "user@large.example"
