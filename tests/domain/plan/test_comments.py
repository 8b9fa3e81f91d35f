"""The private notes on a decision: what a person must decide, what was replaced, and what the words suggest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.account.identity import EvidencePlace
from desk_sync.domain.account.partner import WRITER_NOT_LOOKED_UP
from desk_sync.domain.plan.comments import notes
from desk_sync.domain.plan.decision import decide
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.domain.ticket.inference import Inference
from tests.support.makers import ADMIN, NOW, POLICY, make_account, make_evidence, make_item, make_lookup, make_ticket
from tests.support.plan_scenes import EMAIL, LARGE, SEVERITY, SMALL, UNDECIDED, UNKNOWN, UNPROVEN

SUGGESTED = (Inference("outage", "en"), Inference("login", "en"))


def noted(ticket=None, lookup=SMALL, wanted=(), *, looping=False):
    ticket = ticket or make_ticket()
    decision = decide(ticket, lookup, WRITER_NOT_LOOKED_UP, POLICY, NOW)
    return list(notes(ticket, lookup, decision, wanted, looping=looping))


@pytest.mark.parametrize("lookup", [LARGE, SMALL, UNKNOWN], ids=["large", "not large", "unknown"])
def test_a_settled_or_unknown_account_needs_no_note(lookup):
    assert noted(lookup=lookup) == []


OLD = make_lookup(make_account(12), age=timedelta(days=8))
TYPO = make_lookup(named=(make_evidence("admim@large.example", place=EvidencePlace.TEMPLATE),))


@pytest.mark.parametrize(
    ("lookup", "head", "named"),
    [
        pytest.param(UNPROVEN, "not certain enough", ["account A1", f"email {ADMIN} (quoted text)"], id="a suggestion"),
        pytest.param(TYPO, "found no account", ["email admim@large.example (template)"], id="a typo"),
        pytest.param(OLD, "too old", ["unknown since"], id="data that are too old"),
    ],
)
def test_a_ticket_that_names_a_customer_and_proves_none_asks_a_person_once(lookup, head, named):
    [note], [again] = noted(lookup=lookup), noted(make_ticket(severity="S3-Minimal"), lookup)

    assert note.kind is EffectKind.REVIEW
    assert note.text.startswith("desk-sync ")
    assert head in note.text.splitlines()[0]
    assert all(each in note.text for each in (*named, "To settle it"))
    assert note.state is not None
    assert (note.key, note.state) == (again.key, again.state)


def test_an_account_without_a_super_admin_is_named_as_one():
    [candidate] = UNPROVEN.candidates
    unowned = replace(candidate, account=make_account(88, super_admin_email="", zoids=("100055000",)))

    [note] = noted(lookup=replace(UNPROVEN, candidates=(unowned,)))

    assert f"- account A1, no known super admin: email {ADMIN} (quoted text)" in note.text


@pytest.mark.parametrize(
    ("ticket", "lookup"),
    [
        pytest.param(make_ticket(status_type="Closed"), UNPROVEN, id="closed"),
        pytest.param(make_ticket(in_bin=True), UNPROVEN, id="in the bin"),
        pytest.param(make_ticket(), replace(TYPO, whole=False), id="a source did not answer"),
        pytest.param(make_ticket(), replace(TYPO, snapshot=None), id="no data"),
    ],
)
def test_it_is_not_asked_in_vain(ticket, lookup):
    assert noted(ticket, lookup) == []


def test_a_note_on_an_undecided_account_gives_the_reasons_once_for_each_ticket_and_account():
    [first], [again] = noted(lookup=UNDECIDED), noted(make_ticket(severity="S3-Minimal"), UNDECIDED)
    [other] = noted(lookup=make_lookup(make_account(account_id="A2", items=(make_item(88, status="unpaid"),))))

    assert "unpaid" in first.text
    assert first.key == again.key != other.key
    assert first.reference("1") != first.reference("2")


def test_a_loop_is_noted_once_for_each_account():
    [note] = noted(lookup=LARGE, looping=True)

    assert (note.kind, note.key) == (EffectKind.REVIEW, "loop:A1:PRIORITY")
    assert "another program" in note.text


@pytest.mark.parametrize(
    ("address", "wanted", "noted_address"),
    [
        pytest.param("user@large.example", {EMAIL, SEVERITY}, True, id="another address is replaced"),
        pytest.param("user@large.example", {SEVERITY}, False, id="the address is not written"),
        pytest.param(None, {EMAIL}, False, id="the field was empty"),
    ],
)
def test_the_address_that_is_replaced_is_kept_in_a_note(address, wanted, noted_address):
    found = [note.text for note in noted(make_ticket(customer_primary_email=address), wanted=wanted)]

    assert ["user@large.example" in text for text in found] == [True] * noted_address


class TestSuggestions:
    """The words of a ticket may suggest an issue type; the agents set it."""

    def test_one_note_names_each_suggested_type(self):
        [note] = noted(make_ticket(inferred=SUGGESTED))

        assert "words of the ticket suggest an outage" in note.text
        assert "words of the ticket suggest a login problem" in note.text

    @pytest.mark.parametrize("facts", [{"issue_type": "howto"}, {"status_type": "Closed"}], ids=["stated", "closed"])
    def test_there_is_none_if_the_type_is_stated_or_the_ticket_closed(self, facts):
        assert noted(make_ticket(inferred=SUGGESTED, **facts)) == []


def test_no_note_is_public():
    everything = replace(make_ticket(customer_primary_email="user@large.example"), inferred=SUGGESTED)

    found = noted(everything, UNDECIDED, {EMAIL}, looping=True)

    assert [note.public for note in found] == [False] * 4
