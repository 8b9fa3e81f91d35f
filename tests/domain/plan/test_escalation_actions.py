"""The actions of a raised level: the assignment, the comments, and the messages to people (R37-R40, R22, R23)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.regions import TicketOrigin
from desk_sync.domain.escalation.basic_questions import BasicQuestion
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung
from desk_sync.domain.escalation.policy import LevelAction
from desk_sync.domain.escalation.public_update import UpdateTexts
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.staff import DutyDays, DutyPeriod, StaffRoster
from desk_sync.domain.plan.escalation_actions import (
    actions,
    agents_needed,
    comments,
    escalation_fields,
    last_of_questions,
    messages,
)
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.ticket import Field
from tests.support.clock_scenes import HOUR
from tests.support.makers import NOW, PERSON, QUESTIONS, make_rule, make_updates
from tests.support.plan_scenes import (
    ADA,
    BOB,
    FALLBACK,
    LARGE,
    LATE,
    LATE_TICKET,
    PRAIRIE,
    SMALL,
    STAFFED,
    UNKNOWN,
    carry_out,
    draft,
    known_clocks,
    make_agent,
    past,
    with_escalation,
)

UPDATES = make_updates(en="escalated", de="Ihre Anfrage {ticket}: Stufe {level}")
AGENT, DUTY = make_agent(), make_agent("9")
FRESH = {"history": past(hours=0)}
SECURITY_WORDS = (Inference("security", "en"),)


def raised(ticket=LATE_TICKET, lookup=LARGE, **facts):
    """Return the escalation of a ticket whose acknowledgement is breached: level 1 is raised now."""
    rules = {name: facts.pop(name) for name in [*facts] if name not in ("history", "related", "writer")}
    return draft(ticket, lookup, None, with_escalation(STAFFED, **rules), **LATE | facts).escalation


def staffed(*people, level="desk"):
    """Return the roster with these people on duty at level 1."""
    roles = STAFFED.staff.roles | {level: tuple(DutyPeriod(each.name) for each in people)}
    return StaffRoster(people={each.name: each for each in (ADA, BOB, *people)}, roles=roles)


def changed(found, agents=None):
    return {name: each.value for name, each in actions(found.outcome, found.context, agents or {}).items()}


def commented(found, agents=None, updates=UPDATES):
    return list(comments(found.outcome, found.context, updates, agents or {}))


def sent(found):
    return list(messages(found.outcome, found.context))


class TestAgentsNeeded:
    @pytest.mark.parametrize(
        ("facts", "addresses"),
        [
            pytest.param({}, {ADA.agent, FALLBACK}, id="the level's agents, and the fallback for the assignment"),
            pytest.param({"actions": {}}, {ADA.agent}, id="without an assignment the fallback does not matter"),
            pytest.param({"fallback_agent": None}, {ADA.agent}, id="no fallback"),
            pytest.param({"staff": staffed(BOB)}, {FALLBACK}, id="a person who is no agent"),
            pytest.param(FRESH, set(), id="no level is raised"),
        ],
    )
    def test_only_agents_on_whom_the_raised_levels_depend_are_looked_up(self, facts, addresses):
        found = raised(**facts)

        assert agents_needed(found.outcome, found.context) == addresses


TEAMED = replace(ADA, team="500")
CARL = replace(ADA, name="carl", agent="carl@desk.example")


class TestTheAssignment:
    @pytest.mark.parametrize(
        ("staff", "agents", "assigned"),
        [
            pytest.param((ADA,), {ADA.agent: AGENT}, {Field.ASSIGNEE: PERSON}, id="the level's agent"),
            pytest.param(
                (ADA, CARL),
                {ADA.agent: replace(AGENT, active=False), CARL.agent: make_agent("8")},
                {Field.ASSIGNEE: "8"},
                id="the first who may have it",
            ),
            pytest.param((BOB, TEAMED), {ADA.agent: AGENT}, {Field.ASSIGNEE: PERSON}, id="an agent before a team"),
            pytest.param(
                (TEAMED,),
                {ADA.agent: replace(AGENT, departments=frozenset()), FALLBACK: DUTY},
                {Field.TEAM: "500"},
                id="the team if the agent is in another department",
            ),
            pytest.param((TEAMED, BOB), {FALLBACK: DUTY}, {Field.TEAM: "500"}, id="the first team"),
            pytest.param((ADA,), {ADA.agent: None, FALLBACK: DUTY}, {Field.ASSIGNEE: "9"}, id="else the fallback"),
            pytest.param((ADA,), {FALLBACK: replace(DUTY, active=False)}, {}, id="else none"),
        ],
    )
    def test_the_ticket_goes_to_an_agent_else_to_a_team_else_to_the_fallback(self, staff, agents, assigned):
        assert changed(raised(staff=staffed(*staff)), agents) == {Field.PRIORITY: "High"} | assigned

    @pytest.mark.parametrize(
        ("agents", "warned"),
        [
            pytest.param({ADA.agent: AGENT}, False, id="its agent has it"),
            pytest.param({FALLBACK: DUTY}, True, id="only the fallback"),
        ],
    )
    def test_a_level_whose_agents_cannot_have_it_is_named_in_the_comment(self, agents, warned):
        assert ("no agent of the level" in commented(raised(), agents)[0].text) is warned


def test_a_level_changes_only_the_values_that_its_action_names():
    assert changed(raised(actions={1: LevelAction(status="Escalated")})) == {Field.STATUS: "Escalated"}
    assert changed(raised(actions={2: LevelAction(priority="High")})) == {}


def test_a_level_acts_once():
    drafted = draft(LATE_TICKET, policy=with_escalation(), **LATE)
    observed, memory = carry_out(drafted.finish(agents={}, last_education=None), drafted.observed, drafted.memory)
    again = draft(observed.ticket, LARGE, memory, with_escalation(), history=observed.history).escalation

    assert (changed(again), commented(again), sent(again)) == ({}, [], [])


class TestTheFields:
    def shown(self, found):
        return {name: value.value for name, value in escalation_fields(found.outcome, found.context)}

    def next(self, *, happened="", hours=0.0, ticket=(), **rules):
        """Return the escalation some hours after level 1 was raised."""
        policy = with_escalation(STAFFED, **rules)
        first = draft(LATE_TICKET, policy=policy, **LATE)
        observed, memory = carry_out(first.finish(agents={}, last_education=None), first.observed, first.memory)
        history = observed.history.learn(past(happened).events)
        after = replace(observed.ticket, **dict(ticket))
        return draft(after, LARGE, memory, policy, history=history, now=NOW + hours * HOUR).escalation

    @pytest.mark.parametrize(
        ("found", "level", "owner"),
        [
            pytest.param({}, "1", "ada (desk)", id="level 1"),
            pytest.param({"hours": 2}, "2", "bob (lead)", id="level 2, two hours later"),
            pytest.param({"hours": 1}, "1", "ada (desk)", id="still level 1, an hour later"),
            pytest.param({"happened": "4h reply", "hours": 1}, None, None, id="a reply stopped the ladder"),
        ],
    )
    def test_they_show_the_last_level_while_the_ladder_runs(self, found, level, owner):
        assert self.shown(self.next(**found)) == {Field.ESCALATION_LEVEL: level, Field.ESCALATION_OWNER: owner}

    @pytest.mark.parametrize(
        ("hours", "owner"),
        [
            pytest.param(1, "ada (desk)", id="the day on which the level was raised"),
            pytest.param(16, "ada (desk)", id="on the next day too"),
        ],
    )
    def test_the_owner_is_the_person_who_answered_on_the_day_of_the_level(self, hours, owner):
        tomorrow = NOW.date() + timedelta(days=1)
        duties = DutyPeriod("ada", DutyDays(until=tomorrow)), DutyPeriod("bob", DutyDays(first=tomorrow))
        staff = replace(STAFFED.staff, roles=STAFFED.staff.roles | {"desk": duties})

        slow = make_rule(LadderRung(1), LadderRung(2, timedelta(days=9)))

        found = self.next(hours=hours, staff=staff, rules=(slow,))

        assert self.shown(found)[Field.ESCALATION_OWNER] == owner

    def test_the_owner_has_the_title_of_the_level_that_answers(self):
        unstaffed = replace(STAFFED.staff, roles={"lead": STAFFED.staff.roles["lead"]})
        titles = {"en": {1: "escalation desk", 2: "regional lead"}}

        found = raised(staff=unstaffed, updates=replace(STAFFED.updates, titles=titles))

        assert self.shown(found) == {Field.ESCALATION_LEVEL: "1", Field.ESCALATION_OWNER: "bob (regional lead)"}

    def test_they_are_empty_before_anything_is_raised(self):
        assert set(self.shown(raised(**FRESH)).values()) == {None}

    def test_a_security_report_beside_a_ladder_does_not_hide_its_level(self):
        """R36d: security is raised at its own level, and no further."""
        rules = (make_rule(LadderRung(3), causes=frozenset({LadderCause.SECURITY})), *STAFFED.rules)

        found = self.next(ticket={"issue_type": "security"}, hours=1, rules=rules)

        assert [step.level for step in found.outcome.state.raised] == [1, 3]
        assert self.shown(found)[Field.ESCALATION_LEVEL] == "1"


class TestComments:
    def test_a_level_has_a_private_comment_with_all_facts_and_a_public_one_with_none(self):
        private, public = commented(raised(replace(LATE_TICKET, number="101"), writer=PRAIRIE), {ADA.agent: AGENT})

        assert [private.public, public.public] == [False, True]
        assert "zsu[@user:700]zsu" in private.text
        assert "Partner: Prairie. Account: A1, 88 licences, a large user account." in private.text
        assert (public.text, public.key) == ("escalated", f"{private.key}:public")

    @pytest.mark.parametrize(
        ("lookup", "account"),
        [
            pytest.param(SMALL, "Account: A1, 12 licences, not a large user account.", id="small"),
            pytest.param(UNKNOWN, "Account: unknown.", id="unknown"),
        ],
    )
    def test_the_account_is_named_with_its_decision(self, lookup, account):
        assert account in commented(raised(lookup=lookup))[0].text

    def test_the_levels_before_are_named_with_their_people(self):
        found = TestTheFields().next(hours=2)

        assert "Before: level 1 at 2026-11-23 10:00 (Europe/Berlin), ada (desk)." in commented(found)[0].text
        assert "In charge: bob (lead)." in sent(found)[0].line

    def test_an_agent_who_is_not_active_is_named_but_not_mentioned(self):
        private, _ = commented(raised(), {ADA.agent: replace(AGENT, active=False)})

        assert "In charge: ada (desk)." in private.text
        assert "zsu[" not in private.text

    def test_the_public_one_is_in_the_tickets_language(self):
        ticket = replace(LATE_TICKET, number="101", language="de")

        assert [each.text for each in commented(raised(ticket)) if each.public] == ["Ihre Anfrage 101: Stufe 1"]

    @pytest.mark.parametrize(
        ("facts", "public"),
        [
            pytest.param({"inferred": SECURITY_WORDS}, [False], id="only words suggest it"),
            pytest.param({"issue_type": "defect", "inferred": SECURITY_WORDS}, [False], id="another type is stated"),
            pytest.param({"issue_type": "security"}, [False, True], id="the ticket states it"),
            pytest.param(
                {"issue_type": "security", "inferred": SECURITY_WORDS}, [False, True], id="stated, and by its words"
            ),
        ],
    )
    def test_a_security_report_that_only_words_suggest_is_never_public(self, facts, public):
        found = raised(replace(LATE_TICKET, **facts), **FRESH)

        assert [step.because for step in found.outcome.steps] == [LadderCause.SECURITY]
        assert [each.public for each in commented(found)] == public

    def test_a_breach_is_public_although_words_suggest_a_security_problem_too(self):
        found = raised(replace(LATE_TICKET, inferred=SECURITY_WORDS))

        public = {each.key for each in commented(found) if each.public}

        assert public == {
            f"{step.key}:public" for step in found.outcome.steps if step.because is LadderCause.ACKNOWLEDGEMENT
        }
        assert public

    def test_without_texts_the_partner_gets_none(self):
        assert [each.public for each in commented(raised(), updates=UpdateTexts())] == [False]

    def test_a_request_that_a_person_must_decide_is_a_private_review(self):
        [review] = commented(raised(replace(LATE_TICKET, escalation_request=True), SMALL, **FRESH))

        assert (review.kind, review.public) == (EffectKind.REVIEW, False)
        assert review.text.startswith("The partner asked for an escalation, and")


def test_a_ladder_that_stops_because_its_reason_has_gone_is_noted_in_private():
    state = raised().finish().memory.state
    exempt = replace(LATE_TICKET, issue_type="limitation")
    stopped = draft(exempt, LARGE, known_clocks("0h s1", state=state), with_escalation(STAFFED), **LATE).escalation

    [note] = stopped.comments({})

    assert (note.kind, note.public, note.kept) == (EffectKind.ESCALATION, False, True)
    assert note.key == "escalation:acknowledgement:20261123T050000Z:20261123T080000Z:stopped:1"
    assert " stopped at 2026-11-23 10:00 (Europe/Berlin), after level 1:" in note.text
    assert dict(stopped.fields) == {
        Field.ESCALATION_LEVEL: DesiredValue(None, ""),
        Field.ESCALATION_OWNER: DesiredValue(None, ""),
    }
    assert not stopped.is_running


class TestMessages:
    def test_a_recipient_gets_one_with_the_people_of_the_next_levels_as_stand_ins(self):
        [message] = sent(raised(replace(LATE_TICKET, number="101")))

        assert (message.to, message.otherwise) == (ADA.addresses[0], BOB.addresses)
        assert message.about == "Ticket 101, escalation level 1: first reply late"
        assert message.at == NOW

    def test_it_links_to_the_ticket_if_desk_gives_its_page(self):
        [linked] = sent(raised(replace(LATE_TICKET, url="https://desk.example/101")))
        [plain] = sent(raised())

        assert linked.line == f"{plain.line}\nOpen the ticket: https://desk.example/101"

    def test_the_people_of_level_1_get_one_on_a_clock_at_risk(self):
        at_risk = raised(replace(LATE_TICKET, number="101"), at_risk=frozenset({1}), history=past("0h s1", 1.5))

        [message] = sent(at_risk)

        assert (message.to, message.otherwise) == (ADA.addresses[0], BOB.addresses)
        assert message.about == "Ticket 101: first reply at risk"
        assert message.topic == "acknowledgement:20261123T073000Z:20261123T083000Z:at_risk"
        assert list(at_risk.comments({})) == []

    def test_a_level_without_addresses_sends_none(self):
        silent = replace(ADA, addresses=())

        assert sent(raised(staff=staffed(silent))) == []


def question(ticket_id, hours):
    return BasicQuestion(ticket_id=ticket_id, at=NOW + hours * HOUR, number=f"#{ticket_id}")


class TestTooManyBasicQuestions:
    """R22, R23: the partner's manager is notified once per window."""

    HOWTO = replace(LATE_TICKET, issue_type="howto", number="101")

    def found(self, *questions, ticket=HOWTO, since=None, rule=None):
        rule = rule or replace(QUESTIONS, tickets=2, level=1)
        related = RelatedFacts(questions=questions, active_since=since, origin=TicketOrigin(partner_country="DE"))
        return raised(ticket, questions=rule, related=related, writer=PRAIRIE, **FRESH)

    def outcome(self, found):
        return [each.key for each in commented(found)], [each.topic for each in sent(found)]

    def test_the_ticket_that_reaches_the_limit_has_the_advice_and_the_message(self):
        found = self.found(question("1", -1))
        [advice], [message] = commented(found), sent(found)

        assert (advice.kind, advice.public) == (EffectKind.REVIEW, False)
        assert "- #1\n- 101" in advice.text
        assert (message.about, message.line) == ("Prairie: 2 basic questions", advice.text)
        assert (message.to, message.otherwise) == (ADA.addresses[0], BOB.addresses)

    @pytest.mark.parametrize(
        ("facts", "last"),
        [
            pytest.param({}, set(), id="one question is not too many"),
            pytest.param({"questions": (question("1", 1),)}, {"1"}, id="another ticket reached the limit"),
            pytest.param(
                {"questions": (question("1", -1),), "since": NOW + HOUR},
                {HOWTO.ticket_id},
                id="before the activation",
            ),
            pytest.param(
                {"questions": (question("1", -1),), "ticket": LATE_TICKET}, set(), id="this ticket is no question"
            ),
        ],
    )
    def test_no_other_ticket_has_them(self, facts, last):
        questions = facts.pop("questions", ())
        found = self.found(*questions, **facts)

        assert self.outcome(found) == ([], [])
        assert last_of_questions(found.context) == last

    def test_without_a_rule_questions_do_not_matter(self):
        found = raised(self.HOWTO, related=RelatedFacts(questions=(question("1", -1),)), writer=PRAIRIE, **FRESH)

        assert (self.outcome(found), last_of_questions(found.context)) == (([], []), frozenset())

    def test_the_window_is_that_of_the_rule(self):
        rule = replace(QUESTIONS, tickets=2, within=timedelta(hours=1))

        assert self.outcome(self.found(question("1", -1), rule=rule)) == ([], [])
