"""The triggers of an escalation at one look: breaches, requests, security, overruns, clusters (R33-R36)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from desk_sync.domain.commitment.folding import fold
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.regions import RegionBasis, TicketOrigin
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import LadderCause, LadderSignal
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.requests import (
    NO_REQUESTS,
    EscalationRequest,
    EscalationRequests,
    Requester,
)
from desk_sync.domain.escalation.triggers import (
    OverrunRule,
    RequestGate,
)
from desk_sync.domain.plan.escalation import (
    advance,
    last_of_clusters,
    record_only,
    requests_after,
    signals,
    stands,
    targets_passed,
)
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.ticket import Field
from tests.support.clock_scenes import COMMITMENT, HOUR
from tests.support.makers import ESCALATION, NOW, PERSON, POLICY, make_event, make_ticket
from tests.support.plan_scenes import LARGE, LATE, LATE_TICKET, PAIRS, PRAIRIE, draft, past, related_at, with_escalation

NOTHING = EscalationState()
CONTACT = "800"
FRESH = {"history": past(hours=0)}
BREACH = "acknowledgement:20261123T050000Z:20261123T080000Z"


def context(ticket=LATE_TICKET, policy=POLICY, **facts):
    return draft(ticket, LARGE, None, policy, **LATE | facts).escalation.context


def causes(outcome):
    return [step.because for step in outcome.steps]


def changed_by(by, minutes=0, name=Field.ESCALATION_REQUEST):
    return make_event(
        key=f"{by}{minutes}", changed=frozenset({name}), actor_id=by, occurred_at=NOW - timedelta(minutes=minutes)
    )


class TestRequestsForAnEscalation:
    TICKED = make_ticket(escalation_request=True, contact_id=CONTACT)

    def after(self, *events, ticket=TICKED, before=NO_REQUESTS, policy=POLICY):
        return requests_after(ticket, before, events, policy, NOW)

    @pytest.mark.parametrize(
        ("events", "by", "minutes"),
        [
            pytest.param([], Requester.PARTNER, 0, id="no event: the partner, now"),
            pytest.param([changed_by(None, 5)], Requester.PARTNER, 5, id="an event without an actor"),
            pytest.param([changed_by(CONTACT, 5)], Requester.PARTNER, 5, id="the ticket's contact"),
            pytest.param([changed_by(PERSON, 5)], Requester.AGENT, 5, id="an agent"),
            pytest.param([changed_by(PERSON, 5, Field.STATUS)], Requester.AGENT, 5, id="an agent, by a status"),
            pytest.param(
                [changed_by(PERSON, 5, Field.SEVERITY)], Requester.PARTNER, 0, id="an event about something else"
            ),
            pytest.param(
                [changed_by(CONTACT, 5), changed_by(PERSON, 9)], Requester.AGENT, 9, id="the earliest of several"
            ),
        ],
    )
    def test_the_first_event_names_the_side_and_the_instant(self, events, by, minutes):
        expected = EscalationRequest(by=by, at=NOW - timedelta(minutes=minutes))

        assert {self.after(*order).request for order in permutations(events)} == {expected}

    def test_an_open_request_stays_as_it_was_made(self):
        open_request = EscalationRequests(request=EscalationRequest(by=Requester.AGENT, at=NOW - HOUR))

        assert self.after(changed_by(CONTACT), before=open_request) == open_request

    def test_it_ends_when_the_ticket_requests_nothing_any_more(self):
        open_request = EscalationRequests(request=EscalationRequest(by=Requester.AGENT, at=NOW - HOUR))

        assert self.after(ticket=make_ticket(), before=open_request).request is None

    @pytest.mark.parametrize("facts", [{"status": "escalated"}, {"tags": frozenset({"VIP"})}], ids=["status", "tag"])
    def test_a_status_or_a_tag_of_the_mapping_requests_it_too(self, facts):
        rules = replace(ESCALATION.requests, statuses=frozenset({"Escalated"}), tags=frozenset({"vip"}))

        assert self.after(ticket=make_ticket(**facts), policy=with_escalation(requests=rules)).request
        assert self.after(ticket=make_ticket(**facts)).request is None

    def test_a_take_over_lasts_until_its_box_is_cleared(self):
        taken = self.after(ticket=make_ticket(taken_over=True))
        given_back = requests_after(make_ticket(), taken, [], POLICY, NOW + HOUR)

        assert (taken.taken_over, given_back.taken_over) == (((NOW, None),), ((NOW, NOW + HOUR),))


ANY_TIME = replace(ESCALATION.requests, gates=dict.fromkeys(Requester, RequestGate.ALWAYS))
OUTAGE = OverrunRule(issue_types=frozenset({"outage"}), window=HOUR)
SECURITY_WORDS = (Inference("security", "en"),)
CLUSTERS = {"clusters": (PAIRS,)}
EARLIER, LATER = related_at(-1), related_at(1)


class TestTriggers:
    @pytest.mark.parametrize(
        ("facts", "rules", "cause"),
        [
            pytest.param(LATE, {}, LadderCause.ACKNOWLEDGEMENT, id="a breach"),
            pytest.param(FRESH, {}, None, id="no breach"),
            pytest.param({"escalation_request": True}, {"requests": ANY_TIME}, LadderCause.REQUEST, id="a request"),
            pytest.param({"issue_type": "security"}, {}, LadderCause.SECURITY, id="a stated security problem"),
            pytest.param(
                {"issue_type": "security"},
                {"infers_security": False},
                LadderCause.SECURITY,
                id="a stated one, whatever the words may do",
            ),
            pytest.param({"inferred": SECURITY_WORDS}, {}, LadderCause.SECURITY, id="words about security"),
            pytest.param({"inferred": SECURITY_WORDS}, {"infers_security": False}, None, id="words that may not"),
            pytest.param({"related": EARLIER}, CLUSTERS, LadderCause.CLUSTER, id="a cluster"),
            pytest.param({"related": LATER}, CLUSTERS, None, id="another ticket will complete it"),
            pytest.param(
                {"related": EARLIER, "history": past(hours=2)}, CLUSTERS, None, id="another ticket has completed it"
            ),
            pytest.param({"related": EARLIER}, {}, None, id="no rule for clusters"),
        ],
    )
    def test_each_starts_level_1_for_its_own_cause(self, facts, rules, cause):
        ticket = replace(
            LATE_TICKET, **{name: value for name, value in facts.items() if name not in ("history", "related")}
        )
        read = FRESH | {name: value for name, value in facts.items() if name in ("history", "related")}

        outcome = advance(NOTHING, context(ticket, with_escalation(ESCALATION, **rules), **read))

        assert causes(outcome) == ([cause] if cause else [])

    @pytest.mark.parametrize(
        ("hours", "status_type", "raised"),
        [(0.5, "Open", False), (1, "Open", True), (1, "Closed", False)],
        ids=["within its window", "over it", "closed"],
    )
    def test_an_unsolved_problem_is_raised_when_its_window_is_over(self, hours, status_type, raised):
        ticket = replace(LATE_TICKET, issue_type="outage", status_type=status_type)

        outcome = advance(
            NOTHING, context(ticket, with_escalation(ESCALATION, overrun=OUTAGE), history=past(hours=hours))
        )

        assert causes(outcome) == [LadderCause.OVERRUN] * raised

    def test_the_next_look_is_when_a_trigger_that_lies_ahead_will_fire(self):
        ticket = replace(LATE_TICKET, issue_type="outage")

        ahead = advance(NOTHING, context(ticket, with_escalation(ESCALATION, overrun=OUTAGE), **FRESH))

        assert (causes(ahead), ahead.next_at) == ([], NOW + HOUR)
        assert ahead.state == replace(NOTHING, warned=frozenset()), "the ticket may be something else by then"

    def test_a_request_that_is_not_followed_is_a_review_and_raises_nothing(self):
        outcome = advance(NOTHING, context(replace(LATE_TICKET, escalation_request=True), **FRESH))

        assert causes(outcome) == []
        assert [each.reason.rule for each in outcome.reviews] == ["R33"]

    def test_a_request_after_the_response_time_is_followed(self):
        facts = context(replace(LATE_TICKET, escalation_request=True), writer=PRAIRIE)

        assert facts.response_due_at == NOW - HOUR
        assert advance(NOTHING, facts).reviews == ()

    def test_a_breach_before_the_activation_raises_nothing(self):
        outcome = advance(NOTHING, context(related=RelatedFacts(active_since=NOW - HOUR / 2)))

        assert (causes(outcome), outcome.state.known) == ([], {BREACH})


class TestRecordingOnly:
    def test_a_breach_that_was_recorded_raises_nothing_when_escalation_is_enabled(self):
        recorded = record_only(NOTHING, context())

        assert (causes(recorded), recorded.state.known) == ([], {BREACH})
        assert causes(advance(recorded.state, context())) == []

    def test_a_trigger_that_lies_ahead_is_not_recorded(self):
        facts = context(replace(LATE_TICKET, issue_type="outage"), with_escalation(ESCALATION, overrun=OUTAGE), **FRESH)

        assert record_only(NOTHING, facts).state == replace(NOTHING, warned=frozenset())

    def test_a_question_for_a_person_is_not_lost(self):
        assert record_only(NOTHING, context(replace(LATE_TICKET, escalation_request=True), **FRESH)).reviews

    def test_the_keys_of_earlier_looks_stay_known(self):
        before = EscalationState(known=frozenset({"old"}))

        assert record_only(before, context()).state.known == {"old", BREACH}


@pytest.mark.parametrize(
    ("ticket", "related", "found"),
    [
        pytest.param(LATE_TICKET, EARLIER, {LATE_TICKET.ticket_id}, id="this one is the last"),
        pytest.param(LATE_TICKET, LATER, {"3"}, id="another one is the last"),
        pytest.param(LATE_TICKET, RelatedFacts(), set(), id="alone"),
        pytest.param(make_ticket(severity="S3-Minimal", issue_type="limitation"), LATER, set(), id="not severe"),
    ],
)
def test_the_last_ticket_of_a_cluster_completes_it(ticket, related, found):
    """R36c. The second ticket's severity is left alone: it is a limitation."""
    facts = context(ticket, with_escalation(ESCALATION, **CLUSTERS), related=related, **FRESH)

    assert last_of_clusters(facts) == found


