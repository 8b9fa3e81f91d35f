"""From the facts of a look to a plan: pure, in any order, and without effect in shadow (L4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace, IdentifierKind
from desk_sync.domain.commitment.seen_items import SeenItems, SeenState
from desk_sync.domain.escalation.requests import Requester
from desk_sync.domain.escalation.triggers import RequestGate
from desk_sync.domain.plan.draft import DOUBTFUL, ESCALATION_REQUESTED, IDLE, LOOP, draft_plan
from desk_sync.domain.plan.education import LastEducation
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.ticket.effect import EffectKind
from tests.support.clock_scenes import HOUR
from tests.support.makers import (
    ESCALATION,
    NOW,
    POLICY,
    ROBOT,
    TICKETS,
    make_evidence,
    make_memory,
    make_ticket,
)
from tests.support.plan_scenes import (
    ADA,
    BOX,
    EVERYTHING,
    FALLBACK,
    LARGE,
    LATE,
    LATE_TICKET,
    PRAIRIE,
    SEVERITY,
    SMALL,
    UNDECIDED,
    UNKNOWN,
    after_ours,
    draft,
    known_clocks,
    look,
    make_agent,
    memories,
    modes,
    observations,
    past,
    with_escalation,
    with_rules,
)

drafts = st.builds(
    lambda observed, memory, mode: draft_plan(observed, memory, with_rules(EVERYTHING, mode=mode)),
    observations,
    memories,
    modes,
)
agents = st.fixed_dictionaries(
    {ADA.agent: st.sampled_from([None, make_agent()]), FALLBACK: st.sampled_from([None, make_agent("9")])}
)
educations = st.sampled_from(
    [
        None,
        LastEducation(ticket_id="2", at=NOW),
        LastEducation(ticket_id="2", at=NOW - timedelta(days=40)),
        LastEducation(ticket_id=make_ticket().ticket_id, at=NOW),
    ]
)
PARTS = ("decision", "fields", "clocks", "escalation", "education", "agents_needed", "partner_key")


@given(drafts, agents, educations)
def test_the_same_inputs_give_the_same_plan_to_the_byte(drafted, found, last):
    """L4."""
    again = draft_plan(drafted.observed, drafted.memory, drafted.policy)

    assert repr(drafted.finish(agents=found, last_education=last)) == repr(
        again.finish(agents=found, last_education=last)
    )


@given(drafts, st.permutations(PARTS), agents, educations)
def test_the_order_in_which_a_draft_is_read_does_not_matter(drafted, order, found, last):
    other = draft_plan(drafted.observed, drafted.memory, drafted.policy)
    for name in order:
        getattr(other, name)

    assert repr(drafted.finish(agents=found, last_education=last)) == repr(
        other.finish(agents=found, last_education=last)
    )


@given(drafts, agents, educations)
def test_finishing_a_draft_leaves_it_as_it_was(drafted, found, last):
    first = repr(drafted.finish(agents={}, last_education=None))
    drafted.finish(agents=found, last_education=last)

    assert repr(drafted.finish(agents={}, last_education=None)) == first


@given(drafts, agents, educations)
def test_a_draft_that_lacks_no_fact_has_one_plan_whatever_facts_it_is_given(drafted, found, last):
    assume(not drafted.agents_needed and drafted.partner_key is None)

    assert drafted.finish(agents=found, last_education=last) == drafted.finish(agents={}, last_education=None)


@given(drafts)
def test_the_conversation_is_needed_only_for_a_breach_or_a_level(drafted):
    plan = drafted.finish(agents={}, last_education=None)
    breaches = [each for each in plan.effects if each.key.endswith(":breached")]
    levels = len(plan.escalation.memory.state.raised) > len(drafted.memory.escalation.state.raised)

    assert not drafted.needs_conversation or breaches or levels


@given(drafts)
def test_once_read_the_conversation_is_needed_no_more(drafted):
    """One reading is enough for a look."""
    memory = drafted.memory
    seen = replace(memory.clocks, threads_seen=SeenItems(read_at=NOW), comments_seen=SeenItems(read_at=NOW))

    assert not draft_plan(drafted.observed, replace(memory, clocks=seen), drafted.policy).needs_conversation


@given(drafts)
def test_agents_are_needed_only_for_a_level_that_is_raised_now(drafted):
    before = drafted.memory.escalation.state.raised
    after = drafted.finish(agents={}, last_education=None).escalation.memory.state.raised

    assert not drafted.agents_needed or len(after) > len(before)


@given(observations, memories, agents, educations)
def test_in_shadow_nothing_is_written_or_sent_and_no_education_is_claimed(observed, memory, found, last):
    drafted = draft_plan(observed, memory, with_rules(EVERYTHING, mode=Mode.SHADOW))
    plan = drafted.finish(agents=found, last_education=last)

    assert (plan.fields.writes, plan.comments, plan.escalation.messages, plan.education) == ({}, (), (), None)
    assert (drafted.agents_needed, drafted.partner_key) == (frozenset(), None)
    assert plan.escalation.memory.state.raised == memory.escalation.state.raised


@given(observations, memories, educations)
def test_only_the_mode_write_addresses_the_partner(observed, memory, last):
    plan = draft_plan(observed, memory, with_rules(EVERYTHING, mode=Mode.COMMENT)).finish(
        agents={}, last_education=last
    )

    assert not any(each.public for each in plan.comments)
    assert plan.education is None


@given(drafts, educations)
def test_a_public_education_is_in_the_plan_if_and_only_if_it_is_claimed(drafted, last):
    plan = drafted.finish(agents={}, last_education=last)
    replies = [each for each in plan.effects if each.public and each.kind is EffectKind.EDUCATION]

    assert replies == ([plan.education.reply] if plan.education else [])


@pytest.mark.parametrize(
    ("severity", "urgency"),
    [("S1-Critical", 1), ("S2-Moderate", 2), (None, 3), ("a value that the mapping does not name", 3)],
)
def test_the_more_severe_ticket_is_the_more_urgent(severity, urgency):
    assert look(make_ticket(severity=severity), UNKNOWN).urgency == urgency


@pytest.mark.parametrize(
    ("history", "at"),
    [
        pytest.param(past(hours=0), NOW + HOUR, id="the target of the first clock"),
        pytest.param(past(hours=4), NOW + 2 * HOUR, id="the next level, before the clocks' next change"),
        pytest.param(past("30m paused", hours=4), NOW + IDLE, id="nothing changes by itself"),
        pytest.param(None, NOW + IDLE, id="no clocks"),
    ],
)
def test_the_next_look_is_at_the_first_change_of_clocks_or_escalation(history, at):
    ticket = make_ticket(created_at=history and history.created_at)

    assert look(ticket, LARGE, history=history).next_look_at == at


@pytest.mark.parametrize(
    ("put_away", "at"),
    [
        pytest.param({}, NOW + IDLE, id="open: its changes may be missed by deliveries and sweeps"),
        pytest.param({"status_type": "On Hold"}, NOW + IDLE, id="on hold"),
        pytest.param({"status_type": "Closed"}, None, id="closed"),
        pytest.param({"in_bin": True}, None, id="in the bin"),
    ],
)
def test_an_open_ticket_of_which_nothing_is_expected_is_looked_at_once_a_day(put_away, at):
    assert look(make_ticket(**put_away), LARGE).next_look_at == at


@pytest.mark.parametrize(
    ("threads", "comments", "mode", "needed"),
    [
        pytest.param(None, None, Mode.WRITE, True, id="never read"),
        pytest.param(NOW - 2 * HOUR, NOW, Mode.WRITE, True, id="the threads were read before it ran out"),
        pytest.param(NOW, NOW - 2 * HOUR, Mode.WRITE, True, id="the comments were"),
        pytest.param(NOW - HOUR, NOW - HOUR, Mode.WRITE, False, id="both were read when it ran out"),
        pytest.param(None, None, Mode.COMMENT, True, id="in the mode comment too"),
        pytest.param(None, None, Mode.SHADOW, False, id="in shadow nothing is told"),
    ],
)
def test_a_breach_needs_a_conversation_that_was_read_since_the_commitment_ran_out(threads, comments, mode, needed):
    memory = known_clocks("0h s1", threads_seen=SeenItems(read_at=threads), comments_seen=SeenItems(read_at=comments))

    assert draft(LATE_TICKET, memory=memory, policy=with_rules(mode=mode), **LATE).needs_conversation is needed


def test_while_a_reply_is_being_sent_the_next_look_is_soon():
    minute = HOUR / 60
    seen = SeenItems(read_at=NOW - minute, states={"1": SeenState.PENDING}, since={"1": NOW - 3 * minute})

    plan = look(LATE_TICKET, memory=known_clocks("0h s1", threads_seen=seen), **LATE)

    assert plan.next_look_at == NOW + minute


class TestReasonsAndQuestions:
    def test_a_field_that_a_person_set_is_a_reason(self):
        plan = look(make_ticket(large_user=True, severity="S3-Minimal"), LARGE, after_ours())

        because = "L7: severity stays as a person set it, until what ours is based on changes later"
        assert because in map(str, plan.decision.reasons)

    def test_a_value_without_a_field_is_a_reason_and_a_question_only_if_it_was_never_written(self):
        moved = make_ticket(not_on_layout=frozenset({BOX, SEVERITY}))
        reason = "L8: severity is not written: the ticket's layout has no place for it"

        never, before = look(moved, LARGE).decision, look(moved, LARGE, after_ours()).decision

        assert reason in map(str, never.reasons)
        assert reason in map(str, before.reasons)
        assert (len(never.questions), before.questions) == (2, ())
        assert never.questions[1] == "whether the ticket's layout should have severity"

    def test_a_small_accounts_ticket_needs_no_field(self):
        assert not look(make_ticket(not_on_layout=frozenset({BOX, SEVERITY})), SMALL).decision.questions

    def test_a_loop_is_the_last_reason(self):
        memory = after_ours(consecutive_writes=TICKETS.write_limit)

        plan = look(make_ticket(modified_by=ROBOT), LARGE, memory)

        assert str(plan.decision.reasons[-1]) == f"L14: {LOOP}"
        assert "Another program undoes what is written here" in plan.note.comment.text

    def test_a_request_that_a_person_must_decide_is_a_question_with_its_reason(self):
        rules = replace(ESCALATION.requests, gates={Requester.PARTNER: RequestGate.NEVER})
        policy = with_escalation(requests=rules)

        plan = look(make_ticket(escalation_request=True), SMALL, policy=policy, history=past(hours=0))

        assert plan.decision.questions[-1] == ESCALATION_REQUESTED
        assert "the partner asked for an escalation" in str(plan.decision.reasons[-1])

    def test_the_escalation_region_is_a_question_while_the_ticket_is_not_in_the_bin(self):
        kept, binned = (look(make_ticket(in_bin=each), SMALL, history=past()).decision for each in (False, True))

        assert (len(kept.questions), binned.questions) == (1, ())


UNKNOWN_CUSTOMER = make_evidence("user@elsewhere.example")
OF_THE_PARTNER = make_evidence("prairie.example", IdentifierKind.DOMAIN, place=EvidencePlace.TEXT)


@pytest.mark.parametrize(
    ("on_ticket", "from_threads", "educated"),
    [
        pytest.param((), (), True, id="no identifier"),
        pytest.param((UNKNOWN_CUSTOMER,), (), False, id="one on the ticket, of no known account"),
        pytest.param((), (UNKNOWN_CUSTOMER,), False, id="one in a later mail"),
        pytest.param((OF_THE_PARTNER,), (OF_THE_PARTNER,), True, id="only the partner's own domain"),
    ],
)
def test_a_ticket_without_an_identifier_of_a_customer_is_an_occasion_to_educate(on_ticket, from_threads, educated):
    ticket = make_ticket(customer_primary_email=None, evidence=on_ticket)

    plan = look(ticket, UNKNOWN, make_memory(from_threads=from_threads), EVERYTHING, writer=PRAIRIE)

    assert [each.kind for each in plan.effects] == [EffectKind.EDUCATION] * 2 * educated


def test_an_alarm_is_in_the_note_of_the_clocks_and_a_level_in_a_comment_of_its_own():
    plan = look(LATE_TICKET, memory=known_clocks("0h s1"), **LATE)

    assert [each.key for each in plan.effects] == ["escalation:acknowledgement:20261123T050000Z:20261123T080000Z:1"]
    said = plan.note.comment.text.splitlines()
    assert [line.partition(":")[0] for line in said if " is late:" in line or " is at risk:" in line] == [
        "The first reply is late",
        "The next reply is at risk",
    ]


def test_a_value_that_was_intended_before_a_crash_is_ours_in_all_parts_of_the_draft():
    """A person then lowered the severity: that is an override, and the lowered one counts."""
    applied = after_ours().fields.applied
    lowered = make_ticket(large_user=True, severity="S1-Critical")
    settled = draft(lowered, LARGE, make_memory(intended=applied)).memory.fields

    drafted = draft(replace(lowered, severity="S3-Minimal"), LARGE, make_memory(applied=settled.applied))

    assert (drafted.decision.verdict, drafted.clocks.urgency) == (Verdict.PRIORITY, 3)


def test_an_undecided_account_is_noted_in_every_mode_but_shadow():
    counts = {mode: len(look(make_ticket(), UNDECIDED, policy=with_rules(mode=mode)).comments) for mode in Mode}

    assert counts == {Mode.SHADOW: 0, Mode.COMMENT: 1, Mode.WRITE: 1}


def test_the_fields_that_show_the_clocks_are_those_of_the_portal_alone():
    assert look(LATE_TICKET, policy=POLICY, **LATE).fields.writes == {}


@pytest.mark.parametrize(
    ("ticket", "lookup", "mode", "memory", "writes"),
    [
        pytest.param(make_ticket(), LARGE, Mode.WRITE, Memory(), True, id="box and severity are to be written"),
        pytest.param(make_ticket(), LARGE, Mode.COMMENT, Memory(), False, id="nothing is written in this mode"),
        pytest.param(make_ticket(), SMALL, Mode.WRITE, Memory(), False, id="nothing is decided"),
        pytest.param(
            make_ticket(large_user=True, severity="S1-Critical"),
            SMALL,
            Mode.WRITE,
            after_ours(),
            True,
            id="ours go back",
        ),
    ],
)
def test_a_value_of_others_is_about_to_be_replaced(ticket, lookup, mode, memory, writes):
    assert bool(draft(ticket, lookup, memory, with_rules(mode=mode)).replaced) is writes


class TestABreachThatRestsOnUnknownTime:
    """L8: it is a question to people, and nothing in public, until it is proven."""

    def plan(self, unknown):
        created_at = LATE_TICKET.created_at
        span = tuple(created_at + hours * HOUR for hours in unknown)
        history = replace(past("0h s1"), unknown=(span,))
        return look(LATE_TICKET, LARGE, known_clocks("0h s1"), EVERYTHING, **LATE | {"history": history})

    def test_it_escalates_nothing_and_asks(self):
        plan = self.plan((1, 2.5))

        assert plan.escalation.memory.state.raised == ()
        assert not any(each.public or each.kind is EffectKind.ESCALATION for each in plan.effects)
        assert f"clock:{plan.clocks.reading.clocks[0].breach_key}:doubtful" in {each.key for each in plan.effects}
        assert DOUBTFUL in plan.decision.questions
        assert "L8: acknowledgement:1 may be breached: what happened meanwhile is not known" in map(
            str, plan.decision.reasons
        )
        assert plan.next_look_at == NOW + timedelta(minutes=15)

    def test_one_that_is_proven_escalates(self):
        plan = self.plan((1, 1.5))

        assert [each.level for each in plan.escalation.memory.state.raised] == [1]
        assert DOUBTFUL not in plan.decision.questions
