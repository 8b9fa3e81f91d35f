"""The note on a ticket: when it is edited, and its kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.plan.memory import NoteMemory
from desk_sync.domain.plan.note.note import NOTE
from desk_sync.domain.ticket.effect import EffectKind
from tests.support.makers import (
    NOW,
    make_account,
    make_lookup,
    make_ticket,
)
from tests.support.plan_scenes import (
    LARGE,
    LATE,
    LATE_TICKET,
    SMALL,
    UNDECIDED,
    carry_out,
    draft,
    look,
    past,
)


class TestWhenItIsEdited:
    def test_a_second_look_at_the_same_facts_leaves_it_alone(self):
        first = draft(LATE_TICKET, **LATE)
        plan = first.finish(agents={}, last_education=None)
        observed, memory = carry_out(plan, first.observed, first.memory)

        assert plan.note.comment.key == NOTE
        assert draft(observed.ticket, memory=memory, **LATE).finish(agents={}, last_education=None).note is None

    def test_neither_time_nor_the_age_of_the_data_is_news(self):
        digests = {
            look(
                make_ticket(), make_lookup(make_account(88), age=age), now=NOW + later, history=past(hours=0)
            ).note.digest
            for age in (timedelta(hours=1), timedelta(hours=2))
            for later in (timedelta(0), timedelta(minutes=5))
        }

        assert len(digests) == 1

    def test_another_verdict_is_news(self):
        assert look(lookup=LARGE).note.digest != look(lookup=UNDECIDED).note.digest

    def test_one_that_was_about_to_be_written_is_remembered_with_its_words(self):
        note = look().note

        memory = NoteMemory(digest="before", words="old")
        assert replace(look(), note=None).note_about_to_be_written(memory) == memory
        intended = look().note_about_to_be_written(memory).intended
        assert (intended.digest, intended.was_replaced(note.comment.text, before="old")) == (note.digest, False)
        assert intended.was_replaced("theirs", before="old")
        assert intended.was_replaced(None, before="old")


class TestItsKind:
    @pytest.mark.parametrize(
        ("ticket", "lookup", "kind"),
        [
            (make_ticket(), UNDECIDED, EffectKind.REVIEW),
            (make_ticket(), LARGE, EffectKind.DECISION),
            (LATE_TICKET, SMALL, EffectKind.DECISION),
        ],
    )
    def test_follows_from_what_it_is_for(self, ticket, lookup, kind):
        facts = LATE if ticket is LATE_TICKET else {}

        note = look(ticket, lookup, **facts).note

        assert (note.comment.kind, note.comment.public) == (kind, False)