def test_a_ladder_responds_to_replies_solutions_and_holds_of_the_history():
    history = past("1h reply, 2h paused, 3h open, 3h30m solved")
    opened = history.created_at

    assert signals(history) == {
        LadderSignal.REPLY: [(opened + HOUR, opened + HOUR)],
        LadderSignal.CLOSING: [(opened + 3.5 * HOUR, None)],
        LadderSignal.HOLDING: [(opened + 2 * HOUR, opened + 3 * HOUR)],
    }


class TestTheContext:
    def test_a_ticket_without_a_number_has_its_id(self):
        assert context(replace(LATE_TICKET, number="101")).number == "101"
        assert context().number == LATE_TICKET.ticket_id

    def test_the_ladder_is_that_of_the_partners_region_and_country(self):
        related = RelatedFacts(origin=TicketOrigin(partner_country="DE"))

        located = context(writer=PRAIRIE, related=related).ladder.location

        assert (located.region, located.country) == ("EUROPE_UK", "DE")

    def test_a_take_over_is_a_signal_beside_those_of_the_history(self):
        assert context(replace(LATE_TICKET, taken_over=True)).signals[LadderSignal.TAKE_OVER] == ((NOW, None),)

    def test_without_clocks_an_overrun_counts_by_the_calendar_of_the_ladder(self):
        terms = replace(COMMITMENT.terms, windows={}, resolution=None)
        regions = replace(COMMITMENT.regions, ladder_by=RegionBasis.CUSTOMER_COUNTRY)
        policy = replace(POLICY, commitment=replace(COMMITMENT, terms=terms, regions=regions))

        without = context(policy=policy, related=RelatedFacts(origin=TicketOrigin(customer_country="JP")))

        assert (without.reading.clocks, without.response_due_at) == ((), None)
        assert without.calendar.tz == "Asia/Tokyo"


