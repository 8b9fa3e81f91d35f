"""Parked tickets: they delay no other ticket, and only a person brings them back."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import pytest
from structlog.testing import capture_logs

from desk_sync.errors import PermanentError, TemporaryError
from desk_sync.ports.tickets import ParkCause
from desk_sync.services.drain import Drain
from desk_sync.services.parking import Parking
from desk_sync.services.reconcile.reconcile import LookLimits, LookOutcome
from tests.support.makers import make_ticket

GOOD = [f"1{number:017d}" for number in range(50)]
POISON = [f"0{number:017d}" for number in range(50)]  # sorted by id they come before the good ones


@pytest.fixture
def parking(world):
    return Parking(tickets=world.tickets, now=world.now)


@pytest.fixture
def parked(world, desk):
    """Two parked tickets, each with an event that came in since."""
    for ticket_id in ("1", "2"):
        world.receives(ticket_id=ticket_id, key=ticket_id)
        desk.tickets[ticket_id] = make_ticket(ticket_id=ticket_id)
        (lease,) = world.claim()
        world.tickets.park(lease, now=world.now(), error="no such field", cause=ParkCause.TICKET)
        world.receives(ticket_id=ticket_id, key=f"later {ticket_id}")
    return world


def test_a_parked_ticket_stays_parked_when_events_come_in_and_counts_them(parked, parking):
    assert parked.look() == []
    assert [(each.ticket_id, each.events, each.error) for each in parking.choose(None)] == [
        ("1", 2, "no such field"),
        ("2", 2, "no such field"),
    ]


def test_a_ticket_that_is_put_back_is_looked_at_with_all_its_events(parked, parking):
    parking.retry(parking.choose(["1"]))

    assert parked.look() == [LookOutcome.RECONCILED]
    assert [each.ticket_id for each in parking.choose(None)] == ["2"]
    assert parked.tickets.history("1").error is None


def test_a_dropped_ticket_is_ended_with_a_record_in_store_and_log(parked, parking):
    with capture_logs() as lines:
        parking.drop(parking.choose(["2"]))

    assert [each.ticket_id for each in parking.choose(None)] == ["1"]
    assert parked.tickets.history("2").dropped_at == parked.now()
    assert [(line["event"], line["ticket_id"], line["error"], line["events"]) for line in lines] == [
        ("ticket.dropped", "2", "no such field", 2)
    ]


def test_tickets_that_are_not_parked_are_named_and_nothing_is_chosen(parked, parking):
    with pytest.raises(PermanentError, match="not parked: 3, 4"):
        parking.choose(["4", "1", "3"])


class PoisonedDesk:
    """A Desk that raises an error for some tickets: an unexpected one, a permanent one, or a temporary one."""

    def __init__(self, desk, error):
        self.desk = desk
        self.error = error
        self.looked = []

    def read_ticket(self, ticket_id, own_domains):
        self.looked.append(ticket_id)
        if ticket_id in POISON:
            raise self.error
        return self.desk.read_ticket(ticket_id, own_domains)

    def __getattr__(self, name):
        return getattr(self.desk, name)


def drain(world, desk):
    reader = replace(world.reader(), desk=desk)
    reconcile = replace(world.reconcile(), reader=reader, limits=LookLimits(attempts=3))
    Drain(
        tickets=world.tickets, budget=world.budget, look=reconcile.look, now=world.now, monotonic=monotonic, workers=4
    ).run()


@pytest.mark.parametrize(
    ("error", "rounds", "parked"),
    [
        pytest.param(RuntimeError("a bug"), 1, 0, id="a bug, at the first look"),
        pytest.param(RuntimeError("a bug"), 4, 50, id="a bug, until the last attempt"),
        pytest.param(PermanentError("no such field"), 4, 0, id="a permanent error of Desk"),
        pytest.param(TemporaryError("Desk is ill"), 4, 0, id="a temporary error of Desk"),
    ],
)
def test_fifty_poisonous_tickets_do_not_hold_up_fifty_good_ones(world, desk, error, rounds, parked):
    poisoned = PoisonedDesk(desk, error)
    for ticket_id in POISON + GOOD:
        desk.tickets[ticket_id] = make_ticket(ticket_id=ticket_id)
        world.receives(ticket_id=ticket_id, key=ticket_id)

    drain(world, poisoned)
    looked_at_once = {ticket_id for ticket_id in GOOD if world.tickets.history(ticket_id).looked_at}
    for _ in range(rounds - 1):
        world.waits(minutes=10)
        drain(world, poisoned)

    assert looked_at_once == set(GOOD)
    assert len(world.tickets.parked()) == parked
    assert max(poisoned.looked.count(ticket_id) for ticket_id in POISON) <= 4
    assert all(poisoned.looked.count(ticket_id) == 1 for ticket_id in GOOD)
