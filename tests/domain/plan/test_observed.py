"""The facts of one look: those that were not read change nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.plan.draft import IDLE, draft_plan
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.plan.observed import ObservedTicket
from tests.support.makers import NOW, make_ticket
from tests.support.plan_scenes import EVERYTHING, LARGE, SMALL, TREATED, UNDECIDED, UNKNOWN, known_clocks


@pytest.mark.parametrize("lookup", [LARGE, SMALL, UNDECIDED, UNKNOWN], ids=["large", "small", "undecided", "unknown"])
def test_without_a_history_there_are_neither_clocks_nor_an_escalation(lookup):
    observed = ObservedTicket(ticket=make_ticket(**TREATED, issue_type="security"), lookup=lookup, now=NOW)

    plan = draft_plan(observed, Memory(), EVERYTHING).finish(agents={}, last_education=None)

    assert (plan.clocks.reading, plan.next_look_at) == (None, NOW + IDLE)
    assert plan.escalation.memory == Memory().escalation
    assert (plan.escalation.messages, plan.escalation.next_step_at) == ((), None)
    assert plan.decision.questions == (), "the escalation region does not matter"


def test_without_a_history_the_memory_of_the_clocks_stays():
    before = known_clocks("1h reply", suppressed=frozenset({"a"}))
    observed = ObservedTicket(ticket=make_ticket(), lookup=LARGE, now=NOW)

    plan = draft_plan(observed, before, EVERYTHING).finish(agents={}, last_education=None)

    assert plan.clocks.memory == replace(before.clocks)
