"""A finished plan: its comments, and the memory that it leaves."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from desk_sync.domain.plan.draft import draft_plan
from desk_sync.domain.ticket.ticket import digest
from desk_sync.domain.ticket.waiting_comment import CommentsOutcome
from tests.support.makers import make_evidence, make_memory, make_ticket
from tests.support.plan_scenes import EVERYTHING, LATE, LATE_TICKET, TREATED, look, memories, observations


def test_the_note_is_one_of_the_comments_but_no_one_shot_effect():
    plan = look(LATE_TICKET, policy=EVERYTHING, **LATE)

    assert plan.note.comment in plan.comments
    assert plan.note.comment not in plan.effects
    assert set(plan.effects) < set(plan.comments)


@given(observations, memories)
def test_the_comments_of_a_plan_have_a_key_each(observed, memory):
    """L6: a comment is made once per (ticket, key)."""
    plan = draft_plan(observed, memory, EVERYTHING).finish(agents={}, last_education=None)
    keys = [each.key for each in plan.comments]

    assert len(keys) == len(set(keys))


class TestTheMemoryAfterAPlan:
    before = make_ticket(threads=3, comments=5)
    after = replace(before, **TREATED)

    def memory(self, *, comments_made=0, **facts):
        memory = make_memory(threads_counted=1, comments_counted=1, **facts)
        plan = look(self.before, memory=memory)
        return plan, plan.memory_after(self.before, self.after, memory, CommentsOutcome(made=comments_made))

    def test_it_has_the_digests_of_the_ticket_before_and_after_our_write(self):
        _, memory = self.memory(written_digest="w", read_digest="r")

        assert (memory.read_digest, memory.written_digest) == (digest(self.before), digest(self.after))

    def test_our_own_new_comments_count_as_known(self):
        _, memory = self.memory(comments_made=2)

        assert (memory.clocks.threads_counted, memory.clocks.comments_counted) == (3, 7)

    def test_it_has_the_fields_and_the_escalation_of_the_plan(self):
        plan, memory = self.memory()

        assert (memory.fields, memory.escalation) == (plan.fields.memory, plan.escalation.memory)

    def test_it_keeps_the_evidence_that_was_read(self):
        evidence = (make_evidence("user@large.example"),)
        _, memory = self.memory(from_threads=evidence, threads_read=3, mailboxes=("eu@desk.example",))

        assert (memory.evidence.from_threads, memory.evidence.threads_read) == (evidence, 3)
        assert memory.evidence.mailboxes == ("eu@desk.example",)
