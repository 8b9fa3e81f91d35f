"""A host whose clock is apart from Desk's: a look compares in Desk's time, and plans in the host's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.domain.plan.policy import Policy
from tests.support.makers import NOW, make_ticket
from tests.support.plan_scenes import EVERYTHING, STAFFED

TICKET = "100000000000000001"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
POLICY: Policy = replace(EVERYTHING, escalation=STAFFED)


@pytest.fixture(
    params=[timedelta(0), SECOND, 60 * SECOND, -60 * SECOND, -24 * HOUR],
    ids=["one clock", "a second behind", "a minute behind", "a minute ahead", "a day ahead"],
)
def apart(request, world, desk):
    """A host whose clock is apart; a ticket was created now, at NOW of Desk's time, and its delivery arrived."""
    world.policy = POLICY
    world.clock.behind = request.param
    world.waits(seconds=-request.param.total_seconds())
    desk.tickets[TICKET] = make_ticket(created_at=NOW, modified_at=NOW, threads=1, severity="S1-Critical")
    world.receives(key="add", occurred_at=NOW)
    world.look()
    return world


def levels(world) -> list[tuple[int, object]]:
    return [(each.level, each.at) for each in world.tickets.history(TICKET).memory.escalation.state.raised]


def look_when_due(world, hours: float) -> None:
    """Look whenever a look is due, until Desk's time is so many hours after NOW."""
    end = world.clock.offset.in_host_time(NOW + hours * HOUR)
    while (due := world.metrics.next_look_at()) and due <= end:
        world.waits(seconds=max((due - world.now()).total_seconds(), 1))
        world.look()


def test_the_clocks_start_with_the_ticket(apart):
    clocks = apart.tickets.history(TICKET).clocks(NOW)

    assert clocks
    assert {clock.started_at for clock in clocks} == {NOW}


def test_the_next_look_is_in_the_hosts_time(apart):
    planned, clocks = apart.tickets.history(TICKET).look_at, apart.tickets.history(TICKET).clocks(NOW)

    assert apart.clock.offset.in_desk_time(planned) == min(clock.next_at for clock in clocks if clock.next_at)


def test_the_first_level_is_raised_when_desks_time_reaches_the_breach(apart):
    [due] = {clock.due_at for clock in apart.tickets.history(TICKET).clocks(NOW) if clock.key == "acknowledgement:1"}

    look_when_due(apart, hours=(due - NOW) / HOUR - 0.01)
    assert levels(apart) == []

    look_when_due(apart, hours=(due - NOW) / HOUR)
    assert levels(apart) == [(1, due)]


def test_notices_are_gathered_in_the_hosts_time(apart):
    look_when_due(apart, hours=24)

    waiting = SqlNotices(apart.engine, "default").waiting()
    assert waiting
    raised = {apart.clock.offset.in_host_time(at) for _, at in levels(apart)}
    assert {each.at for each in waiting} <= raised


def test_an_answer_a_second_before_the_breach_stops_every_level(apart, desk):
    [due] = {clock.due_at for clock in apart.tickets.history(TICKET).clocks(NOW) if clock.key == "acknowledgement:1"}
    look_when_due(apart, hours=(due - SECOND - NOW) / HOUR)
    apart.waits(seconds=(due - SECOND - apart.desk_now()).total_seconds())
    desk.agent_replies(TICKET)

    look_when_due(apart, hours=(due - NOW) / HOUR)

    assert levels(apart) == []
