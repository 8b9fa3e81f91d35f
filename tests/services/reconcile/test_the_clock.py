"""The wall clock is moved by an hour while there is work: nothing is lost or doubled, and no ticket waits an hour."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

import pytest

from desk_sync.domain.ticket.ticket import Field
from desk_sync.services.drain import Drain
from desk_sync.services.reconcile.reconcile import LookOutcome

TICKET = "100000000000000001"


def drain(world):
    look = world.reconcile().look
    return Drain(
        tickets=world.tickets, look=look, budget=world.budget, now=world.now, monotonic=monotonic, workers=2
    ).run()


@pytest.mark.parametrize("hours", [pytest.param(1, id="forward"), pytest.param(-1, id="back")])
class TestMoved:
    def test_an_event_that_came_before_is_handled_after(self, world, desk, hours):
        world.receives()
        world.waits(hours=hours)
        drain(world)

        assert desk.tickets[TICKET].large_user is True
        assert world.inbox.counts().processed == 1

    def test_the_ticket_of_a_dead_worker_is_taken_up_within_its_lease(self, world, desk, hours):
        world.receives()
        (lease,) = world.claim()
        world.tickets.begin_look(lease, now=world.now(), until=lease.until)
        world.waits(hours=hours)
        world.waits(seconds=46)
        drain(world)

        assert desk.tickets[TICKET].large_user is True

    def test_a_worker_that_was_too_slow_and_the_one_that_took_its_ticket_record_one_look(self, world, desk, hours):
        """The later one records; the earlier one, which wakes up again, no longer can."""
        world.receives()
        (lease,) = world.claim()

        def another_comes() -> None:
            desk.before.clear()
            world.waits(hours=hours)
            drain(world)

        desk.before["write_ticket"] = another_comes
        outcome = world.reconcile().look(lease)

        assert outcome is LookOutcome.LEASE_LOST
        assert len(world.tickets.history(TICKET).decisions) == 1

    def test_nothing_is_done_again(self, world, desk, hours):
        world.receives()
        drain(world)
        calls = list(desk.calls)
        world.waits(hours=hours)
        drain(world)

        assert desk.calls == calls


def test_a_ticket_that_has_to_wait_is_not_brought_forward_again_and_again(world, desk):
    """Its event was stored under a clock that was ahead: it is due one look, not one for each claim."""
    world.receives()
    world.waits(hours=-1)
    (lease,) = world.claim()
    world.tickets.postpone(lease, look_at=world.now() + timedelta(seconds=30), error="Desk is down")

    assert world.claim() == []
    assert Field.LARGE_USER not in world.tickets.history(TICKET).memory.fields.applied
