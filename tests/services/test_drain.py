"""Claiming what is due and working it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from desk_sync.services.drain import Drain
from desk_sync.services.reconcile import Outcome
from tests.support.makers import NOW


def numbered(count, first=1):
    return [f"{first + number:018d}" for number in range(count)]


def test_everything_that_is_due_is_looked_at_once(world):
    seen = Counter()
    for ticket_id in numbered(100):
        world.hears(ticket_id=ticket_id, key=ticket_id, state=None)

    def look(lease):
        seen[lease.ticket_id] += 1
        world.tickets.begin_look(lease, now=NOW, until=lease.until)
        world.tickets.end(lease, now=NOW)
        return Outcome.GONE

    more = Drain(tickets=world.tickets, look=look, now=world.now, workers=3).run()

    assert (more, seen) == (False, Counter(numbered(100)))


def test_it_lets_go_after_a_while_and_says_that_there_is_more(world):
    for ticket_id in numbered(20):
        world.hears(ticket_id=ticket_id, key=ticket_id, state=None)

    drain = Drain(
        tickets=world.tickets, look=lambda lease: Outcome.POSTPONED, now=world.now, workers=2, span=timedelta(0)
    )

    assert drain.run()


def test_nothing_due_is_nothing_to_do(world):
    assert not Drain(tickets=world.tickets, look=lambda lease: Outcome.GONE, now=world.now).run()


def test_what_a_dead_worker_held_comes_back_within_its_lease(world):
    world.hears(state=None)
    world.claim()

    world.waits(seconds=46)

    assert len(world.claim()) == 1
