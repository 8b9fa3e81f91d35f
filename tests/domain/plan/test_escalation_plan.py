"""The escalation at one look: what each mode lets it do, the tickets that it wakes, and its memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.commitment.seen_items import SeenItems, SeenState
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import LadderCause, LadderSignal, SignalEffect
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.ticket.ticket import Field
from tests.support.clock_scenes import HOUR
from tests.support.makers import NOW, PERSON, QUESTIONS, make_memory
from tests.support.plan_scenes import (
    ADA,
    LARGE,
    LATE,
    LATE_TICKET,
    PAIRS,
    PRAIRIE,
    STAFFED,
    draft,
    known_clocks,
    make_agent,
    past,
    related_at,
    with_escalation,
    with_rules,
)

OTHER = "3"
TOGETHER = with_escalation(STAFFED, clusters=(PAIRS,), questions=replace(QUESTIONS, tickets=2, level=1))


def escalating(ticket=LATE_TICKET, memory=None, *, mode=Mode.WRITE, policy=None, **facts):
    policy = with_rules(policy or with_escalation(), mode=mode)
    return draft(ticket, LARGE, memory, policy, **LATE | facts).escalation


@pytest.mark.parametrize(
    ("mode", "raised", "comments", "sent"),
    [
        pytest.param(Mode.SHADOW, 0, [], 0, id="shadow"),
        pytest.param(Mode.COMMENT, 1, [False], 1, id="comment: nothing for the partner"),
        pytest.param(Mode.WRITE, 1, [False, True], 1, id="write"),
    ],
)
def test_the_mode_decides_whether_a_breach_is_raised_and_who_gets_a_comment(mode, raised, comments, sent):
    found = escalating(mode=mode)
    plan = found.finish()

    assert len(plan.memory.state.raised) == raised
    assert [each.public for each in found.comments({})] == comments
    assert len(plan.messages) == sent


class TestAReplyThatIsBeingSent:
    SENDING = SeenItems(read_at=NOW - HOUR / 60, states={"1": SeenState.PENDING}, since={"1": NOW - HOUR / 30})

    def test_no_level_is_raised_and_nothing_is_forgotten(self):
        found = escalating(memory=known_clocks("0h s1", threads_seen=self.SENDING))
        plan = found.finish()

        assert (plan.memory.state, list(found.comments({})), plan.messages) == (EscalationState(), [], ())
        assert plan.next_step_at == self.SENDING.awaited_until
        assert "a reply is being sent" in str(found.outcome.reasons[-1])

    @pytest.mark.parametrize(
        ("answers", "raised"),
        [({LadderSignal.REPLY: SignalEffect.STOP}, 0), ({LadderSignal.REPLY: SignalEffect.NOTHING}, 1), ({}, 1)],
        ids=["a reply stops the ladder", "it does not", "the mapping has no rule"],
    )
    def test_only_a_ladder_that_a_reply_stops_waits_for_it(self, answers, raised):
        policy = with_escalation(answers=dict.fromkeys(LadderCause, answers))

        found = escalating(memory=known_clocks("0h s1", threads_seen=self.SENDING), policy=policy)

        assert len(found.finish().memory.state.raised) == raised

    def test_a_report_of_a_security_breach_does_not_wait(self):
        ticket = replace(LATE_TICKET, issue_type="security")

        found = escalating(ticket, known_clocks("0h s1", threads_seen=self.SENDING))

        assert LadderCause.SECURITY in [each.because for each in found.finish().memory.state.raised]

    def test_it_is_no_reason_where_nothing_is_raised(self):
        found = escalating(memory=known_clocks("0h s1", threads_seen=self.SENDING), history=past(hours=1))

        assert not any("being sent" in str(each) for each in found.outcome.reasons)


class TestLevelsDue:
    def test_a_level_was_due_when_the_commitment_ran_out_or_its_wait_was_over(self):
        first = escalating(memory=known_clocks("0h s1"))
        state = first.finish().memory.state
        an_hour_ago = replace(state, raised=(replace(state.raised[0], at=NOW - 3 * HOUR),))
        second = escalating(memory=known_clocks("0h s1", state=an_hour_ago))

        assert (first.levels_due, second.levels_due) == ([NOW - HOUR], [NOW - HOUR])

    def test_a_level_that_was_raised_already_is_not_due(self):
        state = escalating(memory=known_clocks("0h s1")).finish().memory.state

        assert escalating(memory=known_clocks("0h s1", state=state)).levels_due == []

    def test_a_report_of_a_security_breach_is_raised_whatever_was_written(self):
        found = escalating(replace(LATE_TICKET, issue_type="security"), history=past(hours=0))

        assert found.outcome.steps
        assert found.levels_due == []

    def test_without_clocks_none_is_due(self):
        assert escalating(history=None).levels_due == []


def test_a_breach_from_the_time_in_shadow_is_not_raised_when_escalation_is_enabled():
    in_shadow = escalating(mode=Mode.SHADOW).finish().memory

    later = escalating(memory=make_memory(state=in_shadow.state)).finish()

    assert (later.memory.state.raised, later.messages) == ((), ())


def test_in_shadow_too_many_questions_send_no_message():
    howto = replace(LATE_TICKET, issue_type="howto")
    facts = {
        "policy": TOGETHER,
        "related": RelatedFacts(questions=related_at(-5).questions),
        "writer": PRAIRIE,
        "history": past(hours=0),
    }

    assert [len(escalating(howto, mode=mode, **facts).finish().messages) for mode in Mode] == [0, 1, 1]


def test_without_clocks_there_is_no_escalation_and_its_state_stays():
    state = EscalationState(known=frozenset({"security"}))
    found = escalating(replace(LATE_TICKET, issue_type="security"), make_memory(state=state), history=None)

    assert (found.agents_needed, found.fields, found.actions({}), [*found.comments({})]) == (frozenset(), {}, {}, [])
    assert found.finish().memory.state == state


def test_a_request_is_remembered_even_without_clocks():
    requests = escalating(replace(LATE_TICKET, escalation_request=True), history=None).finish().memory.requests

    assert requests.request.at == NOW


def test_a_raised_level_assigns_the_ticket_to_an_agent_whom_desk_knows():
    found = escalating()

    assert ADA.agent in found.agents_needed
    assert found.actions({ADA.agent: make_agent()})[Field.ASSIGNEE].value == PERSON
    assert Field.ASSIGNEE not in found.actions({ADA.agent: None})


def test_the_next_step_is_the_next_level_of_the_ladder():
    assert escalating().finish().next_step_at == NOW + 2 * HOUR
    assert escalating(history=past(hours=0)).finish().next_step_at is None


class TestWakes:
    """A ticket that is news may make an earlier one the last of a cluster; that one must be looked at again."""

    SEVERE = RelatedFacts(severe=related_at(1).severe)
    ASKED = RelatedFacts(questions=related_at(1).questions)
    HOWTO = replace(LATE_TICKET, issue_type="howto")

    @pytest.mark.parametrize(
        ("memory", "woken"),
        [
            pytest.param(None, {OTHER}, id="its first look"),
            pytest.param(known_clocks("0h s3"), {OTHER}, id="it has become severe"),
            pytest.param(known_clocks("0h s1"), set(), id="it was severe at the last look"),
        ],
    )
    def test_a_newly_severe_ticket_wakes_the_last_of_its_cluster(self, memory, woken):
        assert escalating(memory=memory, policy=TOGETHER, related=self.SEVERE).finish().wakes == woken

    @pytest.mark.parametrize(
        ("memory", "woken"),
        [
            pytest.param(None, {OTHER}, id="its first look"),
            pytest.param(known_clocks("0h s3"), set(), id="a later one"),
        ],
    )
    def test_a_new_question_wakes_the_ticket_that_reached_the_limit(self, memory, woken):
        found = escalating(self.HOWTO, memory, policy=TOGETHER, related=self.ASKED, writer=PRAIRIE)

        assert found.finish().wakes == woken

    def test_a_ticket_does_not_wake_itself(self):
        found = escalating(self.HOWTO, policy=TOGETHER, related=related_at(-5), writer=PRAIRIE)

        assert found.finish().wakes == frozenset()

    def test_without_clocks_none_is_woken(self):
        assert escalating(policy=TOGETHER, related=self.SEVERE, history=None).finish().wakes == frozenset()
