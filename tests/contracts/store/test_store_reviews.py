"""The ports ReviewStore and BindingStore: tickets that wait for a person, and what persons have settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.reason import Reason
from desk_sync.errors import PermanentError
from desk_sync.ports.review import IdentifierBinding, OpenReview, SettledReview
from tests.contracts.store.steps import DECISION, finish
from tests.support.makers import ADMIN, FRESHNESS, NOW, make_account

LATER = NOW + timedelta(hours=1)
REASONS = (Reason("R45", "no account has this email (template)"),)
UNKNOWN = replace(DECISION, verdict=Verdict.UNKNOWN, account_id=None, licences=0, reasons=REASONS)
SEEN = SettledReview(at=LATER, by="Ada", why="a partner's own account")


def looked(tickets, decision=UNKNOWN, *, ticket_id="t1", now=NOW, **facts):
    """Look at the ticket, with this decision as the result."""
    tickets.look_now([ticket_id], now=now)
    finish(tickets, now=now, decision=decision, **facts)


class TestReviews:
    @pytest.mark.parametrize(
        ("verdict", "questions", "closed", "listed"),
        [
            pytest.param(Verdict.REVIEW, (), False, True, id="a person must decide"),
            pytest.param(Verdict.UNKNOWN, (), False, True, id="no account is known"),
            pytest.param(Verdict.PRIORITY, ("who writes",), False, True, id="decided, but for a question"),
            pytest.param(Verdict.PRIORITY, (), False, False, id="decided"),
            pytest.param(Verdict.REVIEW, (), True, False, id="closed meanwhile"),
        ],
    )
    def test_open_tickets_without_an_answer_are_listed_with_the_reasons(
        self, tickets, reviews, verdict, questions, closed, listed
    ):
        looked(tickets, replace(UNKNOWN, verdict=verdict, questions=questions), closed=closed)

        row = OpenReview(
            ticket_id="t1", verdict=verdict, account_id=None, looked_at=NOW, reasons=REASONS, questions=questions
        )
        assert reviews.undecided() == ([row] if listed else [])

    def test_the_last_decision_is_the_one_that_counts(self, tickets, reviews):
        looked(tickets)
        looked(tickets, replace(UNKNOWN, reasons=(Reason("R51", "nothing"),)), now=LATER)

        [row] = reviews.undecided()
        assert (row.looked_at, row.reasons) == (LATER, (Reason("R51", "nothing"),))

    def test_the_oldest_look_comes_first(self, tickets, reviews):
        looked(tickets, ticket_id="t2")
        looked(tickets, ticket_id="t1", now=LATER)

        assert [each.ticket_id for each in reviews.undecided()] == ["t2", "t1"]

    @pytest.mark.parametrize(
        ("then", "listed"),
        [
            pytest.param(UNKNOWN, False, id="the same"),
            pytest.param(replace(UNKNOWN, snapshot_id="2"), False, id="from newer data"),
            pytest.param(
                replace(UNKNOWN, reasons=(Reason("R45", "the data are of today"),)), False, id="the data's age"
            ),
            pytest.param(replace(UNKNOWN, verdict=Verdict.REVIEW, account_id="A1"), True, id="an account was found"),
            pytest.param(replace(UNKNOWN, reasons=(*REASONS, *REASONS)), True, id="one more identifier"),
        ],
    )
    def test_what_was_dismissed_stays_away_until_its_decision_changes(self, tickets, reviews, then, listed):
        looked(tickets)
        reviews.dismiss("t1", SEEN)
        assert reviews.undecided() == []

        looked(tickets, then, now=LATER)

        assert bool(reviews.undecided()) is listed

    def test_it_can_be_dismissed_again(self, tickets, reviews, rows):
        looked(tickets)
        reviews.dismiss("t1", SEEN)
        looked(tickets, replace(UNKNOWN, licences=3), now=LATER)
        reviews.dismiss("t1", replace(SEEN, why=None))

        assert reviews.undecided() == []
        assert [(row["by"], row["why"]) for row in rows('SELECT "by", why FROM dismissals')] == [("Ada", None)]

    def test_what_does_not_wait_is_not_dismissed(self, tickets, reviews, rows):
        looked(tickets, DECISION)
        reviews.dismiss("t1", SEEN)
        reviews.dismiss("t9", SEEN)

        assert rows("SELECT * FROM dismissals") == []


USER = Identifier(IdentifierKind.EMAIL, "user@elsewhere.example")
ADMINS = Identifier(IdentifierKind.EMAIL, ADMIN)
DOMAIN = Identifier(IdentifierKind.DOMAIN, "large.example")


def binding(identifier=USER, account_id="A1", settled=SEEN):
    return IdentifierBinding(identifier=identifier, account_id=account_id, settled=settled)


@pytest.fixture(autouse=True)
def accounts(subscriptions):
    """Import two accounts with the same domain."""
    stocked(subscriptions)


def stocked(subscriptions, *more, now=NOW):
    accounts = (make_account(), make_account(account_id="A2", super_admin_email="b@large.example"), *more)
    subscriptions.replace(accounts, source="file", as_of=None, now=now, freshness=FRESHNESS)


def ids(subscriptions, identifier):
    return [account.account_id for account in subscriptions.find([identifier]).get(identifier, ())]


class TestBindings:
    @pytest.mark.parametrize(
        "identifier",
        [
            pytest.param(USER, id="no source has it"),
            pytest.param(ADMINS, id="a source says otherwise"),
            pytest.param(DOMAIN, id="it leads to several"),
        ],
    )
    def test_what_is_bound_leads_to_that_account_alone(self, subscriptions, bindings, identifier):
        bindings.bind(binding(identifier, "A2"))

        [account] = subscriptions.find([identifier])[identifier]
        assert (account.account_id, account.bound_at) == ("A2", LATER)

    def test_other_identifiers_lead_where_the_sources_say(self, subscriptions, bindings):
        bindings.bind(binding(ADMINS, "A2"))

        assert subscriptions.find([ADMINS, DOMAIN])[DOMAIN] == [
            make_account(),
            make_account(account_id="A2", super_admin_email="b@large.example"),
        ]

    def test_digits_of_another_kind_are_not_bound(self, subscriptions, bindings):
        bindings.bind(binding(Identifier(IdentifierKind.ZOID, "100021000")))

        assert ids(subscriptions, Identifier(IdentifierKind.ZUID, "100021000")) == []

    def test_an_import_leaves_it_as_it_is(self, subscriptions, bindings):
        bindings.bind(binding())
        stocked(subscriptions, make_account(account_id="A3", super_admin_email=USER.value), now=LATER)

        assert ids(subscriptions, USER) == ["A1"]

    def test_to_an_account_that_is_gone_it_leads_nowhere(self, subscriptions, bindings):
        bindings.bind(binding(DOMAIN, "A1"))
        subscriptions.replace(
            [make_account(account_id="A2")], source="file", as_of=None, now=LATER, freshness=FRESHNESS
        )

        assert ids(subscriptions, DOMAIN) == []

    def test_the_last_one_counts_and_all_are_listed(self, subscriptions, bindings):
        bindings.bind(binding(USER, "A1"))
        bindings.bind(binding(DOMAIN, "A2"))
        last = binding(USER, "A2", SettledReview(at=LATER + timedelta(hours=1)))
        bindings.bind(last)

        assert bindings.bindings() == [binding(DOMAIN, "A2"), last]
        assert ids(subscriptions, USER) == ["A2"]

    def test_only_an_account_that_a_source_has_can_be_bound_to(self, bindings):
        with pytest.raises(PermanentError, match="no source has an account A9"):
            bindings.bind(binding(account_id="A9"))

        assert bindings.bindings() == []

    def test_unbound_it_leads_where_the_sources_say(self, subscriptions, bindings):
        bindings.bind(binding(ADMINS, "A2"))

        assert bindings.unbind(ADMINS, now=LATER) == 0
        assert ids(subscriptions, ADMINS) == ["A1"]
        assert bindings.unbind(ADMINS, now=LATER) is None

    def test_a_dry_run_changes_nothing(self, subscriptions, bindings, tickets):
        looked(tickets)

        assert bindings.bind(binding(), dry_run=True) == 1
        assert (bindings.bindings(), tickets.history("t1").look_at) == ([], None)
        bindings.bind(binding())
        assert bindings.unbind(USER, now=LATER, dry_run=True) == 1
        assert bindings.bindings() == [binding()]

    @pytest.mark.parametrize(
        ("account_id", "marked"),
        [
            pytest.param(None, True, id="it may name the identifier"),
            pytest.param("A1", True, id="the identifier led there"),
            pytest.param("A2", True, id="it leads there now"),
            pytest.param("A3", False, id="another account's"),
        ],
    )
    def test_open_tickets_that_it_concerns_are_looked_at_again(self, tickets, bindings, account_id, marked):
        looked(tickets, replace(UNKNOWN, account_id=account_id))

        assert bindings.bind(binding(ADMINS, "A2")) == marked
        assert tickets.history("t1").look_at == (LATER if marked else None)

    def test_a_closed_ticket_is_left_alone(self, tickets, bindings):
        looked(tickets, closed=True)

        assert bindings.bind(binding()) == 0

    @pytest.mark.parametrize("account_id", ["A1", "A2", None])
    def test_unbinding_looks_again_at_both_accounts_tickets(self, tickets, bindings, account_id):
        bindings.bind(binding(ADMINS, "A2"))
        looked(tickets, replace(UNKNOWN, account_id=account_id), now=LATER)

        assert bindings.unbind(ADMINS, now=LATER) == 1
