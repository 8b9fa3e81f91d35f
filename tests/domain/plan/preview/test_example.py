"""The example ticket of a preview: its triggers, its ladder and its clocks under a mapping."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.calendar import HolidayMode
from desk_sync.domain.commitment.regions import DeskCalendar
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung
from desk_sync.domain.escalation.triggers import ClusterBy, ClusterRule, OverrunRule
from desk_sync.domain.plan.preview.example import OFFICE_HOURS, PreviewScene
from tests.support.makers import NOW, POLICY, make_rule
from tests.support.plan_scenes import STAFFED, with_escalation

BREACHES = {LadderCause.ACKNOWLEDGEMENT, LadderCause.DETERMINATION, LadderCause.RESOLUTION}
ALWAYS = BREACHES | {LadderCause.SECURITY, LadderCause.REQUEST}
DAY = timedelta(days=1)


def scene(policy=POLICY) -> PreviewScene:
    return PreviewScene.of(policy, NOW)


@pytest.mark.parametrize(
    ("rules", "causes"),
    [
        pytest.param({}, ALWAYS, id="overrun and clusters are off"),
        pytest.param(
            {"overrun": OverrunRule(issue_types=frozenset({"outage"}), window=DAY)},
            ALWAYS | {LadderCause.OVERRUN},
            id="overrun",
        ),
        pytest.param(
            {"clusters": (ClusterRule(by=ClusterBy.ACCOUNT, tickets=3, period=DAY),)},
            ALWAYS | {LadderCause.CLUSTER},
            id="a cluster of one account",
        ),
        pytest.param(
            {"clusters": (ClusterRule(by=ClusterBy.PRODUCT, tickets=3, period=DAY),)},
            ALWAYS | {LadderCause.CLUSTER},
            id="a cluster of several accounts",
        ),
    ],
)
def test_it_has_a_trigger_for_each_cause_that_the_mapping_allows(rules, causes):
    assert scene(with_escalation(**rules)).triggers().keys() == causes


@pytest.mark.parametrize("levels", [(1,), (1, 2, 3), (1, 2, 3, 4)], ids=str)
def test_it_climbs_every_level_of_its_ladder(levels):
    rule = make_rule(*(LadderRung(level, timedelta(hours=level - 1)) for level in levels))
    example = scene(with_escalation(STAFFED, rules=(rule,)))

    climbed = example.climb(example.triggers()[LadderCause.ACKNOWLEDGEMENT])

    assert [step.level for outcome, _ in climbed for step in outcome.steps] == [*levels]


def test_business_hours_of_desk_are_replaced_by_office_hours():
    desk = DeskCalendar(hours="Support", overrides={}, holiday_mode=HolidayMode.CIVIL_DATE)
    regions = replace(POLICY.commitment.regions, calendars={"EUROPE_UK": desk})
    policy = replace(POLICY, commitment=replace(POLICY.commitment, regions=regions))

    assert scene(policy).context(NOW).ladder.calendar == OFFICE_HOURS
