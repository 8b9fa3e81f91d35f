"""The internal texts of an escalation, as the people who are woken at night read them.

Europe's ladder about a late first reply: Ann Lee and Bob Roe answer at level 1, Cai Moe at level 2; level 3 has one
person of two roles, and no person holds the role of level 4. Times in Berlin are an hour ahead of UTC.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.promise import WALL_CLOCK, Milestone
from desk_sync.domain.escalation.comments import (
    LevelDuty,
    StepFacts,
    level_duty,
    level_title,
    line,
    private_comment,
    request_note,
    stop_note,
    subject,
    warning,
)
from desk_sync.domain.escalation.escalate import (
    NO_ESCALATION,
    EscalationOutcome,
    EscalationStep,
    LadderContext,
    StoppedLadder,
    escalate,
)
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung, LadderSignal, SignalEffect
from desk_sync.domain.escalation.matrix import EscalationLocation, EscalationMatrix, MatrixPost
from desk_sync.domain.escalation.notice import LINK
from desk_sync.domain.escalation.staff import DutyPeriod, NoticeAddress, NoticeChannel, StaffMember, StaffRoster
from desk_sync.domain.escalation.triggers import EscalationTrigger, ReviewRequest
from desk_sync.domain.reason import Reason
from tests.support.makers import ESCALATION, make_rule

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONE = "Europe/Berlin"
ANN = StaffMember(
    name="Ann Lee", agent="ann@desk.example", addresses=(NoticeAddress(NoticeChannel.MAIL, "ann@desk.example"),)
)
BOB = StaffMember(name="Bob Roe", addresses=(NoticeAddress(NoticeChannel.CHAT, "bob_cliq"),))
CAI = StaffMember(name="Cai Moe")
DANA = StaffMember(name="Dana Fox", addresses=(NoticeAddress(NoticeChannel.MAIL, "dana@desk.example"),))
STAFF = StaffRoster(
    people={each.name: each for each in (ANN, BOB, CAI, DANA)},
    roles={
        "escalation_desk": (DutyPeriod("Ann Lee"), DutyPeriod("Bob Roe")),
        "lead": (DutyPeriod("Cai Moe"),),
        "manager": (DutyPeriod("Dana Fox"),),
        "manager.deputy": (),
        "pam.dach": (),
    },
)
TITLES = {1: "escalation desk", 2: "regional lead", 3: "support manager", 4: "Partner Account Manager"}
CHAIN = (("escalation_desk",), ("lead",), ("manager", "manager.deputy"), ("pam.dach",))
STAFFED = replace(
    ESCALATION,
    matrix=EscalationMatrix(
        cells={"EUROPE_UK": {level: tuple(map(MatrixPost, roles)) for level, roles in enumerate(CHAIN, 1)}}
    ),
    staff=STAFF,
    rules=(make_rule(*(LadderRung(level, 2 * HOUR * (level > 1)) for level in (1, 2, 3, 4))),),
)
BROKE = "the commitment of acknowledgement ran out at 2026-11-23 09:00Z"


def look(
    seen: timedelta = timedelta(0), policy=STAFFED, signals=None, broke: str = BROKE, before=NO_ESCALATION
) -> EscalationOutcome:
    trigger = EscalationTrigger(
        key="acknowledgement:1", because=LadderCause.ACKNOWLEDGEMENT, at=NOW, reason=Reason("R33", broke)
    )
    here = LadderContext(location=EscalationLocation(region="EUROPE_UK", country="DE"), severity=1, calendar=WALL_CLOCK)
    return escalate(before, [trigger], signals or {}, here, policy, now=NOW + seen)


def step(seen: timedelta = timedelta(0), policy=STAFFED, **facts) -> EscalationStep:
    return look(seen, policy, **facts).steps[0]


def climbed(level: int) -> EscalationOutcome:
    """Return the outcome of the look that raises the level, two hours after the one before."""
    outcome = look()
    for hours in range(2, 2 * level, 2):
        outcome = look(hours * HOUR, before=outcome.state)
    return outcome


def facts(raised: EscalationStep | None = None, seen: timedelta = timedelta(0), policy=STAFFED, **given) -> StepFacts:
    raised = raised or step(seen, policy)
    duty = level_duty(raised.recipients.found_at, raised.recipients.roles, TITLES, policy.staff, NOW.date())
    return StepFacts(**{"step": raised, "now": NOW + seen, "zone": ZONE, "duty": duty, "titles": TITLES} | given)


def of_level(level: int) -> StepFacts:
    """Return the facts of a level after those below it, with a late clock."""
    outcome = climbed(level)
    titled = [(each, level_duty(each.level, each.roles, TITLES, STAFF, NOW.date())) for each in outcome.state.raised]
    return facts(
        outcome.steps[0],
        seen=2 * (level - 1) * HOUR,
        earlier=titled[:-1],
        clocks=[clock(ClockState.BREACHED)],
        account="A01, 88 licences, a large user account",
        partner="Example",
        mentions={"Ann Lee": "42"},
    )


def clock(state: ClockState, due_at: datetime | None = NOW, **given) -> Clock:
    return Clock(
        **{
            "milestone": Milestone.ACKNOWLEDGEMENT,
            "level": 1,
            "started_at": NOW - 3 * HOUR,
            "read_at": NOW,
            "state": state,
            "calendar": WALL_CLOCK,
            "due_at": due_at,
            "used": 3 * HOUR,
            "proven_at": NOW,
        }
        | given
    )


LEVEL_1 = """\
Escalation level 1: the first reply to the partner has been late since 2026-11-23 10:00 (Europe/Berlin).
In charge: Ann Lee and Bob Roe (escalation desk).
A notice goes to Ann Lee by mail and Bob Roe by chat.
Desk notifies zsu[@user:42]zsu.
To do: answer the partner in public.
The escalation stops when a person answers the partner in public or closes the ticket.
Next: level 2 (regional lead) at 2026-11-23 12:00 (Europe/Berlin), unless the escalation stops before.
Partner: Example. Account: A01, 88 licences, a large user account.
Clocks:
- First reply (acknowledgement): late, was due at 2026-11-23 10:00 (Europe/Berlin), 3 hours used
Why:
- the commitment of acknowledgement ran out at 2026-11-23 10:00 (Europe/Berlin) [R33]"""

LEVEL_2 = """\
Escalation level 2: the first reply to the partner has been late since 2026-11-23 10:00 (Europe/Berlin), 2 hours ago.
In charge: Cai Moe (regional lead).
Cai Moe cannot be notified: set `mail` or `chat` in `escalation.people.Cai Moe`.
To do: answer the partner in public.
The escalation stops when a person answers the partner in public or closes the ticket.
Before: level 1 at 2026-11-23 10:00 (Europe/Berlin), Ann Lee and Bob Roe (escalation desk).
Next: level 3 (support manager) at 2026-11-23 14:00 (Europe/Berlin), unless the escalation stops before."""

LEVEL_3 = """\
Escalation level 3: the first reply to the partner has been late since 2026-11-23 10:00 (Europe/Berlin), 4 hours ago.
In charge: Dana Fox (support manager).
In part, nobody holds this role: set `escalation.roles.manager.deputy`.
A notice goes to Dana Fox by mail.
To do: answer the partner in public.
The escalation stops when a person answers the partner in public or closes the ticket.
Before: level 1 at 2026-11-23 10:00 (Europe/Berlin), Ann Lee and Bob Roe (escalation desk).
Before: level 2 at 2026-11-23 12:00 (Europe/Berlin), Cai Moe (regional lead).
Next: level 4 (Partner Account Manager) at 2026-11-23 16:00 (Europe/Berlin), unless the escalation stops before."""

LEVEL_4 = """\
Escalation level 4: the first reply to the partner has been late since 2026-11-23 10:00 (Europe/Berlin), 6 hours ago.
In charge: Partner Account Manager, but nobody holds this role: set `escalation.roles.pam.dach`.
Nobody is notified.
To do: answer the partner in public.
The escalation stops when a person answers the partner in public or closes the ticket.
Before: level 1 at 2026-11-23 10:00 (Europe/Berlin), Ann Lee and Bob Roe (escalation desk).
Before: level 2 at 2026-11-23 12:00 (Europe/Berlin), Cai Moe (regional lead).
Before: level 3 at 2026-11-23 14:00 (Europe/Berlin), Dana Fox (support manager).
Next: no further level."""


@pytest.mark.parametrize(
    ("level", "text"), [(1, LEVEL_1), (2, LEVEL_2), (3, LEVEL_3), (4, LEVEL_4)], ids=lambda given: str(given)[:1]
)
def test_the_comment_of_each_level_says_what_is_late_who_has_it_what_to_do_and_what_comes_next(level, text):
    assert private_comment(of_level(level)).startswith(text)


def test_without_people_at_any_level_a_comment_says_where_to_set_them():
    unstaffed = replace(STAFFED, staff=StaffRoster())

    lines = private_comment(facts(policy=unstaffed)).splitlines()

    assert lines[1:3] == [
        "In charge: nobody, because no level has people: set them in `escalation.roles`.",
        "Nobody is notified.",
    ]
    assert lines[-1] == "- warning: nobody answers at any level [C20]"


NOTICE = """\
Ticket 1042, escalation level 2: the first reply to the partner has been late since 2026-11-23 10:00 (Europe/Berlin), \
2 hours ago.
In charge: Cai Moe (regional lead).
To do: answer the partner in public.
The escalation stops when a person answers the partner in public or closes the ticket.
Before: level 1 at 2026-11-23 10:00 (Europe/Berlin), Ann Lee and Bob Roe (escalation desk).
Next: level 3 (support manager) at 2026-11-23 14:00 (Europe/Berlin), unless the escalation stops before.
Open the ticket: https://desk.example/1042"""


