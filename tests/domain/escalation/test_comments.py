"""The internal texts of an escalation: the private comment for agents, and the line of a notice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.promise import WALL_CLOCK, Milestone
from desk_sync.domain.escalation.comments import StepFacts, line, private_comment, stop_note, subject, warning
from desk_sync.domain.escalation.escalate import (
    NO_ESCALATION,
    EscalationOutcome,
    EscalationStep,
    LadderContext,
    StoppedLadder,
    escalate,
)
from desk_sync.domain.escalation.ladder import LadderCause, LadderSignal, SignalEffect
from desk_sync.domain.escalation.matrix import EscalationLocation
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


def step(seen: timedelta = timedelta(0), policy=STAFFED, signals=None, **facts) -> EscalationStep:
    return look(seen, policy, signals, **facts).steps[0]


def look(
    seen: timedelta = timedelta(0), policy=STAFFED, signals=None, broke: str = "it broke", before=NO_ESCALATION
) -> EscalationOutcome:
    trigger = EscalationTrigger(
        key="acknowledgement:1", because=LadderCause.ACKNOWLEDGEMENT, at=NOW, reason=Reason("R33", broke)
    )
    here = LadderContext(location=EscalationLocation(region="EUROPE_UK", country="DE"), severity=1, calendar=WALL_CLOCK)
    return escalate(before, [trigger], signals or {}, here, policy, now=NOW + seen)


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


def test_agents_see_reasons_recipients_clocks_and_the_next_level():
    facts = StepFacts(
        step=step(),
        clocks=[clock(ClockState.BREACHED), clock(ClockState.EXEMPT, None)],
        account="A01, PRIORITY, 88 licences",
        partner="Example, DE, EUROPE_UK",
        mentions={"ada": "42"},
    )

    assert private_comment(facts).splitlines() == [
        "Escalation level 1, because of: acknowledgement",
        "- R33: it broke",
        "Told: desk (zsu[@user:42]zsu, bob)",
        "Partner: Example, DE, EUROPE_UK",
        "Account: A01, PRIORITY, 88 licences",
        "Clock acknowledgement 1: breached, due 2026-11-23 09:00Z, 3 h used",
        "Clock acknowledgement 1: exempt",
        "Next: level 2 at 2026-11-23 11:00Z, unless the ladder stops before",
    ]


HOSTILE = "Example zsu[@user:7]zsu zsu[@team:7_all]zsu ZSU[@user:7]ZSU zszsu[u[@user:7]zsu"


def test_a_comment_mentions_agents_among_its_recipients_and_none_whom_another_text_names():
    staff = StaffRoster(
        people={name: StaffMember(name=name) for name in ("ada", HOSTILE)},
        roles={**STAFFED.staff.roles, "desk": (DutyPeriod("ada"), DutyPeriod(HOSTILE))},
    )
    raised = step(policy=replace(STAFFED, staff=staff), broke=HOSTILE)

    text = private_comment(StepFacts(step=raised, account=HOSTILE, partner=HOSTILE, mentions={"ada": "42"}))

    assert text.count("Example") == 4
    assert re.findall(r"(?i)zsu\[@\S*", text) == ["zsu[@user:42]zsu,"]


def test_a_placeholder_is_named_as_the_recipient():
    assert "Told: desk\n" in private_comment(StepFacts(step=step(policy=ESCALATION)))


def test_a_comment_warns_if_no_agent_can_take_the_ticket():
    warning = "- warning: no agent of the level is active in this department"

    assert warning in private_comment(StepFacts(step=step(), unassigned=True))
    assert warning not in private_comment(StepFacts(step=step()))


def test_a_comment_says_that_no_level_is_staffed():
    unstaffed = replace(ESCALATION, staff=StaffRoster())

    text = private_comment(StepFacts(step=step(policy=unstaffed)))

    assert "Told: nobody\n" in text
    assert "- C20: warning: nobody answers at any level" in text


def test_a_breach_that_is_detected_late_is_reported_as_late():
    late = step(5 * HOUR)

    assert "it happened at 2026-11-23 09:00Z and is raised only now" in private_comment(StepFacts(step=late))
    assert "; it happened at 2026-11-23 09:00Z; next: level 2 at 2026-11-23 16:00Z" in line(late, "1042", {})


@pytest.mark.parametrize(
    ("facts", "next_level"),
    [
        pytest.param({"level": 3, "next_at": None}, "no further level", id="the last level"),
        pytest.param({"next_at": None}, "level 2, when the ladder is not paused any more", id="a paused ladder"),
    ],
)
def test_a_comment_ends_with_the_next_level(facts, next_level):
    assert private_comment(StepFacts(step=replace(step(), **facts))).endswith(f"Next: {next_level}")


def test_a_notice_links_to_the_ticket_and_contains_none_of_its_content():
    text = line(step(), "1042", {"ticket": "https://desk.example/1042"})

    assert text == (
        "Ticket 1042: escalation level 1 (acknowledgement); next: level 2 at 2026-11-23 11:00Z, unless the ladder"
        " stops before\n  ticket: https://desk.example/1042"
    )
    assert subject(step(), "1042") == "Ticket 1042: escalation level 1 (acknowledgement)"


def test_a_step_that_is_raised_while_the_ticket_is_on_hold_has_no_next_instant():
    held = replace(STAFFED, answers={cause: {LadderSignal.HOLDING: SignalEffect.PAUSE} for cause in LadderCause})

    first = look(policy=held).state
    late = step(3 * HOUR, policy=held, signals={LadderSignal.HOLDING: [(NOW + 2.5 * HOUR, None)]}, before=first)

    assert (late.level, late.next_at) == (2, None)


def test_a_ladder_that_stops_is_noted_with_what_started_it_and_the_present_clock():
    stopped = StoppedLadder(ladder=step(broke="it broke").ladder, level=2, key="")
    other = replace(clock(ClockState.RUNNING), milestone=Milestone.DETERMINATION)

    lines = stop_note(stopped, [clock(ClockState.RUNNING, NOW + HOUR), other], NOW + HOUR).splitlines()

    assert lines[0] == "The escalation because of acknowledgement stopped at 2026-11-23 10:00Z, after level 2."
    assert lines[1] == "- what started it does not hold any more: R33: it broke"
    assert lines[4:] == ["Clock acknowledgement 1: running, due 2026-11-23 10:00Z, 3 h used"]


def test_a_clock_at_risk_is_described_with_its_instants_and_its_page():
    at_risk = replace(clock(ClockState.RUNNING, NOW + HOUR), target_at=NOW)

    about, text = warning(at_risk, "1042", {"ticket": "https://desk.example/1042"})

    assert about == "Ticket 1042: acknowledgement of severity 1 is at risk"
    assert text.splitlines() == [
        f"{about}: its target passed at 2026-11-23 09:00Z, it is due at 2026-11-23 10:00Z; no level is raised",
        "  ticket: https://desk.example/1042",
    ]