RISKY = with_escalation(ESCALATION, at_risk=frozenset({1}))
RISK = "determination:20261123T050000Z:20261123T070000Z:at_risk"


class TestAClockAtRisk:
    """At the target of a severity-1 clock the people of level 1 are told, once (R36b)."""

    def warned(self, *, before=NOTHING, policy=RISKY, is_first=True, hours=2.5, happened="0h s1", **facts):
        found = context(policy=policy, **{"history": past(happened, hours)} | facts)
        return advance(before, replace(found, is_first=is_first))

    def test_it_is_notified_once_and_no_level_is_raised(self):
        first = self.warned()
        again = self.warned(before=first.state, is_first=False)

        assert ([each.milestone for each in first.at_risk], first.steps) == (["acknowledgement", "determination"], ())
        assert (again.at_risk, again.state.warned) == ((), first.state.warned)

    @pytest.mark.parametrize(
        ("facts", "clocks"),
        [
            pytest.param({"hours": 1}, 1, id="at the target itself"),
            pytest.param({"hours": 0.9}, 0, id="before the target"),
            pytest.param({"happened": "0h s1, 1h30m paused"}, 0, id="on hold"),
            pytest.param({"policy": with_escalation(ESCALATION, at_risk=frozenset())}, 0, id="off"),
            pytest.param({"policy": with_escalation(ESCALATION, at_risk=frozenset({2}))}, 0, id="another severity"),
            pytest.param({"related": RelatedFacts(active_since=NOW)}, 0, id="before escalation began here"),
            pytest.param({"related": RelatedFacts(active_since=NOW - 3 * HOUR)}, 2, id="after it began"),
        ],
    )
    def test_which_clocks_are_notified(self, facts, clocks):
        assert len(self.warned(**facts).at_risk) == clocks

    def test_one_of_which_events_may_be_missing_is_not_notified(self):
        unknown = replace(past("0h s1", 2.5), unknown=((NOW - HOUR, NOW),))

        assert self.warned(history=unknown).at_risk == ()

    def test_after_an_upgrade_what_had_passed_before_is_not_notified_and_what_passes_later_is(self):
        upgraded = self.warned(is_first=False, hours=1.5)
        later = self.warned(
            before=upgraded.state, is_first=False, hours=1.5, history=History(created_at=NOW - 2 * HOUR)
        )

        assert (upgraded.at_risk, len(upgraded.state.warned)) == ((), 1)
        assert "determination" in [each.milestone for each in later.at_risk]

    def test_one_that_was_met_is_forgotten(self):
        before = replace(NOTHING, warned=frozenset({"acknowledgement:20261123T063000Z:20261123T073000Z:at_risk"}))

        assert self.warned(before=before, happened="0h s1, 2h reply", is_first=False).state.warned == {
            "determination:20261123T063000Z:20261123T083000Z:at_risk"
        }

    def test_one_that_is_folded_is_not_notified_and_not_known(self):
        history = answered_often(RISKY)

        assert {each.milestone for each in context(policy=RISKY, history=history).reading.clocks if each.folded}
        assert targets_passed(context(policy=RISKY, history=history)) == {}

    def test_in_shadow_it_is_known_and_not_notified_later(self):
        recorded = record_only(NOTHING, context(policy=RISKY, history=past("0h s1", 2.5)))

        assert self.warned(before=recorded.state, is_first=False).at_risk == ()