def test_a_notice_has_a_subject_one_link_and_no_content_of_the_ticket():
    """L11."""
    raised = of_level(2)

    assert subject(raised.step, "1042") == "Ticket 1042, escalation level 2: first reply late"
    assert line(raised, "1042", "https://desk.example/1042") == NOTICE
    assert line(raised, "1042", None) == NOTICE.partition(f"\n{LINK}")[0]


STOPPED = """\
The escalation stopped at 2026-11-23 11:00 (Europe/Berlin), after level 2: what started it does not hold any more.
It reported that the first reply to the partner has been late since 2026-11-23 10:00 (Europe/Berlin).
In charge: the ticket's assignee again.
To do: nothing for this escalation. The partner hears nothing more of it.
Next: no further level. If the same breach holds again, the escalation goes on where it stood.
A later breach is raised from level 1.
Clocks:
- First reply (acknowledgement): on track, due at 2026-11-23 11:00 (Europe/Berlin), 3 hours used
Why:
- the commitment of acknowledgement ran out at 2026-11-23 10:00 (Europe/Berlin) [R33]"""


def stopped_note() -> str:
    stopped = StoppedLadder(ladder=step().ladder, level=2, key="")
    other = clock(ClockState.RUNNING, milestone=Milestone.DETERMINATION)
    return stop_note(stopped, [clock(ClockState.RUNNING, NOW + HOUR), other], NOW + HOUR, ZONE)


