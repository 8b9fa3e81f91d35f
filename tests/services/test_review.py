"""Decisions of a person: a binding leads a ticket to its account, a dismissal keeps it off the list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.adapters.store.inflow import SqlInflow
from desk_sync.adapters.store.requests import SqlRequests
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace, IdentifierKind
from desk_sync.domain.account.licence_policy import RegionBy
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.plan.decision import PARTNER_UNKNOWN
from desk_sync.errors import PermanentError
from desk_sync.ports.review import IdentifierBinding, PartnerPlace, SettledReview, TicketBinding
from desk_sync.services.reconcile.reconcile import LookOutcome
from desk_sync.services.review import Review
from tests.support.makers import ADMIN, NOW, POLICY, make_account, make_evidence, make_ticket

TICKET = make_ticket().ticket_id
USERS = make_evidence("user@elsewhere.example", place=EvidencePlace.TEMPLATE)
[USER] = USERS.readings


@pytest.fixture
def review(world):
    return Review(
        reviews=world.reviews,
        bindings=world.bindings,
        tickets=world.ticket_bindings,
        places=world.places,
        listed=lambda: world.listed,
        requests=SqlRequests(world.engine, "default"),
        now=world.now,
    )


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


QUOTED = make_evidence("admin@quoted.example", place=EvidencePlace.QUOTED)
FORWARDED = make_evidence("admin@forwarded.example", place=EvidencePlace.FORWARDED)


class TestTickets:
    """One act of a person settles what the texts of a ticket only suggest."""

    @pytest.fixture(autouse=True)
    def suggested(self, desk, world):
        """A ticket whose earlier mail names two accounts, both large."""
        quoted, forwarded = (each.readings[0].value for each in (QUOTED, FORWARDED))
        world.imports(
            make_account(account_id="A1", super_admin_email=quoted, domain="quoted.example"),
            make_account(account_id="A2", super_admin_email=forwarded, domain="forwarded.example"),
        )
        desk.tickets[TICKET] = make_ticket(customer_primary_email=None, evidence=(QUOTED, FORWARDED))
        world.receives(key="suggested", state=None)
        world.look()

    def values(self, desk):
        ticket = desk.tickets[TICKET]
        return ticket.customer_primary_email, ticket.large_user, ticket.severity

    def test_weak_evidence_alone_sets_nothing(self, desk, review):
        assert self.values(desk) == (None, False, None)
        assert {each.account_id for each in review.reviews.undecided()[0].suggestions} == {"A1", "A2"}

    def test_a_bound_ticket_acts_one_look_later(self, desk, world, review):
        review.bind_ticket(TICKET, "A2", by="Ada", why="she called")
        assert world.look() == [LookOutcome.RECONCILED]

        assert self.values(desk) == ("admin@forwarded.example", True, "S1-Critical")
        assert "email (bound to the ticket) leads to account A2, bound by a person on" in str(decision(world).reasons)
        assert review.reviews.undecided() == []
        assert review.tickets.bindings()[0].settled == SettledReview(at=world.now(), by="Ada", why="she called")

    def test_another_binding_moves_what_was_set(self, desk, world, review):
        for account_id in ("A2", "A1"):
            review.bind_ticket(TICKET, account_id)
            world.look()

        assert self.values(desk) == ("admin@quoted.example", True, "S1-Critical")
        assert decision(world).account_id == "A1"

    def test_without_its_binding_what_was_set_for_it_is_taken_back(self, desk, world, review):
        review.bind_ticket(TICKET, "A2")
        world.look()
        review.unbind_ticket(TICKET)
        world.look()

        assert self.values(desk) == (None, False, None)
        assert len(review.reviews.undecided()) == 1

    def test_a_persons_field_that_leads_elsewhere_is_for_a_person_to_settle(self, desk, world, review):
        review.bind_ticket(TICKET, "A2")
        desk.tickets[TICKET] = make_ticket(
            customer_primary_email="admin@quoted.example", evidence=(make_evidence("admin@quoted.example"),)
        )
        world.look()

        assert (decision(world).verdict, decision(world).account_id) == (Verdict.REVIEW, None)

    def test_an_account_that_no_source_has_any_longer_settles_nothing(self, desk, world, review):
        review.bind_ticket(TICKET, "A2")
        world.imports(make_account(account_id="A1", super_admin_email="admin@quoted.example", domain="quoted.example"))
        world.look()

        assert (decision(world).verdict, self.values(desk)) == (Verdict.UNKNOWN, (None, False, None))

    def test_the_binding_counts_whatever_kinds_of_identifiers_do(self, desk, world, review):
        world.policy = replace(POLICY, strategies=(IdentifierKind.DOMAIN,))
        review.bind_ticket(TICKET, "A2")
        world.look()

        assert decision(world).account_id == "A2"

    def test_a_dry_run_changes_nothing(self, desk, world, review):
        review.bind_ticket(TICKET, "A2", dry_run=True)

        assert (world.look(), review.tickets.bindings()) == ([], [])

        review.bind_ticket(TICKET, "A2")
        review.unbind_ticket(TICKET, dry_run=True)

        assert len(review.tickets.bindings()) == 1

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_what_is_not_known_cannot_be_bound_or_unbound(self, review, dry_run):
        with pytest.raises(PermanentError, match="no source has an account A9"):
            review.bind_ticket(TICKET, "A9", dry_run=dry_run)
        with pytest.raises(PermanentError, match="no ticket 7 was ever looked at"):
            review.bind_ticket("7", "A1", dry_run=dry_run)
        with pytest.raises(PermanentError, match=f"ticket {TICKET} is not bound"):
            review.unbind_ticket(TICKET, dry_run=dry_run)


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


class TestPlaces:
    """One act of a person settles a partner's country for all its tickets."""

    @pytest.fixture(autouse=True)
    def nowhere(self, desk, world):
        """A ticket of a partner whose Desk account names no country."""
        world.policy = replace(POLICY, licences=replace(POLICY.licences, region_by=RegionBy.PARTNER_COUNTRY))
        desk.partners["900"] = Partner(name="Prairie Ltd", domains=frozenset({"prairie.example"}))
        desk.tickets[TICKET] = make_ticket(partner_id="900", sender_domain="prairie.test")
        world.receives(key="nowhere", state=None)
        world.look()

    def test_its_tickets_are_looked_at_again_and_ask_no_more(self, world, review):
        assert decision(world).questions == (PARTNER_UNKNOWN,)

        assert review.place("Prairie Ltd", "DE", by="Ada", why="its letterhead") == 1
        assert world.look() == [LookOutcome.RECONCILED]

        assert decision(world).questions == ()
        assert "R8: a person placed the partner in DE on 2026-11-23" in map(str, decision(world).reasons)
        assert review.places.places() == [
            PartnerPlace(
                partner="Prairie Ltd",
                country="DE",
                settled=SettledReview(at=world.now(), by="Ada", why="its letterhead"),
            )
        ]

    def test_without_its_place_it_is_asked_again(self, world, review):
        review.place("Prairie Ltd", "DE")
        world.look()

        assert review.displace("Prairie Ltd") == 1
        world.look()

        assert decision(world).questions == (PARTNER_UNKNOWN,)

    def test_a_partner_of_the_partner_file_is_placed_by_a_domain_that_only_the_file_has(self, desk, world, review):
        desk.tickets[TICKET] = make_ticket(sender_domain="listed.example")
        world.listed = [Partner(name="Listed", domains=frozenset({"listed.example", "listed.test"}))]
        world.receives(key="listed", state="else")
        world.look()

        assert review.place("listed.test", "IN") == 1
        world.look()

        assert decision(world).questions == ()
        assert review.displace("listed.test") == 1

    def test_a_dry_run_changes_nothing(self, world, review):
        assert review.place("Prairie Ltd", "DE", dry_run=True) == 1
        assert (world.look(), review.places.places()) == ([], [])

        review.place("Prairie Ltd", "DE")
        assert review.displace("Prairie Ltd", dry_run=True) == 1
        assert len(review.places.places()) == 1

    def test_only_a_placed_partner_can_be_displaced(self, review):
        with pytest.raises(PermanentError, match="no person has placed Prairie Ltd"):
            review.displace("Prairie Ltd")

    def test_the_last_decision_is_taken_back_first(self, world, review):
        acts = (
            lambda: review.bind(USER, "A1"),
            lambda: review.place("Prairie Ltd", "DE"),
            lambda: review.bind_ticket(TICKET, "A1"),
        )
        for act in acts:
            act()
            world.waits(minutes=1)
        world.look()

        assert review.take_back(review.last_decision(), dry_run=True) == 1
        for kind in (TicketBinding, PartnerPlace, IdentifierBinding):
            last = review.last_decision()
            assert type(last) is kind
            assert review.take_back(last) == 1
            assert world.look() == [LookOutcome.RECONCILED]
        assert review.last_decision() is None

    def test_of_decisions_of_one_instant_the_tickets_is_the_last(self, review):
        review.bind_ticket(TICKET, "A1")
        review.place("Prairie Ltd", "DE")
        review.bind(USER, "A1")

        assert type(review.last_decision()) is TicketBinding


class TestARequestForAnEscalation:
    @pytest.fixture(autouse=True)
    def clocked(self, desk, undecided):
        """The ticket has clocks, without which nothing is escalated."""
        desk.tickets[TICKET] = replace(desk.tickets[TICKET], created_at=NOW)

    def test_its_next_look_follows_it_by_the_rule_and_names_the_person(self, world, review):
        world.waits(minutes=1)
        review.request_escalation(TICKET, by="Ada")

        assert world.look() == [LookOutcome.RECONCILED]
        assert "the partner asked for an escalation, as Ada recorded" in str(decision(world).reasons)

    def test_a_dry_run_records_nothing(self, world, review):
        review.request_escalation(TICKET, dry_run=True)

        assert world.look() == []

    def test_a_ticket_that_was_never_looked_at_is_refused(self, review):
        with pytest.raises(PermanentError, match="no ticket 9 was ever looked at"):
            review.request_escalation("9", dry_run=True)

    def test_it_is_no_delivery_of_desks(self, world, review):
        """A silent webhook is found out all the same."""
        inflow = SqlInflow(world.engine, "default")
        world.waits(minutes=1)
        review.request_escalation(TICKET)

        assert not inflow.delivered_since(world.now())
