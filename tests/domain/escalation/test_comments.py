"""What is said of an escalation: all of it to agents, a line by notice, its state alone to the partner."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.promise import WALL_CLOCK, Milestone
from desk_sync.domain.escalation.comments import StepFacts, line, private_comment, subject
from desk_sync.domain.escalation.escalate import EscalationState, EscalationStep, LadderContext, escalate
from desk_sync.domain.escalation.ladder import LadderCause, LadderSignal, SignalEffect
from desk_sync.domain.escalation.matrix import EscalationLocation
from desk_sync.domain.escalation.public_update import PublicStep, UpdateTexts
from desk_sync.domain.escalation.staff import DutyPeriod, StaffMember, StaffRoster
from desk_sync.domain.escalation.triggers import EscalationTrigger
from desk_sync.domain.reason import Reason
from tests.support.makers import ESCALATION

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
STAFFED = replace(
    ESCALATION,
    staff=StaffRoster(
        people={"ada": StaffMember(name="ada"), "bob": StaffMember(name="bob")},
        roles={**ESCALATION.staff.roles, "desk": (DutyPeriod("ada"), DutyPeriod("bob"))},
    ),
)


def step(seen: timedelta = timedelta(0), policy=STAFFED, signals=None) -> EscalationStep:
    trigger = EscalationTrigger(
        key="acknowledgement:1", because=LadderCause.ACKNOWLEDGEMENT, at=NOW, reason=Reason("R33", "it broke")
    )
    here = LadderContext(location=EscalationLocation(region="EUROPE_UK", country="DE"), severity=1, calendar=WALL_CLOCK)
    return escalate(EscalationState(), [trigger], signals or {}, here, policy, now=NOW + seen).steps[0]


def clock(state: ClockState, due_at: datetime | None = NOW) -> Clock:
    return Clock(
        milestone=Milestone.ACKNOWLEDGEMENT,
        level=1,
        started_at=NOW - 3 * HOUR,
        read_at=NOW,
        state=state,
        calendar=WALL_CLOCK,
        due_at=due_at,
        used=3 * HOUR,
    )


def test_agents_see_the_whole_picture():
    picture = StepFacts(
        step=step(),
        clocks=[clock(ClockState.BREACHED), clock(ClockState.EXEMPT, None)],
        account="A01, PRIORITY, 88 licences",
        partner="Example, DE, EUROPE_UK",
        mentions={"ada": "42"},
    )

    assert private_comment(picture).splitlines() == [
        "Escalation level 1, because of: acknowledgement",
        "- R33: it broke",
        "Told: desk (zsu[@user:42]zsu, bob)",
        "Partner: Example, DE, EUROPE_UK",
        "Account: A01, PRIORITY, 88 licences",
        "Clock acknowledgement 1: breached, due 2026-11-23 09:00Z, 3 h used",
        "Clock acknowledgement 1: exempt",
        "Next: level 2 at 2026-11-23 11:00Z, unless the ladder stops before",
    ]


def test_a_placeholder_is_told_by_its_name():
    assert "Told: desk\n" in private_comment(StepFacts(step=step(policy=ESCALATION)))


def test_where_nobody_answers_it_says_so():
    nobody = replace(ESCALATION, staff=StaffRoster())

    said = private_comment(StepFacts(step=step(policy=nobody)))

    assert "Told: nobody\n" in said
    assert "- C20: warning: nobody answers at any level" in said


def test_what_was_seen_late_is_told_as_such():
    late = step(5 * HOUR)

    assert "it happened at 2026-11-23 09:00Z and was first seen later" in private_comment(StepFacts(step=late))
    assert "; it happened at 2026-11-23 09:00Z; next: level 2 at 2026-11-23 16:00Z" in line(late, "1042", {})


@pytest.mark.parametrize(
    ("facts", "following"),
    [
        pytest.param({"level": 3, "next_at": None}, "no further level", id="the last level"),
        pytest.param({"next_at": None}, "level 2, when the ladder is not paused any more", id="a paused ladder"),
    ],
)
def test_what_comes_next_is_said(facts, following):
    assert private_comment(StepFacts(step=replace(step(), **facts))).endswith(f"Next: {following}")


def test_a_notice_leads_into_the_ticket_and_says_nothing_of_its_content():
    said = line(step(), "1042", {"ticket": "https://desk.example/1042"})

    assert said == (
        "Ticket 1042: escalation level 1 (acknowledgement); next: level 2 at 2026-11-23 11:00Z, unless the ladder"
        " stops before\n  ticket: https://desk.example/1042"
    )
    assert subject(step(), "1042") == "Ticket 1042: escalation level 1 (acknowledgement)"


UPDATES = UpdateTexts(
    texts={"en": "Request {ticket}: level {level}, {title}. {odd}", "de": "Anfrage {ticket}: Stufe {level}\n"},
    titles={"en": {1: "the desk"}},
)


@pytest.mark.parametrize(
    ("level", "language", "said"),
    [
        pytest.param(1, "en", "Request 7: level 1, the desk. {odd}", id="as it is written"),
        pytest.param(2, "en", "Request 7: level 2, 2. {odd}", id="a level without a title"),
        pytest.param(1, "de-AT", "Anfrage 7: Stufe 1", id="a language with its country"),
        pytest.param(1, "nl", "Request 7: level 1, the desk. {odd}", id="another language: English"),
        pytest.param(1, None, "Request 7: level 1, the desk. {odd}", id="no language: English"),
    ],
)
def test_the_partner_is_told_the_state_in_the_language_of_the_ticket(level, language, said):
    assert UPDATES.text(PublicStep(ticket="7", level=level, answering=level), language) == said


def test_where_nobody_is_listed_at_a_level_the_partner_is_told_who_answers():
    """C20."""
    assert UPDATES.text(PublicStep(ticket="7", level=2, answering=1), "en") == "Request 7: level 2, the desk. {odd}"


def test_without_texts_partners_are_told_nothing():
    assert UpdateTexts().text(PublicStep(ticket="7", level=1, answering=1), "en") is None


def test_a_public_text_is_made_of_nothing_that_partners_must_not_know():
    """§0: who sees licence counts."""
    assert {field.name for field in fields(PublicStep)} == {"ticket", "level", "answering"}


def test_a_step_that_is_raised_while_the_ticket_is_on_hold_says_that_the_next_one_waits():
    held = replace(STAFFED, answers={cause: {LadderSignal.HOLDING: SignalEffect.PAUSE} for cause in LadderCause})

    assert step(policy=held, signals={LadderSignal.HOLDING: [(NOW, None)]}).next_at is None