def test_a_ladder_that_stops_is_noted_with_what_started_it_and_the_present_clock():
    assert stopped_note() == STOPPED


AT_RISK = """\
Ticket 1042: the first reply is at risk; it is due at 2026-11-23 11:00 (Europe/Berlin), in 1 hour.
Its target passed at 2026-11-23 10:00 (Europe/Berlin).
In charge of level 1: Ann Lee and Bob Roe (escalation desk).
To do before it is due: answer the partner in public.
Next: no level is raised now. An escalation starts if it is late.
The ticket has severity 1.
Open the ticket: https://desk.example/1042"""


def at_risk(due_at: datetime | None = NOW + HOUR, target_at: datetime | None = NOW) -> tuple[str, str]:
    duty = level_duty(1, CHAIN[0], TITLES, STAFF, NOW.date())
    found = clock(ClockState.RUNNING, due_at, target_at=target_at)
    return warning(found, "1042", "https://desk.example/1042", now=NOW, zone=ZONE, duty=duty)


def test_a_clock_at_risk_is_described_with_its_instants_and_its_page():
    assert at_risk() == ("Ticket 1042: first reply at risk", AT_RISK)


def test_a_clock_at_risk_without_instants_is_described_without_them():
    _, text = at_risk(None, None)

    assert text.splitlines()[:2] == [
        "Ticket 1042: the first reply is at risk.",
        "In charge of level 1: Ann Lee and Bob Roe (escalation desk).",
    ]
    assert at_risk(NOW)[1].startswith(
        "Ticket 1042: the first reply is at risk; it is due at 2026-11-23 10:00 (Europe/Berlin).\n"
    )


