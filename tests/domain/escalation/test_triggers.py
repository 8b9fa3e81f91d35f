"""The triggers of an escalation, and the requests that a person must decide (R33–R36)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.promise import WALL_CLOCK, Milestone
from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.requests import EscalationRequest, Requester
from desk_sync.domain.escalation.triggers import (
    ClusterBy,
    ClusterRule,
    EscalationTrigger,
    OverrunRule,
    RequestGate,
    RequestRules,
    ReviewRequest,
    SevereTicket,
    breaches,
    clusters,
    overrun,
    requested,
    security,
)

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def clock(milestone: Milestone, state: ClockState, due_at: datetime | None = NOW, number: int = 2) -> Clock:
    return Clock(
        milestone=milestone,
        round=number,
        level=1,
        started_at=NOW - 8 * HOUR,
        read_at=NOW,
        state=state,
        calendar=WALL_CLOCK,
        due_at=due_at,
    )


def test_a_breached_commitment_is_a_trigger_with_the_calendar_of_its_clock():
    [trigger] = breaches([clock(Milestone.DETERMINATION, ClockState.BREACHED)])

    assert (trigger.key, trigger.because, trigger.at, trigger.calendar) == (
        "determination:20261123T010000Z:20261123T090000Z",
        LadderCause.DETERMINATION,
        NOW,
        WALL_CLOCK,
    )
    assert str(trigger.reason) == "R33: the commitment of determination ran out at 2026-11-23 09:00Z"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(clock(Milestone.ACKNOWLEDGEMENT, ClockState.RUNNING), id="it runs"),
        pytest.param(clock(Milestone.ACKNOWLEDGEMENT, ClockState.MET), id="it was met"),
        pytest.param(clock(Milestone.ACKNOWLEDGEMENT, ClockState.CANCELLED), id="the ticket is gone"),
        pytest.param(clock(Milestone.UPDATE, ClockState.BREACHED), id="news that is late"),
    ],
)
def test_other_clocks_are_no_triggers(other):
    assert breaches([other]) == []


def test_every_milestone_but_the_update_is_a_cause():
    assert {LadderCause(milestone) for milestone in Milestone if milestone is not Milestone.UPDATE} == {
        LadderCause.ACKNOWLEDGEMENT,
        LadderCause.DETERMINATION,
        LadderCause.RESOLUTION,
    }


def partner(until: date | None = None) -> Partner:
    return Partner(name="Example", contract_until=until)


@pytest.mark.parametrize(
    ("gate", "contract_until", "response_due_at", "refused"),
    [
        pytest.param(
            RequestGate.AFTER_RESPONSE_TIME, None, NOW - HOUR, None, id="contract unknown, response time over"
        ),
        pytest.param(RequestGate.AFTER_RESPONSE_TIME, None, NOW, None, id="at the very instant"),
        pytest.param(
            RequestGate.AFTER_RESPONSE_TIME, date(2026, 11, 23), NOW - HOUR, None, id="the contract's last day"
        ),
        pytest.param(
            RequestGate.AFTER_RESPONSE_TIME,
            date(2026, 11, 22),
            NOW - HOUR,
            "contract ended on 2026-11-22",
            id="no contract",
        ),
        pytest.param(
            RequestGate.AFTER_RESPONSE_TIME, None, NOW + HOUR, "the response time had not passed", id="before its time"
        ),
        pytest.param(
            RequestGate.AFTER_RESPONSE_TIME, None, None, "the response time had not passed", id="none is promised"
        ),
        pytest.param(RequestGate.ALWAYS, date(2020, 1, 1), None, None, id="always"),
        pytest.param(RequestGate.NEVER, None, NOW - HOUR, "the mapping follows no such request", id="never"),
    ],
)
def test_a_request_is_followed_or_becomes_a_review(gate, contract_until, response_due_at, refused):
    found = requested(EscalationRequest(by=Requester.PARTNER, at=NOW), gate, partner(contract_until), response_due_at)

    assert isinstance(found, ReviewRequest if refused else EscalationTrigger)
    assert (refused or "the partner asked for an escalation at 2026-11-23 09:00Z") in found.reason.text
    assert found.key == "request:20261123T090000Z"


@pytest.mark.parametrize(
    ("issue_type", "at"),
    [
        pytest.param("outage", NOW + 8 * HOUR, id="at the end of its window"),
        pytest.param("defect", None, id="another problem"),
        pytest.param(None, None, id="no issue type"),
    ],
)
def test_an_outage_that_runs_past_its_window_starts_a_ladder(issue_type, at):
    rule = OverrunRule(issue_types=frozenset({"outage", "login"}), window=8 * HOUR)

    found = overrun(rule, issue_type, NOW, WALL_CLOCK)

    assert (found.at if found else None) == at


@pytest.mark.parametrize(
    ("issue_type", "inferred", "reason"),
    [
        pytest.param("security", (), "the ticket reports a security problem", id="by its type"),
        pytest.param("defect", ("security",), "the words of the ticket suggest a security problem", id="by its words"),
        pytest.param("defect", ("outage",), None, id="other words"),
    ],
)
def test_a_security_report_is_recognised_by_its_type_or_its_words(issue_type, inferred, reason):
    found = security(issue_type, inferred, NOW)

    assert (found.reason.text if found else None) == reason


def severe(number: int, hours: float, account: str | None = "A1", product: str | None = None) -> SevereTicket:
    return SevereTicket(ticket_id=f"T{number}", at=NOW + hours * HOUR, account_id=account, product=product)


ACCOUNT = ClusterRule(by=ClusterBy.ACCOUNT, tickets=3, period=24 * HOUR)
PRODUCT = ClusterRule(by=ClusterBy.PRODUCT, tickets=3, period=24 * HOUR)


@pytest.mark.parametrize(
    ("tickets", "rule", "completed"),
    [
        pytest.param([severe(1, 0), severe(2, 1), severe(3, 2)], ACCOUNT, ["T3"], id="three of one account"),
        pytest.param([severe(3, 2), severe(1, 0), severe(2, 1)], ACCOUNT, ["T3"], id="given in another order"),
        pytest.param([severe(1, 0), severe(2, 1)], ACCOUNT, [], id="two are none"),
        pytest.param([severe(1, 0), severe(2, 1), severe(3, 24)], ACCOUNT, [], id="the first is a period ago"),
        pytest.param([severe(1, 0), severe(2, 1), severe(3, 2, "A2")], ACCOUNT, [], id="of two accounts"),
        pytest.param([severe(n, n, None) for n in range(1, 4)], ACCOUNT, [], id="of unknown accounts"),
        pytest.param([severe(n, n) for n in range(1, 7)], ACCOUNT, ["T3", "T6"], id="six are two clusters"),
        pytest.param(
            [severe(1, 0, "A1", "CRM"), severe(2, 1, "A2", "CRM"), severe(3, 2, "A1", "CRM")],
            PRODUCT,
            ["T3"],
            id="one product, several accounts",
        ),
        pytest.param([severe(n, n, "A1", "CRM") for n in range(1, 4)], PRODUCT, [], id="one product, one account"),
    ],
)
def test_the_ticket_that_completes_a_cluster_starts_a_ladder(tickets, rule, completed):
    found = clusters(tickets, rule)

    assert list(found) == completed
    assert all(trigger.because is LadderCause.CLUSTER for trigger in found.values())


def test_the_reason_of_a_cluster_names_what_its_tickets_share():
    [trigger] = clusters([severe(1, 0), severe(2, 1), severe(3, 2)], ACCOUNT).values()

    assert trigger.reason.text == "3 severity-1 tickets of account A1 within 24 h"


RULES = RequestRules(
    statuses=frozenset({"Escalated"}),
    tags=frozenset({"escalate"}),
    gates={Requester.PARTNER: RequestGate.AFTER_RESPONSE_TIME, Requester.AGENT: RequestGate.ALWAYS},
)


@pytest.mark.parametrize(
    ("facts", "requested"),
    [
        pytest.param({"ticked": True, "status": "Open"}, True, id="by the checkbox"),
        pytest.param({"ticked": False, "status": "escalated"}, True, id="by the status, whatever its case"),
        pytest.param({"ticked": False, "status": "Open", "tags": ["vip", "Escalate"]}, True, id="by a tag"),
        pytest.param({"ticked": False, "status": "Open", "tags": ["vip"]}, False, id="by nothing"),
    ],
)
def test_an_escalation_is_requested_by_a_checkbox_a_status_or_a_tag(facts, requested):
    assert RULES.made_by(**facts) is requested


def test_each_requester_has_its_own_gate():
    assert [RULES.gate(requester) for requester in Requester] == [RequestGate.AFTER_RESPONSE_TIME, RequestGate.ALWAYS]