def answered_often(policy):
    """Return the history of the ticket with so many late answers that they are folded."""
    whole = past("0h s1, " + ", ".join(f"3h{minute}m reply" for minute in range(10, 50)))
    reading = context(policy=policy, history=whole).reading
    return fold(whole, reading.promise, reading.basis, NOW)


class TestWhatHolds:
    """A ladder about a clock, or about the overrun, is judged by what is broken now."""

    def stopped(self, policy=POLICY, ticket=LATE_TICKET, **facts):
        started = advance(NOTHING, context(policy=policy, ticket=replace(LATE_TICKET, issue_type="outage")))
        return advance(started.state, context(ticket, policy, **facts)).stopped

    def test_a_ladder_whose_clock_is_exempt_stops(self):
        assert self.stopped(ticket=replace(LATE_TICKET, issue_type="limitation"))

    def test_in_the_bin_nothing_is_judged(self):
        assert self.stopped(history=past("0h s1, 3h30m ended")) is None

    def test_a_breach_of_a_clock_that_is_folded_holds(self):
        policy = with_escalation(ESCALATION, answers={})
        started = advance(NOTHING, context(policy=policy)).state
        folded = answered_often(policy)

        outcome = advance(started, context(policy=policy, history=folded))

        assert folded.past.is_finished(BREACH)
        assert (outcome.stopped, outcome.state.lapsed, outcome.state.known) == (None, frozenset(), {BREACH})

    @pytest.mark.parametrize(
        ("ticket", "rule", "stops"),
        [
            pytest.param({"issue_type": "outage"}, OUTAGE, False, id="it runs on"),
            pytest.param({"issue_type": "defect"}, OUTAGE, True, id="it is another problem"),
            pytest.param({"issue_type": "defect"}, None, False, id="the mapping has no rule any more"),
            pytest.param({"issue_type": "defect", "status_type": "Closed"}, OUTAGE, False, id="closed"),
        ],
    )
    def test_an_overrun_holds_while_the_problem_is_unsolved(self, ticket, rule, stops):
        answered = past("0h s1, 20m reply, 40m reply")
        policy = with_escalation(ESCALATION, overrun=OUTAGE)
        outage = replace(LATE_TICKET, issue_type="outage")
        started = advance(NOTHING, context(outage, policy, history=answered)).state
        now = context(replace(LATE_TICKET, **ticket), with_escalation(ESCALATION, overrun=rule), history=answered)

        assert [each.because for each in started.raised] == [LadderCause.OVERRUN]
        assert bool(advance(started, now).stopped) is stops


def test_a_ladder_stands_until_it_stops_or_its_reason_goes():
    raised = advance(NOTHING, context())
    lapsed = replace(raised.state, lapsed=frozenset({BREACH}))
    answered = context(history=past("0h s1, 3h30m reply"))

    assert stands(raised.state, context())
    assert not any((stands(NOTHING, context()), stands(lapsed, context()), stands(raised.state, answered)))