REQUEST = "the partner asked for an escalation, and the response time had not passed: a person must decide"


def request_review() -> str:
    return request_note(ReviewRequest(key="request:1", reason=Reason("R33", REQUEST)), ZONE)


def test_a_request_that_a_person_must_decide_is_noted_with_what_to_do():
    assert request_review().splitlines() == [
        f"T{REQUEST[1:]}.",
        "To do: decide on the request, and answer the partner in public.",
        "Next: no level is raised for this request.",
        "[R33]",
    ]


def every_cause() -> list[str]:
    """Return comment and notice of each cause, as if it had started the ladder."""
    ladders = [replace(step().ladder, because=cause, answers={}) for cause in LadderCause]
    found = [replace(of_level(1), step=replace(step(), ladder=each)) for each in ladders]
    return [text for each in found for text in (private_comment(each), line(each, "1042", None))]


def every_text() -> list[str]:
    unstaffed = private_comment(facts(policy=replace(STAFFED, staff=StaffRoster())))
    levels = [private_comment(of_level(level)) for level in (1, 2, 3, 4)]
    notices = [line(of_level(level), "1042", "https://desk.example/1042") for level in (1, 2, 3, 4)]
    return [*levels, *notices, unstaffed, stopped_note(), at_risk()[1], request_review(), *every_cause()]


class TestEveryText:
    """The rules for texts that people read in a hurry."""

    @pytest.fixture(params=range(len(every_text())), ids=str)
    def text(self, request) -> str:
        return every_text()[request.param]

    def test_no_sentence_is_longer_than_30_words(self, text):
        sentences = re.split(r"(?<=[.:;])\s|\n", text)

        assert max(len(each.split()) for each in sentences) <= 30

    def test_rules_stand_in_the_last_lines_only(self, text):
        lines = text.splitlines()
        reasons = lines.index("Why:") if "Why:" in lines else len(lines) - 1

        assert not re.search(r"\b[RC]\d", "\n".join(lines[:reasons]))

    def test_no_instant_is_in_utc(self, text):
        assert not re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d(?! \(Europe/Berlin\))", text)
        assert "UTC" not in text

    def test_a_key_is_named_only_as_the_setting_that_must_be_filled(self, text):
        without_settings = re.sub(r"`[^`]*`", "", text)

        assert not re.search(r"escalation_desk|pam\.dach|manager\.deputy|\w+_\w+", without_settings)

    def test_it_starts_with_what_happened_and_names_what_comes_next(self, text):
        starts = [each.split(":")[0] for each in text.splitlines()]

        assert not starts[0].startswith(("In charge", "To do", "Next", "Why"))
        assert starts.index("Next") > next(at for at, each in enumerate(starts) if each.startswith("To do"))


HOSTILE = "Example zsu[@user:7]zsu zsu[@team:7_all]zsu ZSU[@user:7]ZSU zszsu[u[@user:7]zsu"


def test_a_comment_mentions_agents_among_its_recipients_and_none_whom_another_text_names():
    staff = StaffRoster(
        people={name: StaffMember(name=name) for name in ("Ann Lee", HOSTILE)},
        roles={**STAFF.roles, "escalation_desk": (DutyPeriod("Ann Lee"), DutyPeriod(HOSTILE))},
    )
    hostile = replace(STAFFED, staff=staff)
    raised = step(policy=hostile, broke=HOSTILE)
    before = look(policy=hostile).state.raised[0], level_duty(1, ("escalation_desk",), {}, staff, NOW.date())

    text = private_comment(
        facts(raised, policy=hostile, account=HOSTILE, partner=HOSTILE, mentions={"Ann Lee": "42"}, earlier=[before])
    )

    assert text.count("Example") == 7
    assert re.findall(r"(?i)zsu\[@\S*", text) == ["zsu[@user:42]zsu."]


def test_a_comment_warns_if_no_agent_can_take_the_ticket():
    warned = "Warning: no agent of the level is active in this department"

    assert warned in private_comment(facts(unassigned=True))
    assert warned not in private_comment(facts())


def test_a_breach_that_is_detected_late_is_reported_as_late():
    late = facts(seen=5 * HOUR)
    said = "5 hours ago. It was noticed only now, so the waits for the later levels begin now.\n"

    assert said in private_comment(late)
    assert said in line(late, "1042", None)
    assert "Next: level 2 (regional lead) at 2026-11-23 17:00 (Europe/Berlin)" in line(late, "1042", None)


