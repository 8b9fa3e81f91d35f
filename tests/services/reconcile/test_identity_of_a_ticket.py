"""From the evidence on a ticket to its account, on a real store and a Desk in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace, IdentifierKind, WeakEvidence
from desk_sync.domain.plan import memory
from desk_sync.domain.plan.memory import MAILS_READ
from desk_sync.domain.ticket.event import EventHint, EventItem
from desk_sync.errors import TemporaryError
from tests.support.makers import ADMIN, NOW, POLICY, make_account, make_evidence, make_ticket

TICKET = make_ticket().ticket_id
ZOID = make_evidence("76006415", IdentifierKind.ZOID, place=EvidencePlace.LABEL)
UNKNOWN_ADDRESS = make_evidence("user@elsewhere.example", place=EvidencePlace.TEXT)


@pytest.fixture
def accounts(world):
    other = make_account(account_id="A2", super_admin_email="b@two.example", domain="two.example")
    world.imports(make_account(zoids=("76006415",)), other)


@pytest.fixture(autouse=True)
def ticket(desk, accounts, world):
    """A ticket with an empty customer field; returns a function that gives it evidence."""
    world.receives(state=None)

    def names(*evidence, **facts):
        desk.tickets[TICKET] = make_ticket(customer_primary_email=None, evidence=evidence, **facts)

    names()
    return names


def decision(world):
    return world.tickets.history(TICKET).decisions[-1].decision


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(make_evidence(ADMIN, place=EvidencePlace.TEMPLATE), id="the address in the template"),
        pytest.param(ZOID, id="only a ZOID"),
        pytest.param(
            make_evidence("large.example", IdentifierKind.DOMAIN, place=EvidencePlace.TEMPLATE),
            id="only the customer's domain, behind a label",
        ),
        pytest.param(make_evidence(ADMIN, place=EvidencePlace.TEXT), id="the only address of the text"),
    ],
)
def test_strong_evidence_in_the_description_fills_the_field_and_ticks_the_box(desk, world, ticket, evidence):
    ticket(evidence)

    world.look()

    assert (desk.tickets[TICKET].customer_primary_email, desk.tickets[TICKET].large_user) == (ADMIN, True)
    assert desk.calls == ["read_ticket", "write_ticket", "add_comment"]
    [note] = desk.comments[TICKET]
    assert note.startswith("Severity 1: large.example (super admin admin@large.example)")
    assert f"{evidence} leads to account A1" in str(decision(world).reasons[0])


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(make_evidence("large.example", IdentifierKind.DOMAIN, place=EvidencePlace.TEXT), id="a domain"),
        pytest.param(make_evidence(ADMIN, place=EvidencePlace.QUOTED), id="quoted"),
        pytest.param(make_evidence(ADMIN, place=EvidencePlace.FORWARDED), id="forwarded"),
        pytest.param(make_evidence(ADMIN, place=EvidencePlace.LINK), id="in a link"),
    ],
)
def test_weak_evidence_makes_a_note_and_an_entry_for_review_and_nothing_else(desk, world, ticket, evidence):
    ticket(evidence)

    for number in range(2):
        world.receives(key=f"again {number}")
        world.look()

    assert (desk.writes, len(desk.comments[TICKET])) == ([], 1)
    [waiting] = world.reviews.undecided()
    assert [(each.account_id, each.place) for each in waiting.suggestions] == [("A1", evidence.place)]
    assert decision(world).unproven


def test_a_fill_of_ours_is_no_evidence_and_falls_with_its_basis(desk, world, ticket):
    ticket(make_evidence(ADMIN, place=EvidencePlace.TEXT))
    world.look()
    filled = desk.tickets[TICKET]
    read_back = (make_evidence(ADMIN), make_evidence("large.example", IdentifierKind.DOMAIN))
    quoted = make_evidence(ADMIN, place=EvidencePlace.QUOTED)
    desk.tickets[TICKET] = replace(filled, evidence=(*read_back, quoted))
    world.receives(key="again")

    world.look()

    emptied = desk.tickets[TICKET]
    assert (filled.customer_primary_email, filled.large_user) == (ADMIN, True)
    assert (emptied.customer_primary_email, emptied.large_user, emptied.severity) == (None, False, None)


def test_nothing_is_taken_back_while_a_text_cannot_be_read(desk, world, ticket):
    ticket(make_evidence(ADMIN, place=EvidencePlace.TEXT))
    world.look()
    desk.tickets[TICKET] = replace(desk.tickets[TICKET], evidence=(), unread=("a text (there was no time left)",))
    world.receives(key="again")

    world.look()

    assert (desk.tickets[TICKET].customer_primary_email, desk.tickets[TICKET].large_user) == (ADMIN, True)


def test_what_of_the_texts_was_not_read_is_named_in_every_decision(desk, world, ticket):
    ticket(unread=("a text (there was no time left)",))
    desk.unread = ["the text after 100,000 characters"]
    desk.partner_writes(TICKET, UNKNOWN_ADDRESS)
    world.look()
    first = decision(world).reasons
    world.receives(key="again", hint=EventHint.CONVERSATION)
    world.look()

    for reasons in (first, decision(world).reasons):
        assert [str(each) for each in reasons if "not read" in str(each)] == [
            "R45: not read: a text (there was no time left)",
            "R45: not read: the text after 100,000 characters",
        ]


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        pytest.param(
            [ZOID, make_evidence("b@two.example", place=EvidencePlace.TEMPLATE)], Verdict.REVIEW, id="of two accounts"
        ),
        pytest.param([UNKNOWN_ADDRESS], Verdict.UNKNOWN, id="of no known account"),
        pytest.param([], Verdict.UNKNOWN, id="nothing"),
    ],
)
def test_evidence_that_does_not_lead_to_one_account_writes_nothing_and_is_shown_for_review(
    desk, world, ticket, evidence, verdict
):
    ticket(*evidence, threads=1)

    world.look()

    assert (desk.count("write_ticket"), desk.count("read_threads")) == (0, 0)
    assert [each.verdict for each in world.reviews.undecided()] == [verdict]
    assert len(desk.comments[TICKET]) == 1


def test_a_strategy_that_is_switched_off_finds_nothing(world, ticket):
    ticket(ZOID)
    world.policy = replace(POLICY, strategies=(IdentifierKind.EMAIL,))

    world.look()

    assert decision(world).verdict is Verdict.UNKNOWN


class TestThreads:
    """A list of threads costs three credits, so it is read once, and only if it can help."""

    def test_a_later_mail_is_read_when_it_comes(self, desk, world, ticket):
        ticket(UNKNOWN_ADDRESS, threads=1)
        world.look()
        desk.partner_writes(TICKET, ZOID)
        world.receives(key="mail", hint=EventHint.CONVERSATION)

        world.look()

        assert desk.tickets[TICKET].customer_primary_email == ADMIN
        first = ["read_ticket", "add_comment"]
        assert desk.calls == [*first, "read_ticket", "read_contents", "read_threads", "write_ticket", "edit_comment"]

    def test_it_is_read_at_the_first_look_too(self, desk, world):
        desk.partner_writes(TICKET, ZOID)

        world.look()

        assert desk.calls == ["read_ticket", "read_contents", "read_threads", "write_ticket", "add_comment"]

    @pytest.mark.parametrize("evidence", [ZOID, UNKNOWN_ADDRESS], ids=["it led to the account", "it led nowhere"])
    def test_evidence_that_was_read_is_remembered_and_not_read_again(self, desk, world, evidence):
        desk.partner_writes(TICKET, evidence)
        world.look()
        found = decision(world).account_id
        desk.calls.clear()

        for number in range(2):
            world.receives(key=f"again {number}", hint=EventHint.CONVERSATION)
            world.look()

        assert desk.calls == ["read_ticket"] * 2
        assert decision(world).account_id == found

    def test_only_new_mails_are_read(self, desk, world):
        desk.partner_writes(TICKET, UNKNOWN_ADDRESS)
        world.look()
        desk.partner_writes(TICKET, ZOID)
        world.receives(key="mail", hint=EventHint.CONVERSATION)
        world.look()

        evidence = world.tickets.history(TICKET).memory.evidence

        assert (evidence.from_threads, evidence.threads_read) == ((UNKNOWN_ADDRESS, ZOID), 3)

    def test_a_mail_after_a_deletion_is_read_though_the_count_stands_still(self, desk, world):
        desk.partner_writes(TICKET, UNKNOWN_ADDRESS)
        world.look()
        desk.loses_thread(TICKET, desk.threads[TICKET][0].ref)
        desk.partner_writes(TICKET, ZOID)
        world.receives(key="mail", hint=EventHint.CONVERSATION, item=EventItem.THREAD)

        world.look()

        assert desk.tickets[TICKET].customer_primary_email == ADMIN

    def test_an_earlier_mail_that_a_merge_brings_in_is_read(self, desk, world):
        desk.partner_writes(TICKET, UNKNOWN_ADDRESS)
        world.look()
        mail = replace(desk.threads[TICKET][0], ref="merged", at=NOW - timedelta(days=1))
        desk.merges_in(TICKET, mail)
        desk.thread_evidence[TICKET]["merged"] = (ZOID,)
        world.receives(key="merged")

        world.look()

        assert desk.tickets[TICKET].customer_primary_email == ADMIN

    def test_the_evidence_of_threads_is_looked_up_in_a_new_snapshot(self, desk, world):
        desk.partner_writes(TICKET, make_evidence("90000000001", IdentifierKind.ZOID, place=EvidencePlace.LABEL))
        world.look()
        world.imports(make_account(zoids=("90000000001",)))

        world.look()

        assert desk.tickets[TICKET].customer_primary_email == ADMIN
        assert desk.count("read_contents") == 1

    def test_a_labelled_correction_is_found_although_the_description_led_to_an_account(self, desk, world, ticket):
        ticket(make_evidence(ADMIN, place=EvidencePlace.TEXT), severity="S2-Moderate")
        world.look()
        corrected = make_evidence("b@two.example", place=EvidencePlace.TEMPLATE)
        desk.partner_writes(TICKET, corrected)
        world.receives(key="mail", hint=EventHint.CONVERSATION)

        world.look()

        assert decision(world).account_id == "A2"
        assert desk.tickets[TICKET].customer_primary_email == "b@two.example"

    def test_no_more_are_read_than_the_budget_allows(self, desk, world):
        for number in range(MAILS_READ + 2):
            desk.partner_writes(TICKET, UNKNOWN_ADDRESS)
            world.receives(key=f"mail {number}", hint=EventHint.CONVERSATION)
            world.look()

        assert desk.count("read_contents") == MAILS_READ
        assert "R45: not read: mails of the partner after the first 20" in map(str, decision(world).reasons)

    def test_mails_that_an_older_version_read_are_read_again(self, desk, world, monkeypatch):
        desk.partner_writes(TICKET, ZOID)
        with monkeypatch.context() as older:
            older.setattr(memory, "READING", 0)
            world.look()
        desk.thread_evidence[TICKET]["1"] = (make_evidence(ADMIN, place=EvidencePlace.QUOTED),)
        world.receives(key="again", hint=EventHint.CONVERSATION)

        world.look()

        assert (desk.count("read_contents"), decision(world).unproven) == (2, True)

    @pytest.mark.parametrize(
        "facts",
        [
            pytest.param({"evidence": [make_evidence(ADMIN)]}, id="the customer field leads to the account"),
            pytest.param({"status_type": "Closed"}, id="the ticket is closed"),
        ],
    )
    def test_they_are_not_read_without_need(self, desk, world, ticket, facts):
        ticket(*facts.pop("evidence", []), **facts)
        desk.partner_writes(TICKET, ZOID)

        world.look()

        assert desk.count("read_contents") == 0


def test_without_data_no_mail_is_read(desk, world):
    world.subscriptions = NoData()
    desk.partner_writes(TICKET, ZOID)

    world.look()

    assert "read_contents" not in desk.calls


class NoData:
    """Subscriptions before the first import."""

    def current(self):
        return ()

    def find(self, identifiers):
        return {}


@pytest.mark.parametrize(
    ("admitted", "filled"),
    [pytest.param((), None, id="by default"), pytest.param((WeakEvidence.QUOTED,), ADMIN, id="if the mapping says so")],
)
def test_quoted_evidence_acts_only_if_the_mapping_lets_it(desk, world, ticket, admitted, filled):
    world.policy = replace(world.policy, admitted=admitted)
    ticket(make_evidence(ADMIN, place=EvidencePlace.QUOTED))

    world.look()

    assert desk.tickets[TICKET].customer_primary_email == filled


class TestTheQuestionForTheCustomer:
    """It is in the note, which is kept up to date by editing."""

    QUOTED = make_evidence(ADMIN, place=EvidencePlace.QUOTED)
    OTHER = make_evidence("b@two.example", place=EvidencePlace.FORWARDED)

    @pytest.fixture(autouse=True)
    def asked(self, desk, world, ticket):
        ticket(self.QUOTED)
        world.look()
        desk.calls.clear()

    def look_again(self, world):
        world.receives(key=f"{world.now()}", state="else")
        world.look()
        world.waits(minutes=1)

    def test_it_names_the_candidates_and_what_settles_it(self, desk):
        [note] = desk.comments[TICKET]

        assert note.startswith("Which customer is this about? What the ticket names is not certain enough")
        assert f"- large.example (super admin {ADMIN}): email {ADMIN} (in quoted text)" in note
        assert "To do: enter the super admin's address in Customer Primary Email Address." in note
        assert f"`desk-sync review bind ticket:{TICKET} ACCOUNT`" in note

    def test_it_is_edited_in_place_when_the_suggestion_changes(self, desk, world, ticket):
        for evidence in [(self.OTHER,), (self.OTHER, self.QUOTED), (self.QUOTED,)]:
            ticket(*evidence)
            self.look_again(world)
            [note] = desk.comments[TICKET]

            named = "- two.example (super admin b@two.example)" in note, "- large.example (super admin" in note
            assert named == (self.OTHER in evidence, self.QUOTED in evidence)

    def test_it_is_left_alone_while_the_suggestion_is_the_same(self, desk, world):
        self.look_again(world)

        assert "edit_comment" not in desk.calls

    def test_one_that_a_person_deleted_is_made_again_only_when_something_changes(self, desk, world, ticket):
        desk.comments[TICKET].clear()
        self.look_again(world)
        unchanged = list(desk.comments[TICKET])
        ticket(self.OTHER)
        self.look_again(world)
        self.look_again(world)

        assert (unchanged, len(desk.comments[TICKET])) == ([], 1)

    def test_an_edit_that_desk_did_not_accept_is_made_later(self, desk, world, ticket):
        desk.comment_trouble = TemporaryError("Desk is busy")
        ticket(self.OTHER)
        self.look_again(world)
        desk.comment_trouble = None
        world.waits(hours=1)
        self.look_again(world)

        [note] = desk.comments[TICKET]
        assert "- two.example (super admin b@two.example)" in note


def test_a_question_that_comes_up_later_is_asked_in_a_comment_of_its_own_once(desk, world, ticket):
    """An edit of the note asks nobody anew."""
    ticket(make_evidence(ADMIN, place=EvidencePlace.TEXT))
    world.look()
    for number in range(2):
        ticket(make_evidence("admim@large.example", place=EvidencePlace.TEMPLATE))
        world.receives(key=f"again {number}", state="else")
        world.look()

    note, question = desk.comments[TICKET]
    assert note.startswith("Which customer is this about? No account was found for what the ticket names")
    assert question.startswith("Which customer is this about? No account was found")
    assert "Why:" not in question
    assert world.tickets.history(TICKET).memory.note.asked == frozenset()
