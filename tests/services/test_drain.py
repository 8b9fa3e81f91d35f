"""Claiming due tickets and looking at them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from threading import Event
from time import monotonic

import pytest

from desk_sync.services.drain import Drain
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.support.makers import NOW


def numbered(count, first=1):
    return [f"{first + number:018d}" for number in range(count)]


def test_everything_that_is_due_is_looked_at_once(world):
    seen = Counter()
    for ticket_id in numbered(100):
        world.receives(ticket_id=ticket_id, key=ticket_id, state=None)

    def look(lease):
        seen[lease.ticket_id] += 1
        world.tickets.begin_look(lease, now=NOW, until=lease.until)
        world.tickets.end(lease, now=NOW)
        return LookOutcome.GONE

    more = Drain(
        tickets=world.tickets, look=look, budget=world.budget, now=world.now, monotonic=monotonic, workers=3
    ).run()

    assert (more, seen) == (False, Counter(numbered(100)))


def test_a_run_ends_after_its_span_and_reports_that_there_is_more(world):
    for ticket_id in numbered(20):
        world.receives(ticket_id=ticket_id, key=ticket_id, state=None)

    drain = Drain(
        tickets=world.tickets,
        look=lambda lease: LookOutcome.POSTPONED,
        budget=world.budget,
        now=world.now,
        monotonic=monotonic,
        workers=2,
        span=timedelta(0),
    )

    assert drain.run()


def test_the_slowest_look_of_a_batch_delays_no_other(world):
    slowest, beyond = numbered(1)[0], set(numbered(8, first=9))
    reached, waited = Event(), []
    for ticket_id in numbered(16):
        world.receives(ticket_id=ticket_id, key=ticket_id, state=None)

    def look(lease):
        if lease.ticket_id == slowest:
            waited.append(reached.wait(5))
        if lease.ticket_id in beyond:
            reached.set()
        return LookOutcome.POSTPONED

    Drain(tickets=world.tickets, look=look, budget=world.budget, now=world.now, monotonic=monotonic, workers=2).run()

    assert waited == [True]


def test_without_due_tickets_there_is_no_more_work(world):
    assert not Drain(
        tickets=world.tickets,
        look=lambda lease: LookOutcome.GONE,
        budget=world.budget,
        now=world.now,
        monotonic=monotonic,
    ).run()


def test_a_ticket_of_a_dead_worker_is_due_again_after_its_lease(world):
    world.receives(state=None)
    world.claim()

    world.waits(seconds=46)

    assert len(world.claim()) == 1


def test_while_the_portal_is_paused_nothing_is_claimed(world):
    world.receives(state=None)
    world.budget.most = 0

    assert not Drain(
        tickets=world.tickets,
        look=lambda lease: LookOutcome.GONE,
        budget=world.budget,
        now=world.now,
        monotonic=monotonic,
    ).run()
    assert len(world.claim()) == 1


def test_after_a_pause_one_ticket_goes_ahead_of_the_others(world):
    looked_at = []
    for ticket_id in numbered(5):
        world.receives(ticket_id=ticket_id, key=ticket_id, state=None)
    world.budget.most = 1

    def look(lease):
        looked_at.append(lease.ticket_id)
        world.budget.most = 0
        return LookOutcome.POSTPONED

    Drain(tickets=world.tickets, look=look, budget=world.budget, now=world.now, monotonic=monotonic).run()

    assert looked_at == numbered(1)


@pytest.mark.parametrize(
    ("most", "is_ill", "brought"),
    [
        pytest.param(None, False, [3], id="the portal is well"),
        pytest.param(1, False, [], id="a pause has just ended"),
        pytest.param(None, True, [], id="the last call failed"),
    ],
)
def test_parked_tickets_are_brought_back_while_the_portal_is_well(world, most, is_ill, brought):
    world.budget.most, world.budget.is_ill = most, is_ill
    asked = []

    def bring_back(limit):
        asked.append(limit)
        return 1

    more = Drain(
        tickets=world.tickets,
        look=lambda lease: LookOutcome.GONE,
        budget=world.budget,
        now=world.now,
        monotonic=monotonic,
        workers=3,
        bring_back=bring_back,
    ).run()

    assert (asked, more) == (brought, bool(brought))
