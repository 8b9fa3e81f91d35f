"""Decisions of a person: a binding leads a ticket to its account, a dismissal keeps it off the list."""

from __future__ import annotations

import pytest

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace
from desk_sync.errors import PermanentError
from desk_sync.ports.review import SettledReview
from desk_sync.services.reconcile.reconcile import LookOutcome
from desk_sync.services.review import Review
from tests.support.makers import ADMIN, make_account, make_evidence, make_ticket

TICKET = make_ticket().ticket_id
USERS = make_evidence("user@elsewhere.example", place=EvidencePlace.TEMPLATE)
[USER] = USERS.readings


@pytest.fixture
def review(world):
    return Review(reviews=world.reviews, bindings=world.bindings, now=world.now)


@pytest.fixture(autouse=True)
def undecided(desk, world):
    """A ticket with an address that is in no source."""
    desk.tickets[TICKET] = make_ticket(customer_primary_email=None, evidence=[USERS])
    world.receives(state=None)
    world.look()


def decision(world):
    return world.tickets.history(TICKET).decisions[-1].decision


def test_a_bound_identifier_leads_the_ticket_to_its_account_and_gives_the_reason(desk, world, review):
    assert review.bind(USER, "A1", by="Ada", why="she called") == 1
    assert world.look() == [LookOutcome.RECONCILED]

    assert desk.tickets[TICKET].customer_primary_email == ADMIN
    assert "leads to account A1, bound by a person on 2026-11-23" in str(decision(world).reasons[0])
    assert review.reviews.undecided() == []
    assert review.bindings.bindings()[0].settled == SettledReview(at=world.now(), by="Ada", why="she called")


def test_no_import_undoes_a_binding(desk, world, review):
    review.bind(USER, "A1")
    world.imports(make_account(), make_account(account_id="A2", super_admin_email=USER.value))
    world.look()

    assert decision(world).account_id == "A1"


def test_an_unbound_identifier_is_unknown_again(desk, world, review):
    review.bind(USER, "A1")
    world.look()
    desk.tickets[TICKET] = make_ticket(customer_primary_email=None, evidence=[USERS])

    assert review.unbind(USER) == 1
    world.look()

    assert decision(world).verdict is Verdict.UNKNOWN


def test_only_a_bound_identifier_can_be_unbound(review):
    with pytest.raises(PermanentError, match="this email is not bound"):
        review.unbind(USER)


def test_a_dismissed_ticket_leaves_the_list_until_its_decision_changes(desk, world, review):
    review.dismiss(TICKET, why="a test of ours")
    assert review.reviews.undecided() == []

    desk.tickets[TICKET] = make_ticket(customer_primary_email=None, evidence=[USERS, *TWO])
    world.receives(key="more", state=None)
    world.look()

    assert [each.ticket_id for each in review.reviews.undecided()] == [TICKET]


TWO = (
    make_evidence("a@elsewhere.example", place=EvidencePlace.TEXT),
    make_evidence("b@elsewhere.example", place=EvidencePlace.TEXT),
)


def test_only_a_ticket_on_the_list_can_be_dismissed(review):
    with pytest.raises(PermanentError, match="ticket 9 is not on the list"):
        review.dismiss("9")


def test_a_dry_run_changes_nothing(world, review):
    review.bind(USER, "A1", dry_run=True)
    review.dismiss(TICKET, dry_run=True)

    assert (review.bindings.bindings(), world.look()) == ([], [])
    assert len(review.reviews.undecided()) == 1

    review.bind(USER, "A1")
    review.unbind(USER, dry_run=True)

    assert len(review.bindings.bindings()) == 1
