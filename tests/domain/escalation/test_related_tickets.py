"""A ticket without related facts: it goes to the fallback region, and nothing is suppressed or clustered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.commitment.promise import WALL_CLOCK
from desk_sync.domain.commitment.regions import RegionBasis
from desk_sync.domain.escalation.basic_questions import BasicQuestion, too_many
from desk_sync.domain.escalation.escalate import NO_ESCALATION, LadderContext, escalate
from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.matrix import location_of
from desk_sync.domain.escalation.related_tickets import NOTHING_KNOWN
from desk_sync.domain.escalation.triggers import ClusterBy, ClusterRule, EscalationTrigger, SevereTicket, clusters
from desk_sync.domain.reason import Reason
from tests.support.makers import COMMITMENT, ESCALATION, NOW, QUESTIONS

REGIONS = COMMITMENT.regions


@pytest.mark.parametrize("by", RegionBasis)
def test_its_ladder_is_that_of_the_fallback_region(by):
    location = location_of(REGIONS.locate(NOTHING_KNOWN.origin, by), None)

    assert (location.region, location.country, location.state) == (REGIONS.fallback, None, None)


def test_without_an_activation_date_an_old_breach_is_raised():
    breach = EscalationTrigger(
        key="resolution:1", because=LadderCause.RESOLUTION, at=NOW.replace(year=2000), reason=Reason("R33", "late")
    )
    context = LadderContext(
        location=location_of(REGIONS.locate(NOTHING_KNOWN.origin, RegionBasis.PARTNER_COUNTRY), None),
        severity=1,
        calendar=WALL_CLOCK,
    )

    outcome = escalate(NO_ESCALATION, [breach], {}, context, ESCALATION, now=NOW, since=NOTHING_KNOWN.active_since)

    assert [step.level for step in outcome.steps] == [1]


@pytest.mark.parametrize("by", ClusterBy)
def test_it_completes_no_cluster(by):
    rule = ClusterRule(by=by, tickets=2, period=NOW - NOW.replace(year=2000))
    own = SevereTicket(ticket_id="T1", at=NOW, account_id="A1", product="CRM")

    assert clusters((*NOTHING_KNOWN.severe, own), rule) == {}


def test_its_question_is_the_only_one_of_its_partner():
    own = BasicQuestion(ticket_id="T1", at=NOW)

    assert too_many((*NOTHING_KNOWN.questions, own), replace(QUESTIONS, tickets=2)) == []
