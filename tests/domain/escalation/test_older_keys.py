"""States that an older version stored go on under this version's keys, and raise nothing twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.older_keys import with_present_keys
from desk_sync.domain.escalation.triggers import EscalationTrigger
from desk_sync.domain.reason import Reason
from tests.support.ladders import START, ladder

CLOCK, BREACH = "acknowledgement:20261123T060000Z", "acknowledgement:20261123T060000Z:20261123T090000Z"
OVERRUN = "overrun:20261123T090000Z"
NAMES = {"acknowledgement:1": CLOCK}


def fired(key, former, because=LadderCause.ACKNOWLEDGEMENT):
    return EscalationTrigger(key=key, because=because, at=START, reason=Reason("R33", "late"), former=former)


HAPPENED = [fired(BREACH, "acknowledgement:1"), fired(OVERRUN, "overrun", LadderCause.OVERRUN)]


@pytest.mark.parametrize(
    ("before", "happened", "is_open", "after"),
    [
        pytest.param({"acknowledgement:1"}, HAPPENED, True, {BREACH}, id="a breach that holds still"),
        pytest.param({"overrun"}, HAPPENED, True, {OVERRUN}, id="an overrun"),
        pytest.param({"acknowledgement:1"}, [], True, set(), id="a breach that does not: a later one is another"),
        pytest.param({"acknowledgement:1"}, [], False, {"acknowledgement:1"}, id="closed: it may not show"),
        pytest.param({"determination:2"}, HAPPENED, True, set(), id="another clock"),
        pytest.param({BREACH, "security", "request:20261123T090000Z"}, [], True, None, id="other keys stay"),
        pytest.param(set(), HAPPENED, True, set(), id="nothing was known"),
    ],
)
def test_a_known_clock_is_the_breach_that_holds_now_and_no_later_one(before, happened, is_open, after):
    state = with_present_keys(EscalationState(known=frozenset(before)), happened, NAMES, is_open=is_open)

    assert state.known == (before if after is None else after)


@pytest.mark.parametrize(
    ("facts", "about"),
    [
        pytest.param({}, CLOCK, id="the clock of its key"),
        pytest.param({"key": "determination:2"}, "determination:2", id="a clock that is there no longer"),
        pytest.param({"key": "overrun", "because": LadderCause.OVERRUN}, "overrun", id="an overrun"),
        pytest.param({"key": "request:1", "because": LadderCause.REQUEST}, "", id="a request"),
        pytest.param({"about": BREACH}, BREACH, id="one of this version"),
    ],
)
def test_a_ladder_is_about_the_clock_that_its_key_named(facts, about):
    before = replace(ladder(**facts))

    after = with_present_keys(EscalationState(ladder=before), [], NAMES, is_open=False).ladder

    assert (after.about, after.key) == (about, before.key)
