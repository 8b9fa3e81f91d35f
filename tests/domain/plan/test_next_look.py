"""The next look: an open ticket always has one, and none comes later than what lies ahead in the ticket's history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.domain.plan.draft import draft_plan
from desk_sync.domain.ticket.held_back import ELSEWHERE, FieldRefusal, RefusalKind, hold_back
from tests.support.clock_scenes import HOUR
from tests.support.makers import NOW, POLICY, make_memory, make_ticket
from tests.support.plan_scenes import (
    BOX,
    EVERYTHING,
    LARGE,
    TREATED,
    look,
    memories,
    modes,
    observe,
    past,
    tickets,
    with_rules,
)

SECOND = timedelta(seconds=1)
TICKET = make_ticket(**TREATED, threads=1)


def ahead(history) -> list:
    return [at for at in (history.created_at, *(event.at for event in history.events)) if at > NOW]


@pytest.mark.parametrize(
    ("happened", "hours", "at"),
    [
        pytest.param("", -1 / 3600, NOW + SECOND, id="the creation is a second ahead"),
        pytest.param("", -24, NOW + 24 * HOUR, id="the host is a day behind"),
        pytest.param("1h1s reply", 1, NOW + SECOND, id="a reply"),
        pytest.param("1h1s message", 1, NOW + SECOND, id="a message of the partner"),
        pytest.param("1h1s paused", 1, NOW + SECOND, id="a hold"),
        pytest.param("30m solved, 1h1s open", 1, NOW + SECOND, id="a reopening"),
        pytest.param("1h1s s1", 1, NOW + SECOND, id="another severity"),
    ],
)
def test_what_lies_ahead_is_looked_at_when_it_happens(happened, hours, at):
    assert look(TICKET, LARGE, history=past(happened, hours)).next_look_at == at


def test_a_ticket_that_lies_ahead_has_its_clocks_at_the_look_when_it_is_created():
    history = past(hours=-1 / 3600)
    first = look(TICKET, LARGE, history=history)

    assert not first.clocks.reading.clocks
    second = look(TICKET, LARGE, history=history, now=first.next_look_at)
    assert {clock.state for clock in second.clocks.reading.clocks} == {ClockState.RUNNING}


histories = st.builds(
    past,
    st.sampled_from(["", "0h s1", "2h reply", "1h paused", "1h paused, 3h open", "1h solved, 5h open", "2h message"]),
    st.floats(-30, 80),
)


@given(tickets, histories, memories, modes)
def test_an_open_ticket_has_a_next_look_no_later_than_what_lies_ahead(ticket, history, memory, mode):
    assume(not (ticket.closed or ticket.in_bin))
    observed = observe(ticket, LARGE, history=history)

    plan = draft_plan(observed, memory, with_rules(EVERYTHING, mode=mode)).finish(agents={}, last_education=None)

    assert plan.next_look_at is not None
    assert plan.next_look_at > NOW
    assert all(plan.next_look_at <= at for at in ahead(history))


def test_the_age_of_the_data_counts_in_the_hosts_time():
    later = 30 * 24 * HOUR

    assert look(TICKET, LARGE, now=NOW + later).decision.verdict is Verdict.UNKNOWN
    assert look(TICKET, LARGE, now=NOW + later, offset=ClockOffset(later)).decision.verdict is Verdict.PRIORITY


def test_a_field_that_is_held_back_waits_in_the_hosts_time():
    later, ticket = ELSEWHERE + HOUR, make_ticket(severity="S2-Moderate")
    refused = FieldRefusal(kind=RefusalKind.INVALID)
    held = hold_back(refused, None, value=True, found=False, now=NOW, mapping=POLICY.version)
    memory = make_memory(held_back={BOX: held})

    assert BOX in look(ticket, LARGE, memory=memory, now=NOW + later).fields.writes
    assert BOX not in look(ticket, LARGE, memory=memory, now=NOW + later, offset=ClockOffset(later)).fields.writes
