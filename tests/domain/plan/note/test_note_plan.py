"""The note of one look: which tickets get it, what it asks anew, and the field in its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.plan.memory import Memory, NoteMemory
from desk_sync.domain.plan.note.note_plan import LONGEST_EXPLANATION
from desk_sync.domain.plan.note_policy import Explain
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.ticket import Field
from tests.support.makers import (
    POLICY,
    TICKETS,
    make_account,
    make_lookup,
    make_ticket,
)
from tests.support.note_scenes import TYPO, explaining, text
from tests.support.plan_scenes import (
    LARGE,
    LATE,
    LATE_TICKET,
    NO_DATA,
    SEVERITY,
    SMALL,
    STALE,
    TREATED,
    UNDECIDED,
    UNKNOWN,
    UNPROVEN,
    after_ours,
    carry_out,
    draft,
    look,
)

CHANGED, ASKED, ALL, NEVER = Explain


class TestTheTicketsWithANote:
    @pytest.mark.parametrize(
        ("ticket", "lookup", "by"),
        [
            pytest.param(make_ticket(), LARGE, {CHANGED, ALL}, id="box and severity are written"),
            pytest.param(make_ticket(**TREATED), LARGE, {CHANGED, ALL}, id="a large account that needs nothing"),
            pytest.param(make_ticket(), SMALL, {ALL}, id="a small account, and nothing to write"),
            pytest.param(make_ticket(customer_primary_email=None), SMALL, {CHANGED, ALL}, id="the address is written"),
            pytest.param(make_ticket(), UNDECIDED, {CHANGED, ASKED, ALL}, id="a person must decide"),
            pytest.param(make_ticket(), UNPROVEN, {CHANGED, ASKED, ALL}, id="a suggestion"),
            pytest.param(make_ticket(), TYPO, {CHANGED, ASKED, ALL}, id="a typo"),
            pytest.param(make_ticket(), STALE, {CHANGED, ASKED, ALL}, id="old data"),
            pytest.param(make_ticket(), UNKNOWN, {ALL}, id="the ticket names no customer"),
            pytest.param(make_ticket(), NO_DATA, {ALL}, id="no data yet"),
            pytest.param(make_ticket(status_type="Closed"), UNPROVEN, {ALL}, id="closed"),
            pytest.param(make_ticket(in_bin=True), UNPROVEN, {ALL}, id="in the bin"),
            pytest.param(make_ticket(), replace(TYPO, whole=False), {ALL}, id="a source did not answer"),
            pytest.param(
                make_ticket(inferred=(Inference("outage", "en"),)), SMALL, {CHANGED, ASKED, ALL}, id="words suggest"
            ),
            pytest.param(
                make_ticket(inferred=(Inference("outage", "en"),), issue_type="howto"), SMALL, {ALL}, id="type stated"
            ),
        ],
    )
    def test_by_the_setting(self, ticket, lookup, by):
        assert {each for each in Explain if look(ticket, lookup, policy=explaining(each)).note} == by

    def test_a_clock_that_is_late_is_a_reason_for_all_but_never(self):
        noted = {each for each in Explain if look(LATE_TICKET, SMALL, policy=explaining(each), **LATE).note}

        assert noted == {CHANGED, ASKED, ALL}

    def test_in_shadow_there_is_none_and_in_comment_mode_only_what_is_written_lacks(self):
        modes = {
            mode: look(ticket, lookup, policy=replace(POLICY, tickets=replace(TICKETS, mode=mode))).note is not None
            for mode in Mode
            for ticket, lookup in [(make_ticket(customer_primary_email=None), SMALL)]
        }

        assert modes == {Mode.SHADOW: False, Mode.COMMENT: False, Mode.WRITE: True}

    def test_one_that_exists_is_kept_though_nothing_of_ours_is_left(self):
        assert text(lookup=SMALL, memory=Memory(note=NoteMemory(digest="before"))).startswith("Not a large account: ")

    def test_a_loop_is_said_and_what_ends_it(self):
        said = text(make_ticket(), LARGE, after_ours(consecutive_writes=TICKETS.write_limit))

        assert "Another program undoes what is written here" in said
        assert "To do: change the ticket, or have an administrator find the program" in said


class TestAQuestionThatComesUpLater:
    def questions(self, lookup, **note):
        plan = look(lookup=lookup, memory=Memory(note=NoteMemory(**note)))
        return [each.key for each in plan.effects]

    def test_it_is_a_comment_of_its_own_as_an_edit_asks_no_person(self):
        assert self.questions(UNPROVEN, digest="before") == ["customer"]
        assert self.questions(UNDECIDED, digest="before") == ["review:A1:REVIEW"]

    def test_the_note_that_was_made_with_it_has_asked_it(self):
        assert self.questions(UNPROVEN) == []
        assert self.questions(UNPROVEN, digest="before", asked=frozenset({"customer"})) == []
        first = draft(lookup=UNPROVEN)
        _, memory = carry_out(first.finish(agents={}, last_education=None), first.observed, first.memory)
        assert memory.note.asked == frozenset({"customer"})

    def test_where_nothing_is_asked_there_is_none(self):
        assert self.questions(LARGE, digest="before") == []


class TestTheFieldThatExplains:
    POLICY = replace(POLICY, shown=frozenset({Field.EXPLANATION}))

    def test_the_sentence_is_written_in_the_same_call_and_no_note_is_made(self):
        plan = look(make_ticket(), LARGE, policy=self.POLICY)

        assert plan.fields.writes[Field.EXPLANATION].startswith("Severity 1: large.example")
        assert plan.fields.writes[SEVERITY] == "S1-Critical"
        assert plan.note is None

    @pytest.mark.parametrize(
        ("ticket", "lookup"),
        [
            (make_ticket(), UNDECIDED),
            (make_ticket(not_on_layout=frozenset({Field.EXPLANATION})), LARGE),
        ],
        ids=["a person is asked", "the layout lacks the field"],
    )
    def test_the_note_is_made_where_it_is_needed(self, ticket, lookup):
        assert look(ticket, lookup, policy=self.POLICY).note is not None

    def test_it_fits_into_a_line_of_text(self):
        long = make_lookup(make_account(88, super_admin_email=f"{'a' * 300}@large.example"))

        plan = look(make_ticket(), long, policy=self.POLICY)

        assert len(plan.fields.writes[Field.EXPLANATION]) == LONGEST_EXPLANATION

    def test_nothing_is_written_where_nothing_is_to_be_explained(self):
        assert Field.EXPLANATION not in look(make_ticket(), SMALL, policy=self.POLICY).fields.writes
