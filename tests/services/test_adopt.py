"""A portal's traces are adopted as a whole: what it costs is said first, and a first start says that there are some."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.desk_clock import SAME_CLOCK
from desk_sync.errors import DeskSyncError
from desk_sync.services.adopt import CREDITS, AdoptPortal
from tests.support.makers import NOW, PERSON, ROBOT, make_ticket

SINCE = NOW - timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def service(world, desk):
    desk.tickets.clear()
    for number, by in enumerate((PERSON, ROBOT, ROBOT)):
        ticket = make_ticket(ticket_id=str(number), modified_by=by, modified_at=NOW - (3 - number) * HOUR)
        desk.tickets[str(number)] = ticket
    return AdoptPortal(desk=desk, budget=world.budget, tickets=world.tickets, portal=world.portal, now=world.now)


def test_the_estimate_counts_tickets_credits_and_our_own_last_writes(service):
    found = service.estimate(SINCE)

    assert (found.ticket_ids, found.credits) == (("0", "1", "2"), 3 * CREDITS)
    assert (found.ours, found.last_at) == (2, NOW - HOUR)


def test_it_marks_the_tickets_and_asks_for_their_traces(service, world):
    assert service.run(service.estimate(SINCE)) == 3

    assert world.portal.traces_wanted_at() == NOW
    assert len(world.claim()) == 3


@pytest.mark.parametrize(
    ("active", "since"),
    [
        pytest.param(None, NOW - HOUR, id="a new database"),
        pytest.param(NOW, NOW - HOUR, id="one that was activated after our last write"),
        pytest.param(NOW - 2 * HOUR, NOW - 2 * HOUR, id="one that was active then"),
    ],
)
def test_escalation_counts_as_active_since_our_last_write(service, world, active, since):
    if active:
        world.portal.activate(active)

    service.run(service.estimate(SINCE))

    assert world.portal.active_since(SAME_CLOCK) == since


def test_without_a_write_of_ours_nothing_is_activated(service, world, desk):
    desk.tickets = {"0": desk.tickets["0"]}

    service.run(service.estimate(SINCE))

    assert world.portal.active_since(SAME_CLOCK) == NOW  # the instant of our first ticket


def test_a_first_start_on_a_portal_with_our_traces_says_so(service):
    with pytest.raises(DeskSyncError, match="has modified 2 tickets") as found:
        service.check_first_start()

    assert "desk-sync adopt --dry-run" in found.value.hint


def test_a_first_start_on_a_portal_without_any_is_in_order(service, desk):
    desk.tickets = {"0": replace(desk.tickets["0"], modified_by=None)}

    assert "no traces" in service.check_first_start()


def test_a_database_that_knows_tickets_asks_desk_nothing(service, world, desk):
    world.tickets.look_now(["0"], now=NOW)

    assert service.check_first_start() == "tickets are known"
    assert desk.calls == []