def test_a_level_that_another_one_answers_has_the_title_of_that_one():
    only_managers = replace(STAFF, roles={"manager": STAFF.roles["manager"]})

    text = private_comment(facts(policy=replace(STAFFED, staff=only_managers)))

    assert "In charge: Dana Fox (support manager)." in text
    assert text.endswith("- warning: nobody answers at level 1; level 3 is told instead [C20]")


def test_the_next_level_of_a_paused_ladder_has_no_instant():
    paused = facts(replace(step(), next_at=None))

    assert "Next: level 2 (regional lead), once the escalation is not paused any more." in private_comment(paused)


def test_an_earlier_level_without_people_is_named_as_such():
    earlier = look().state.raised[0], LevelDuty(title="escalation desk", vacant=("escalation_desk",))

    text = private_comment(facts(climbed(2).steps[0], earlier=[earlier]))

    assert "Before: level 1 at 2026-11-23 10:00 (Europe/Berlin), escalation desk, held by nobody." in text


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        pytest.param(clock(ClockState.EXEMPT, None), "First reply (acknowledgement): exempt", id="exempt"),
        pytest.param(
            clock(ClockState.BREACHED, proven_at=None, used=HOUR),
            "First reply (acknowledgement): perhaps late, was due at 2026-11-23 10:00 (Europe/Berlin), 1 hour used",
            id="in doubt",
        ),
        pytest.param(
            clock(ClockState.RUNNING, NOW + HOUR, target_at=NOW, milestone=Milestone.DETERMINATION, round=2),
            "Next reply (determination, round 2): at risk, due at 2026-11-23 11:00 (Europe/Berlin), 3 hours used",
            id="at risk",
        ),
        pytest.param(
            clock(ClockState.PAUSED, None, milestone=Milestone.RESOLUTION),
            "Solution (resolution): paused, 3 hours used",
            id="paused",
        ),
    ],
)
def test_a_clock_is_a_line_with_its_state(found, shown):
    assert f"Clocks:\n- {shown}\n" in private_comment(facts(clocks=[found]))


def test_a_step_that_is_raised_while_the_ticket_is_on_hold_has_no_next_instant():
    held = replace(STAFFED, answers={cause: {LadderSignal.HOLDING: SignalEffect.PAUSE} for cause in LadderCause})

    first = look(policy=held).state
    late = step(3 * HOUR, policy=held, signals={LadderSignal.HOLDING: [(NOW + 2.5 * HOUR, None)]}, before=first)

    assert (late.level, late.next_at) == (2, None)


class TestTheOwnerInAField:
    @pytest.mark.parametrize(
        ("duty", "owner"),
        [
            pytest.param(LevelDuty(title="lead", people=(ANN,)), "Ann Lee (lead)", id="one person"),
            pytest.param(
                LevelDuty(title="lead", people=(ANN, BOB, CAI)), "Ann Lee, Bob Roe and Cai Moe (lead)", id="three"
            ),
            pytest.param(
                LevelDuty(title="lead", people=(ANN, BOB, CAI, DANA)),
                "Ann Lee, Bob Roe, Cai Moe and 1 more (lead)",
                id="more than have room",
            ),
            pytest.param(LevelDuty(title="lead", vacant=("lead.x",)), "lead (nobody holds the role)", id="none"),
        ],
    )
    def test_it_names_the_people_and_the_title(self, duty, owner):
        assert duty.owner == owner

    @pytest.mark.parametrize(
        ("titles", "roles", "title"),
        [
            pytest.param(TITLES, ("lead",), "regional lead", id="the title of the level"),
            pytest.param({}, ("team_lead.uk", "pam"), "team lead uk and pam", id="else the roles in words"),
            pytest.param({}, (), "level 2", id="no role"),
        ],
    )
    def test_a_level_has_a_title_in_words(self, titles, roles, title):
        assert level_title(2, roles, titles) == title

    def test_two_roles_without_a_person_are_both_named(self):
        duty = level_duty(3, ("pam.dach", "manager.deputy"), TITLES, STAFF, NOW.date())

        settings = "`escalation.roles.pam.dach` and `escalation.roles.manager.deputy`"
        assert str(duty) == f"support manager, but nobody holds these roles: set {settings}"
