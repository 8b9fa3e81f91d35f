"""The escalation policy: the ladder and the action that apply to a case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.escalation.ladder import LadderCause, LadderRung
from desk_sync.domain.escalation.policy import NO_ACTION, LevelAction
from tests.support.makers import ESCALATION, make_rule


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        pytest.param(make_rule(), True, id="empty sets are all"),
        pytest.param(make_rule(regions=frozenset({"HERE"}), severities=frozenset({1})), True, id="named"),
        pytest.param(make_rule(regions=frozenset({"INDIA"})), False, id="another region"),
        pytest.param(make_rule(severities=frozenset({2, 3})), False, id="other severities"),
        pytest.param(make_rule(causes=frozenset({LadderCause.REQUEST})), False, id="another cause"),
    ],
)
def test_a_rule_fits_what_it_names(rule, fits):
    assert rule.fits(LadderCause.ACKNOWLEDGEMENT, "HERE", 1) is fits


@pytest.mark.parametrize(
    ("because", "region", "severity", "level"),
    [
        pytest.param(LadderCause.OVERRUN, "INDIA", 1, 2, id="both fit: the first"),
        pytest.param(LadderCause.OVERRUN, "INDIA", 3, 3, id="only the second"),
        pytest.param(LadderCause.OVERRUN, "ANZ", 1, 1, id="neither: the last, for everything"),
    ],
)
def test_the_first_rule_that_fits_is_used(because, region, severity, level):
    india = make_rule(LadderRung(3), regions=frozenset({"INDIA"}))
    severe = replace(india, rungs=(LadderRung(2),), severities=frozenset({1}))
    policy = replace(ESCALATION, rules=(severe, india, make_rule()))

    assert [rung.level for rung in policy.rule(because, region, severity).rungs] == [level]


def test_a_level_without_an_action_leaves_the_ticket_alone():
    policy = replace(ESCALATION, actions={3: LevelAction(priority="High")})

    assert [policy.action(level) for level in (2, 3)] == [NO_ACTION, LevelAction(priority="High")]
