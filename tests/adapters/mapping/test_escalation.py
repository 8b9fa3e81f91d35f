"""The mapping's section on escalation: the shipped one, its mistakes, and that every ticket always has a recipient."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from desk_sync.adapters.mapping.escalation_checks import contradictions
from desk_sync.adapters.mapping.file import check, load
from desk_sync.adapters.text.countries import COUNTRIES
from desk_sync.adapters.yaml.tree import read_tree
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung, LadderSignal
from desk_sync.domain.escalation.matrix import LEVELS, EscalationLocation, find_recipients
from desk_sync.domain.escalation.policy import LadderTime, LevelAction
from desk_sync.domain.escalation.public_update import PublicStep
from desk_sync.domain.escalation.requests import Requester
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel
from desk_sync.domain.escalation.triggers import ClusterBy, ClusterRule, OverrunRule, RequestGate
from desk_sync.domain.escalation.us_states import US_STATES
from tests.support.makers import NOW

SHIPPED = Path(__file__).parents[3] / "mappings" / "partner_support.yaml"
TEXT = SHIPPED.read_text(encoding="utf-8")
HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 23)


@pytest.fixture
def changed(tmp_path):
    """The shipped file with passages replaced."""

    def write_changed(*passages: tuple[str, str]) -> Path:
        text = TEXT
        for old, new in passages:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "mapping.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write_changed


PEOPLE = (
    "  people: {}",
    """  people:
    ada: {agent: ada@desk.example, mail: [ada@desk.example], chat: [ada_cliq]}
    bob:
      agent: bob@desk.example
      team: 1892000000012345
      absences: [{from: 2026-12-20, until: 2027-01-10, deputy: ada}]""",
)


def policy(file: Path | str = "partner_support"):
    return load(file).policy.escalation


@pytest.mark.parametrize(
    ("location", "second", "third", "fourth"),
    [
        ("ANZ AU", "lead.anz", "manager.central", ""),
        ("APAC_JAPAN SG", "lead.apac_japan", "manager.central", "pam.apac"),
        ("APAC_JAPAN JP", "lead.apac_japan", "manager.central", "pam.japan"),
        ("INDIA IN", "lead.india senior_lead.india", "manager.central", "pam.india"),
        ("MEA AE", "dri.mea senior_lead.mea", "manager.central", ""),
        ("EUROPE_UK DE", "team_lead.europe", "senior_team_lead.eu_uk manager.central", "pam.dach"),
        ("EUROPE_UK GB", "team_lead.uk", "senior_team_lead.eu_uk manager.central", "pam.uk"),
        ("USA_CANADA US US-NY", "senior_lead.americas lead.usa", "manager", "pam.us_east"),
        ("USA_CANADA CA", "senior_lead.americas lead.canada", "manager", "pam.canada"),
        ("LATAM CO", "senior_lead.americas lead.latam", "manager", "pam.latam"),
        ("BRAZIL BR", "senior_lead.americas lead.brazil", "manager", "pam.brazil"),
    ],
)
def test_the_shipped_matrix_is_the_programmes(location, second, third, fourth):
    """Programme, 4.1 and 4.2."""
    region, country, state = [*location.split(), None][:3]

    chain = policy().matrix.chain(EscalationLocation(region=region, country=country, state=state))

    assert [" ".join(roles) for roles in chain] == ["escalation_desk", second, third, fourth]


@pytest.mark.parametrize(
    ("country", "role"),
    [
        ("LI", "pam.rest_of_europe"),
        ("TR", "pam.rest_of_europe"),
        ("NO", "pam.benelux_nordics"),
        ("XK", "pam.italy_and_rest_2"),
    ],
)
def test_europe_has_its_level_4_by_country(country, role):
    """R40."""
    assert policy().matrix.roles(4, EscalationLocation(region="EUROPE_UK", country=country)) == (role,)


def test_every_state_has_one_account_manager():
    found = policy().matrix

    assert all(
        len(found.roles(4, EscalationLocation(region="USA_CANADA", country="US", state=each))) == 1
        for each in US_STATES
    )


def test_the_shipped_ladders_are_the_programmes():
    """§0: level 1 at a breach, then 2 h, 4 h, 8 h; resolution level 1 only; security straight to its level."""
    found = policy()
    full = (LadderRung(1), LadderRung(2, 2 * HOUR), LadderRung(3, 4 * HOUR), LadderRung(4, 8 * HOUR))

    rungs = {cause: found.rule(cause, "ANZ", 3).rungs for cause in LadderCause}

    assert rungs == dict.fromkeys(LadderCause, full) | {
        LadderCause.RESOLUTION: (LadderRung(1),),
        LadderCause.SECURITY: (LadderRung(3),),
    }
    assert found.rule(LadderCause.REQUEST, "ANZ", 1).counts is LadderTime.AS_THE_CLOCK
    assert set(found.answers) == set(LadderCause) - {LadderCause.SECURITY}


def test_what_the_programme_gives_no_figure_for_is_off():
    found = policy()

    assert (found.overrun, found.clusters, found.actions) == (None, (), {})
    assert (found.questions.tickets, found.questions.within, found.questions.level) == (5, timedelta(days=30), 4)
    assert found.requests.gate(Requester.PARTNER) is RequestGate.AFTER_RESPONSE_TIME


def test_every_setting_reaches_the_policy(changed):
    file = changed(
        PEOPLE,
        ("    lead.anz: []", "    lead.anz: [ada, {person: bob, from: 2026-12-01, until: 2027-01-01}]"),
        ("  actions: {}", "  actions: {3: {status: Escalated, priority: High, assign: true}}"),
        ("  # overrun: {", "  overrun: {"),
        ("  clusters: []", "  clusters: [{by: account, tickets: 3, within: 24h}]"),
        ("  # fallback_agent:", "  fallback_agent:"),
        (
            "    - {because: [resolution]",
            "    - {because: [cluster], regions: [INDIA], levels: {2: 1h}}\n    - {because: [resolution]",
        ),
        ("  basic_questions: {tickets: 5, within: 30d, level: 4}", ""),
        ("    enabled: true", "    enabled: false"),
    )

    found = policy(file)

    assert found.staff.people["ada"].addresses == (
        NoticeAddress(NoticeChannel.MAIL, "ada@desk.example"),
        NoticeAddress(NoticeChannel.CHAT, "ada_cliq"),
    )
    assert found.staff.people["bob"].team == "1892000000012345"
    assert [person.name for person in found.staff.on_duty("lead.anz", date(2026, 12, 1))] == ["ada", "bob"]
    assert [person.name for person in found.staff.on_duty("lead.anz", date(2026, 12, 26))] == ["ada"]
    assert found.action(3) == LevelAction(status="Escalated", priority="High", assign=True)
    assert found.overrun == OverrunRule(issue_types=frozenset({"outage", "login"}), window=8 * HOUR)
    assert found.clusters == (ClusterRule(by=ClusterBy.ACCOUNT, tickets=3, period=24 * HOUR),)
    assert (found.fallback_agent, found.questions, found.updates.texts) == ("desk@support.example", None, {})
    assert found.rule(LadderCause.CLUSTER, "INDIA", 1).rungs == (LadderRung(2, HOUR),)


@pytest.mark.parametrize(
    ("passages", "where", "message"),
    [
        pytest.param(
            [("2: [lead.anz]", "2: [lead.anzz]")],
            "escalation.matrix.ANZ.2[0]",
            "lead.anzz is not one of the roles",
            id="role",
        ),
        pytest.param(
            [("lead.anz: []", "lead.anz: [ada]")],
            "escalation.roles.lead.anz[0]",
            "ada is not one of the people",
            id="person",
        ),
        pytest.param(
            [PEOPLE, ("deputy: ada", "deputy: adda")],
            "escalation.people.bob.absences[0].deputy",
            "adda is neither one of the people nor a role",
            id="deputy",
        ),
        pytest.param(
            [("  people: {}", "  people: {lead.anz: {}}")],
            "escalation.people.lead.anz",
            "lead.anz is a role already",
            id="one name",
        ),
        pytest.param(
            [PEOPLE, ("until: 2027-01-10", "until: 2026-12-20")],
            "escalation.people.bob.absences[0]",
            "until 2026-12-20 is not after 2026-12-20: it is the first day that does not count",
            id="days backward",
        ),
        pytest.param(
            [PEOPLE, ("from: 2026-12-20", "from: 2026-W52-4")],
            "escalation.people.bob.absences[0].from",
            '"2026-W52-4" is not a date such as 2026-12-24',
            id="another spelling of a date",
        ),
        pytest.param(
            [PEOPLE, ("from: 2026-12-20", "from: christmas")],
            "escalation.people.bob.absences[0].from",
            '"christmas" is not a date such as 2026-12-24',
            id="no date",
        ),
        pytest.param(
            [("{role: pam.japan, countries: [JP]}", "{role: pam.japan, countries: [JP], without: [SG]}")],
            "escalation.matrix.APAC_JAPAN.4[1]",
            "`without` cannot be combined with countries or states",
            id="territory of two kinds",
        ),
        pytest.param(
            [("US-CT", "CT")],
            "escalation.matrix.USA_CANADA.4[0].states[0]",
            "CT is not a state such as US-NY",
            id="state",
        ),
        pytest.param(
            [("    - {levels: {1: at once, 2: 2h, 3: 4h, 4: 8h}, counts: as_the_clock}", "")],
            "escalation.ladders[0]",
            "the last ladder must apply to everything: remove because, regions and severities",
            id="no ladder for the rest",
        ),
        pytest.param(
            [("{because: [resolution], levels", "{regions: [INDA], levels")],
            "escalation.ladders[0].regions[0]",
            "INDA is not in the matrix",
            id="region",
        ),
        pytest.param(
            [("2: 2h", "2: soon")],
            "escalation.ladders[1].levels.2",
            '"soon" is not a wait such as 2h or 30m, or "at once"',
            id="wait",
        ),
        pytest.param(
            [("{ticket} has been", "{account} has been")],
            "escalation.public_updates.texts.en",
            "{account} is not a placeholder of this text; these are: {late}, {level}, {news}, {ticket}, {title}",
            id="a partner's text names an account",
        ),
        pytest.param(
            [('      en: "Your', '      nl: "Your')],
            "escalation.public_updates.texts.nl",
            "must be 'en', 'de', 'pt', 'es', 'fr' or 'ja', not \"nl\"",
            id="language",
        ),
        pytest.param(
            [PEOPLE, ("chat: [ada_cliq]", "chat: [Ada]")],
            "escalation.people.ada.chat[0]",
            '"Ada" is not an address name: use lower-case letters, digits and _',
            id="chat",
        ),
        pytest.param(
            [PEOPLE, ("mail: [ada@desk.example]", "mail: [ada]")],
            "escalation.people.ada.mail[0]",
            '"ada" is not a mail address',
            id="mail",
        ),
        pytest.param(
            [("    request: {reply", "    # request: {reply")], "escalation.answers.request", "is missing", id="answers"
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(changed, passages, where, message):
    assert (where, message) in [(problem.where, problem.message) for problem in check(changed(*passages))]


def test_a_text_in_english_must_be_there():
    without = re.sub('      en: "Your.*\n', "", TEXT)

    found = [message for _, message, _ in contradictions(read_tree(without).value)]

    assert found == ["en is missing: it is used for every other language"]


UNSTAFFED_AT_CHRISTMAS = (
    ("    escalation_desk: []", "    escalation_desk: [{person: bob, until: 2027-06-01}]"),
    ("  people: {}", "  people: {bob: {absences: [{from: 2026-12-24, until: 2027-01-04}]}}"),
    ("      2: [lead.anz]\n      3: [manager.central]", "      2: []\n      3: []"),
)


def test_a_region_without_a_recipient_on_some_days_is_refused_with_the_days(changed):
    problems = check(changed(*UNSTAFFED_AT_CHRISTMAS))

    assert [(problem.where, problem.message) for problem in problems] == [
        ("escalation.matrix.ANZ", "no role is staffed at any level from 2026-12-24 until 2027-01-04 for every country"),
        ("escalation.matrix.ANZ", "no role is staffed at any level from 2027-06-01 for every country"),
    ]


def test_a_region_without_roles_is_refused(changed):
    problems = check(changed(("      1: [escalation_desk]\n      2: [lead.anz]\n      3: [manager.central]\n", "")))

    assert [problem.message for problem in problems] == ["no role is staffed at any level on any day for every country"]


def test_a_few_countries_without_a_recipient_are_named(changed):
    problems = check(
        changed(
            ("  people: {}", "  people: {bob: {}}"),
            ("    lead.anz: []", "    lead.anz: [{person: bob, until: 2026-06-01}]"),
            (
                "      1: [escalation_desk]\n      2: [lead.anz]\n      3: [manager.central]\n",
                "      1: [{role: lead.anz, countries: [NZ]}, {role: manager.central, without: [NZ]}]\n",
            ),
        )
    )

    assert [problem.message for problem in problems] == ["no role is staffed at any level from 2026-06-01 for NZ"]


def test_everywhere_at_every_level_and_boundary_a_ticket_has_a_recipient(changed):
    """The same walk as the check of the mapping, written independently."""
    absent = "absences: [{from: 2026-12-24, until: 2027-01-04, deputy: manager}]"
    found = policy(
        changed(
            ("  people: {}", f"  people: {{bob: {{{absent}}}, eve: {{}}}}"),
            ("    escalation_desk: []", "    escalation_desk: [{person: bob, until: 2027-03-01}]"),
            ("    pam.dach: []", "    pam.dach: [{person: eve, from: 2027-02-01}]"),
            ("    manager: []", "    manager: [eve]"),
        )
    )
    days = [day + timedelta(days=offset) for day in found.staff.boundaries() for offset in (-1, 0)]
    states = [("US", state) for state in US_STATES]

    ends = {
        find_recipients(
            found.matrix.chain(EscalationLocation(region=region, country=country, state=state)), level, found.staff, day
        ).roles
        for region in found.matrix.cells
        for country, state in [(None, None), *((country, None) for country in COUNTRIES), *states]
        for level in LEVELS
        for day in days
    }

    assert len(days) == 8
    assert all(ends)


@pytest.mark.parametrize(
    ("language", "begins"),
    [
        (
            "en",
            "Your request 1042 has been escalated to level 2. The first reply to you was due by 2026-11-23 10:00 (E",
        ),
        ("de", "Ihre Anfrage 1042 wurde auf Stufe 2 eskaliert. Die erste Antwort an Sie war bis zum 2026-11-23 10:00"),
        ("pt-BR", "A sua solicitação 1042 foi escalada para o nível 2"),
        ("es", "Su solicitud 1042 se ha escalado al nivel 2"),
        ("fr", "Votre demande 1042 a été transmise au niveau 2"),
        ("ja", "お問い合わせ 1042 はレベル 2 にエスカレーションされました。最初のご返信の期限は 2026-11-23 10:00"),
        ("nl", "Your request 1042"),
        (None, "Your request 1042"),
    ],
)
def test_the_public_update_is_in_the_language_of_the_ticket(language, begins):
    step = PublicStep(
        ticket="1042",
        level=2,
        answering=2,
        because=LadderCause.ACKNOWLEDGEMENT,
        since=NOW,
        next_at=NOW,
        zone="Europe/Berlin",
    )
    text = policy().updates.write(step, language).text

    assert text.startswith(begins)
    assert not re.search(r"[{}]", text)


def test_a_change_of_the_matrix_is_another_version(changed):
    assert load(changed(("2: [lead.anz]", "2: [lead.india]"))).policy.version != load("partner_support").policy.version


class TestAnswers:
    """The effect of closing on a ladder, where the mapping leaves it out (D4)."""

    def test_closing_pauses_what_a_reply_would_answer_and_stops_the_rest(self, changed):
        causes = ("acknowledgement", "determination", "resolution", "request", "overrun", "cluster")
        file = changed(*[(f"closing: {each}, ", "") for each in ("pause", "pause", "stop", "stop", "stop", "stop")])

        answers = policy(file).answers

        assert {cause: str(answers[cause][LadderSignal.CLOSING]) for cause in causes} == {
            "acknowledgement": "pause",
            "determination": "pause",
            "resolution": "stop",
            "request": "stop",
            "overrun": "stop",
            "cluster": "stop",
        }

    def test_nothing_is_no_effect_of_closing(self, changed):
        mistakes = check(changed(("closing: pause", "closing: nothing")))

        assert "closing is pause or stop" in str(mistakes[0])


def test_each_line_on_ladders_is_a_setting(changed):
    shipped = policy()
    other = changed(
        ("reason_ends: stop", "reason_ends: climb_on"),
        ("breach_meanwhile: raise", "breach_meanwhile: never"),
        ("at_risk: {severities: [1]}", "at_risk: {severities: []}"),
    )
    edited = policy(other)

    assert (shipped.reason_ends, shipped.breach_meanwhile, shipped.at_risk) == ("stop", "raise", {1})
    assert (edited.reason_ends, edited.breach_meanwhile, edited.at_risk) == ("climb_on", "never", set())
