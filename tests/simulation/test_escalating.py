"""Escalation as seen from outside: who gets which notice, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from desk_sync.simulated_desk.running import UNUSED_URL, DeskSite
from desk_sync.simulation import simulate

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
STAFF = {
    "    escalation_desk: []\n": "    escalation_desk: [ada, bob]\n",
    "    team_lead.europe: []\n": "    team_lead.europe: [cai]\n",
    "  people: {}\n": """  people:
    ada: {mail: [ada@desk.example]}
    bob: {chat: [bob_cliq]}
    cai: {mail: [cai@desk.example], absences: [{from: 2026-11-24, until: 2026-11-25, deputy: bob}]}
""",
}
FIELDS = {
    f"  # {name}: cf_{name}\n": f"  {name}: cf_{name}\n"
    for name in (
        "escalation_level",
        "escalation_owner",
        "escalation_request",
        "taken_over",
    )
}
OVERRUN = "  overrun: {issue_types: [outage], window: 2h}"
AGENTS = {
    "ada: {mail: [ada@desk.example]}": "ada: {agent: gone.away@support.example}",
    "bob: {chat: [bob_cliq]}": "bob: {agent: ben.backup@support.example}",
    "  actions: {}\n": "  actions: {1: {priority: High, assign: true}}\n",
    "  # fallback_agent: desk@support.example\n": "  fallback_agent: ada.agent@support.example\n",
}


@pytest.fixture
def staffed(write):
    """Run a scenario with people who hold roles; `changes` are further replacements in the mapping."""

    def run(text: str, **changes: str) -> dict:
        mapping = SHIPPED.read_text()
        for old, new in {**STAFF, **changes}.items():
            assert old in mapping, old
            mapping = mapping.replace(old, new)
        file = write(f"start: 2026-11-23T08:00:00Z\naccounts: accounts.csv\nmapping: staffed.yaml\n{text}")
        file.with_name("staffed.yaml").write_text(mapping)
        return simulate(file)

    return run


def ticket(key: str, country: str = "DE") -> str:
    return f"{{key: {key}, partner: {{country: {country}}}, fields: {{customer_primary_email: admin@big.example}}}}"


def raised(report: dict, key: str = "t1") -> list[tuple[int, str, str]]:
    return [(each["level"], each["at"], each["because"]) for each in report["tickets"][key]["escalations"]]


def comments(report: dict, key: str = "t1") -> list[str]:
    return [each["text"] for each in report["tickets"][key]["comments"]]


def notices(report: dict) -> list[tuple[str, str, int]]:
    """Return the notices of levels."""
    return sorted((each["at"], each["to"], len(each["lines"])) for each in of_levels(report))


def of_levels(report: dict) -> list[dict]:
    return [each for each in report["notifications"] if "at risk" not in each["lines"][0]]


def test_at_the_target_of_a_severity_1_clock_the_people_of_level_1_get_one_notice(staffed):
    """R36b: no level is raised, and the partner hears nothing."""
    report = staffed(f"until: +2h59m\ntickets: [{ticket('t1')}]\n")

    assert sorted((each["at"], each["to"], each["about"]) for each in report["notifications"]) == [
        (f"2026-11-23T{hour}:01:00Z", to, f"Ticket 101: {milestone} at risk")
        for hour, milestone in (("09", "first reply"), ("10", "next reply"))
        for to in ("ada@desk.example", "bob_cliq")
    ]
    assert raised(report) == []
    assert not [each for each in report["tickets"]["t1"]["comments"] if each["public"]]


def test_each_person_of_a_level_gets_a_notice_by_their_first_channel(staffed):
    report = staffed(f"until: +6h\ntickets: [{ticket('t1')}]\n")

    assert notices(report) == [
        ("2026-11-23T11:01:00Z", "ada@desk.example", 1),
        ("2026-11-23T11:01:00Z", "bob_cliq", 1),
        ("2026-11-23T13:01:00Z", "cai@desk.example", 1),
    ]
    first = of_levels(report)[0]
    assert first["about"] == "Ticket 101, escalation level 1: first reply late"
    assert "Next: level 2 (regional Partner Support lead) at 2026-11-23 14:00 (Europe/Berlin)" in first["lines"][0]
    assert "https://desk.example/" in first["lines"][0]


def test_ten_tickets_of_one_incident_make_one_notice_with_ten_lines(staffed):
    tickets = ", ".join(ticket(f"t{number}") for number in range(10))

    report = staffed(f"until: +4h\ntickets: [{tickets}]\n")

    assert notices(report) == [
        ("2026-11-23T11:01:00Z", "ada@desk.example", 10),
        ("2026-11-23T11:01:00Z", "bob_cliq", 10),
    ]


def test_an_update_to_the_partner_never_names_an_empty_level(staffed):
    """C20: level 4 is empty for MEA, so the update names the next level that has people."""
    report = staffed(f"until: +20h\ntickets: [{ticket('t1', 'AE')}]\n")

    updates = [text for text in comments(report) if text.startswith("Your request")]
    assert updates[-1].startswith("Your request 101 has been escalated to level 4.")
    assert "The Partner Support manager is now in charge." in updates[-1]


def test_during_an_absence_the_deputy_gets_the_notice(staffed):
    later = (
        "tickets: [{key: t1, at: +23h, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}]"
    )

    report = staffed(f"until: +29h\n{later}\n")

    assert notices(report)[-1] == ("2026-11-24T12:01:00Z", "bob_cliq", 1)


def test_no_notice_names_a_customer_or_counts_licences(staffed):
    report = staffed(f"until: +20h\ntickets: [{ticket('t1')}]\n")

    texts = "\n".join(line for each in report["notifications"] for line in (each["about"], *each["lines"]))
    assert texts
    assert "big.example" not in texts
    assert "licence" not in texts


class TestTriggers:
    def test_an_agent_who_ticks_the_box_escalates_at_once(self, staffed):
        report = staffed(
            f"until: +2h\ntickets: [{ticket('t1')}]\n"
            "steps: [{at: +30m, ticket: t1, set: {escalation_request: true}}]\n",
            **FIELDS,
        )

        assert raised(report) == [(1, "2026-11-23T08:30:00Z", "request")]

    def test_a_partners_request_before_the_response_time_is_left_to_a_person(self, staffed):
        report = staffed(
            f"until: +2h\ntickets: [{ticket('t1')}]\n"
            "steps: [{at: +30m, ticket: t1, set: {escalation_request: true}, by: partner}]\n",
            **FIELDS,
        )

        assert raised(report) == []
        assert [text.splitlines()[0] for text in comments(report) if "partner asked" in text] == [
            "The partner asked for an escalation, and the response time had not passed: a person must decide."
        ]

    def test_a_partners_request_after_the_response_time_escalates(self, staffed):
        report = staffed(
            f"until: +6h\ntickets: [{ticket('t1')}]\n"
            "steps:\n  - {at: +1h, ticket: t1, agent_reply: We are on it}\n"
            "  - {at: +4h, ticket: t1, set: {escalation_request: true}, by: partner}\n",
            **FIELDS,
        )

        assert raised(report)[0] == (1, "2026-11-23T12:00:00Z", "request")

    def test_an_outage_that_lasts_longer_than_its_window(self, staffed):
        outage = ticket("t1").replace("{", "{issue_type: outage, ", 1)
        report = staffed(
            f"until: +4h\ntickets: [{outage}]\nsteps: [{{at: +30m, ticket: t1, agent_reply: We are on it}}]\n",
            **{"  # overrun: {issue_types: [outage, login], window: 8h}": OVERRUN},
        )

        assert raised(report)[0] == (1, "2026-11-23T10:00:00Z", "overrun")

    def test_the_ticket_that_completes_a_cluster(self, staffed):
        three = ", ".join(ticket(f"t{number}").replace("{", f"{{at: +{number}m, ", 1) for number in range(3))
        report = staffed(
            f"until: +1h\ntickets: [{three}]\n",
            **{"  clusters: []\n": "  clusters: [{by: account, tickets: 3, within: 24h}]\n"},
        )

        assert [raised(report, key) for key in ("t0", "t1")] == [[], []]
        assert raised(report, "t2") == [(1, "2026-11-23T08:02:00Z", "cluster")]

    def test_words_that_suggest_a_security_problem_go_straight_to_its_level(self, staffed):
        hacked = ticket("t1").replace("{", '{body: "Our account has been hacked", ', 1)

        report = staffed(f"until: +10m\ntickets: [{hacked}]\n")

        assert raised(report) == [(3, "2026-11-23T08:00:00Z", "security")]


def test_the_account_manager_gets_one_notice_of_too_many_basic_questions(staffed):
    howto = [
        ticket(f"t{number}").replace("{", f"{{at: +{number}m, issue_type: howto, ", 1).replace("big", "small")
        for number in range(7)
    ]

    report = staffed(f"until: +1h\ntickets: [{', '.join(howto)}]\n", **{"    pam.dach: []\n": "    pam.dach: [cai]\n"})

    [notice] = report["notifications"]
    assert (notice["to"], notice["at"]) == ("cai@desk.example", "2026-11-23T08:05:00Z")
    assert "5 basic how-to questions within 30 days" in notice["lines"][0]
    assert [line for line in notice["lines"][0].splitlines() if line.startswith("- ")] == [
        f"- {number}" for number in range(101, 106)
    ]


class TestActionsOfALevel:
    def test_level_and_people_are_shown_in_the_ticket_until_the_ladder_stops(self, staffed):
        report = staffed(
            f"until: +6h\ntickets: [{ticket('t1')}]\nsteps: [{{at: +5h30m, ticket: t1, agent_reply: Solved}}]\n",
            **FIELDS,
        )

        written = [
            (each["at"], each["fields"]["escalation_level"], each["fields"]["escalation_owner"])
            for each in report["tickets"]["t1"]["writes"]
            if "escalation_level" in each["fields"]
        ]
        assert written == [
            ("2026-11-23T11:00:00Z", "1", "ada and bob (escalation desk of Partner Support)"),
            ("2026-11-23T13:00:00Z", "2", "cai (regional Partner Support lead)"),
            ("2026-11-23T13:30:00Z", None, None),
        ]

    def test_the_ticket_goes_to_the_first_agent_of_the_level_who_may_have_it(self, staffed):
        report = staffed(f"until: +4h\ntickets: [{ticket('t1')}]\n", **AGENTS)

        assert report["tickets"]["t1"]["assignee"] == "ben.backup@support.example"
        assert any("zsu[@user:" in text for text in comments(report))

    def test_a_level_without_an_active_agent_gives_it_to_the_fallback_with_a_warning(self, staffed):
        report = staffed(
            f"until: +4h\ntickets: [{ticket('t1')}]\nsteps: [{{at: +1h, deactivate: colleague}}]\n", **AGENTS
        )

        assert report["tickets"]["t1"]["assignee"] == "ada.agent@support.example"
        assert any("no agent of the level is active in this department" in text for text in comments(report))

    def test_where_a_team_holds_the_role_it_goes_to_the_team(self, staffed):
        [team] = DeskSite(now=lambda: datetime(2026, 11, 23, tzinfo=UTC), deliver_to=UNUSED_URL).portal.seed.teams

        report = staffed(
            f"until: +4h\ntickets: [{ticket('t1')}]\n",
            **{**AGENTS, "bob: {chat: [bob_cliq]}": f"bob: {{team: '{team['id']}'}}"},
        )

        assert report["tickets"]["t1"]["fields"]["team"] == team["id"]

    def test_a_persons_later_assignment_stays(self, staffed):
        report = staffed(
            f"until: +4h\ntickets: [{ticket('t1')}]\nsteps: [{{at: +3h30m, ticket: t1, assign: null}}]\n", **AGENTS
        )

        assert report["tickets"]["t1"]["assignee"] is None


def test_an_agent_who_takes_it_over_ends_it(staffed):
    report = staffed(
        f"until: +20h\ntickets: [{ticket('t1')}]\nsteps: [{{at: +4h, ticket: t1, set: {{taken_over: true}}}}]\n",
        **FIELDS,
    )

    levels = [(level, because) for level, _, because in raised(report)]
    assert [level for level, because in levels if because == "acknowledgement"] == [1]
    assert levels[1] == (1, "determination"), "another breach is another matter"


class TestPausesAndEnds:
    def test_a_holiday_does_not_count(self, staffed):
        evening = ticket("t1").replace("{", "{at: +12h, ", 1)  # Monday 21:00 in Berlin

        report = staffed(f"until: +42h\ntickets: [{evening}]\n", **{"  holidays: []\n": "  holidays: [2026-11-24]\n"})

        assert [at for _, at, _ in raised(report)] == ["2026-11-23T23:00:00Z", "2026-11-25T01:00:00Z"]

    def test_on_hold_it_waits_and_goes_on_from_there(self, staffed):
        report = staffed(
            f"until: +8h\ntickets: [{ticket('t1')}]\n"
            "steps:\n  - {at: +4h, ticket: t1, set: {status: On Hold}}\n  - {at: +6h, ticket: t1, reopen: true}\n"
        )

        assert raised(report)[:2] == [
            (1, "2026-11-23T11:00:00Z", "acknowledgement"),
            (2, "2026-11-23T15:00:00Z", "acknowledgement"),
        ]

    @pytest.mark.parametrize(
        ("reopened", "until", "levels"), [("+5h", "+8h", [1, 2]), ("+29h", "+34h", [1])], ids=["soon", "a day later"]
    )
    def test_closing_pauses_it_and_ends_it_after_a_day(self, staffed, reopened, until, levels):
        report = staffed(
            f"until: {until}\ntickets: [{ticket('t1')}]\n"
            f"steps:\n  - {{at: +4h, ticket: t1, close: true}}\n  - {{at: {reopened}, ticket: t1, reopen: true}}\n"
        )

        assert [level for level, _, because in raised(report) if because == "acknowledgement"] == levels

    def test_a_layout_without_severity_slows_no_clock(self, staffed):
        report = staffed(
            f"until: +6h\ntickets: [{ticket('t1')}]\nsteps: [{{at: +1h, ticket: t1, move: Partner Operations}}]\n"
        )

        assert raised(report)[0] == (1, "2026-11-23T11:00:00Z", "acknowledgement")
        assert report["tickets"]["t1"]["fields"]["severity"] is None

    def test_a_move_to_another_department_does_not_touch_it(self, staffed):
        report = staffed(
            f"until: +6h\ntickets: [{ticket('t1')}]\nsteps: [{{at: +4h, ticket: t1, move: Partner Operations}}]\n"
        )

        assert raised(report)[:2] == [
            (1, "2026-11-23T11:00:00Z", "acknowledgement"),
            (2, "2026-11-23T13:00:00Z", "acknowledgement"),
        ]
