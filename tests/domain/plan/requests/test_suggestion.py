"""What a partner asks for in words is a note for agents and an entry for review; it raises nothing (R33, R34)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.escalation.triggers import WordsEffect
from desk_sync.domain.plan.requests.suggestion import RequestSuggestion
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.domain.ticket.written_request import DESCRIPTION, RequestKind, WrittenRequest
from tests.support.makers import ESCALATION, NOW, POLICY, make_ticket
from tests.support.plan_scenes import LARGE, LATE_TICKET, look, past, with_escalation

MAIL = WrittenRequest(kind=RequestKind.ESCALATION, mail="9", at=NOW - timedelta(minutes=10))
LATER = replace(MAIL, mail="10", at=NOW)
DESCRIBED = WrittenRequest(kind=RequestKind.DISSATISFACTION, mail=DESCRIPTION, at=NOW - timedelta(hours=4))


def planned(*mails, policy=POLICY, ticket=None, **facts):
    known = {"history": past("0h reply"), "requests": mails}
    return look(ticket or make_ticket(), LARGE, policy=policy, **known | facts)


def notes(plan):
    return [each for each in plan.effects if each.key.startswith("words:")]


def questions(plan):
    return [each for each in plan.decision.questions if each.startswith("whether to escalate, as the partner")]


def test_it_makes_one_private_note_and_one_question_and_raises_nothing():
    """The response time has passed, so a check box would raise level 1."""
    plan = planned(MAIL, ticket=LATE_TICKET)

    [note], [question] = notes(plan), questions(plan)
    assert (note.key, note.kind, note.public) == ("words:9", EffectKind.REVIEW, False)
    assert (
        question
        == "whether to escalate, as the partner asks for an escalation in the mail of 2026-11-23 09:50 (Europe/Berlin)"
    )
    assert (plan.escalation.memory.state.raised, plan.escalation.memory.state.known) == ((), frozenset())
    assert plan.escalation.messages == ()


def test_each_mail_that_asks_is_a_request_of_its_own():
    plan = planned(LATER, MAIL, ticket=make_ticket(written_request=DESCRIBED))

    assert [each.key for each in notes(plan)] == ["words:description", "words:9", "words:10"]
    assert len(set(questions(plan))) == 3


def test_the_note_of_a_mail_is_the_same_at_each_look():
    later = planned(MAIL, now=NOW + timedelta(hours=1))

    assert notes(later) == notes(planned(MAIL))


@pytest.mark.parametrize("effect", [WordsEffect.OFF, WordsEffect.RAISE])
def test_other_settings_suggest_nothing(effect):
    plan = planned(MAIL, policy=with_escalation(requests=replace(ESCALATION.requests, words=effect)))

    assert notes(plan) == []
    assert questions(plan) == []


def test_no_note_is_made_of_what_a_level_of_this_look_answers():
    policy = with_escalation(requests=replace(ESCALATION.requests, words=WordsEffect.SUGGEST))

    plan = planned(MAIL, policy=policy, ticket=make_ticket(issue_type="security"))

    assert plan.escalation.memory.state.raised
    assert notes(plan) == []


def suggestion(request, **facts):
    [note] = RequestSuggestion(ticket_id="42", requests=[request], **facts).notes()
    return note.text.splitlines()


@pytest.mark.parametrize(
    ("request_made", "facts", "first"),
    [
        pytest.param(
            MAIL,
            {"zone": "Asia/Tokyo"},
            "The partner asks for an escalation in the mail of 2026-11-23 17:50 (Asia/Tokyo). No level was raised.",
            id="an escalation, in local time",
        ),
        pytest.param(
            DESCRIBED,
            {},
            "The partner says that they are dissatisfied in the description of 2026-11-23 05:00Z. No level was raised.",
            id="dissatisfaction, without a region",
        ),
    ],
)
def test_the_note_says_first_what_was_asked_and_when(request_made, facts, first):
    assert suggestion(request_made, **facts)[0] == first


@pytest.mark.parametrize(
    ("box", "way"),
    [
        pytest.param(None, "run: desk-sync review raise 42.", id="the command"),
        pytest.param(
            "cf_escalate",
            "tick cf_escalate on this ticket, or run: desk-sync review raise 42.",
            id="the check box of the portal",
        ),
    ],
)
def test_then_what_to_do(box, way):
    assert suggestion(MAIL, box=box)[1].endswith(f"To escalate, {way}")


@pytest.mark.parametrize(
    ("request_made", "rules"), [(MAIL, "[R33]"), (DESCRIBED, "[R33, R34]")], ids=["escalation", "dissatisfaction"]
)
def test_and_last_why_with_the_rules_at_the_end(request_made, rules):
    lines = suggestion(request_made)

    assert lines[2].startswith("Why: ")
    assert lines[-1].endswith(rules)
    assert "[R" not in "".join(lines[:2])
