"""Failures of the portal are not charged to a ticket, and a ticket's own are (L15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.errors import ConfigurationError, CredentialsRefused, NotPermitted, PermanentError, Unreadable
from desk_sync.ports.tickets import ParkCause
from desk_sync.services.parking import Parking
from desk_sync.services.reconcile.recent_looks import RecentLooks
from desk_sync.services.reconcile.reconcile import LookLimits, LookOutcome
from tests.support.makers import make_ticket

LIMITS = LookLimits()
BAD, GOOD = "1", "2"


@pytest.fixture
def two(desk, world):
    """A ticket that fails and one that does not, in one process."""
    for ticket_id in (BAD, GOOD):
        desk.tickets[ticket_id] = make_ticket(ticket_id=ticket_id)
    world.recent = RecentLooks()
    reconcile = world.reconcile
    world.reconcile = lambda: reconcile_with(reconcile(), world.recent)
    return world


def reconcile_with(reconcile, recent):
    object.__setattr__(reconcile, "recent", recent)
    return reconcile


def looks(world, desk, ticket_id, error=None):
    """Make the ticket due and look at it, before all others; the reading of it raises the error."""
    desk.before.pop("read_ticket", None)
    world.receives(ticket_id=ticket_id, key=f"{ticket_id} {world.now()}", state=None)
    if error:
        desk.before["read_ticket"] = lambda: _raise(error)
    reconcile, leases = world.reconcile(), sorted(world.claim(), key=lambda lease: lease.ticket_id != ticket_id)
    first, *_ = [reconcile.look(lease) for lease in leases]
    return first


def _raise(error):
    raise error


def parks(world, ticket_id, cause=ParkCause.PORTAL):
    """Park the ticket."""
    world.receives(ticket_id=ticket_id, key=f"parked {ticket_id}", state=None)
    (lease,) = (lease for lease in world.claim() if lease.ticket_id == ticket_id)
    world.tickets.park(lease, now=world.now(), error="Desk answered 400", cause=cause)


UNEXPECTED = [
    pytest.param(OverflowError("date value out of range"), id="an error of ours"),
    pytest.param(KeyError("bug"), id="a bug"),
    pytest.param(PermanentError("the database refused: DataError"), id="a refusal of the database"),
    pytest.param(PermanentError("Desk answered 400"), id="a refusal of Desk"),
]


@pytest.mark.parametrize("error", UNEXPECTED)
def test_while_the_portal_is_ill_nothing_is_charged_to_a_ticket(two, desk, error):
    two.budget.is_ill = True
    for _ in range(3 * LIMITS.attempts):
        assert looks(two, desk, BAD, error) is LookOutcome.POSTPONED
        assert two.tickets.history(BAD).attempts == 0
        assert two.tickets.history(BAD).look_at - two.now() <= LIMITS.illness
        two.waits(minutes=5)

    two.budget.is_ill = False
    assert looks(two, desk, BAD) is LookOutcome.RECONCILED


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(OverflowError("breaker"), id="a bug in the budget"),
        pytest.param(ConfigurationError("the database is not of this version"), id="an older schema"),
    ],
)
def test_what_fails_before_a_ticket_is_read_is_never_its_fault(two, desk, error, monkeypatch):
    monkeypatch.setattr(two.budget, "check", lambda urgency: _raise(error))
    for _ in range(3 * LIMITS.attempts):
        assert looks(two, desk, BAD) is LookOutcome.POSTPONED
        two.waits(minutes=5)

    assert two.tickets.history(BAD).attempts == 0


DOUBTFUL = [
    pytest.param(NotPermitted("Desk answered 403"), id="a refusal of permission"),
    pytest.param(CredentialsRefused("Desk answered 401"), id="a refused token"),
    pytest.param(Unreadable("not a JSON object"), id="a body that cannot be read"),
    pytest.param(PermanentError("Desk answered 400"), id="another refusal"),
]


@pytest.mark.parametrize("error", DOUBTFUL)
def test_two_refusals_and_then_an_answer_cost_seconds(two, desk, error):
    begun_at = two.now()
    for _ in range(2):
        looks(two, desk, BAD, error)
        two.waits(seconds=(two.tickets.history(BAD).look_at - two.now()).total_seconds())

    assert looks(two, desk, BAD) is LookOutcome.RECONCILED
    assert two.now() - begun_at <= timedelta(seconds=15)


@pytest.mark.parametrize("error", DOUBTFUL)
def test_a_refusal_that_nothing_contradicts_is_tried_again_at_least_every_two_minutes(two, desk, error):
    for _ in range(50):
        assert looks(two, desk, BAD, error) is LookOutcome.POSTPONED
        assert two.tickets.history(BAD).look_at - two.now() <= timedelta(minutes=2)
        two.waits(minutes=5)

    assert two.tickets.history(BAD).attempts == 0


@pytest.mark.parametrize("error", DOUBTFUL)
def test_a_refusal_that_repeats_while_others_go_well_parks_its_ticket_with_the_reason(two, desk, error):
    outcomes = []
    while LookOutcome.PARKED not in outcomes:
        outcomes.append(looks(two, desk, BAD, error))
        two.waits(seconds=1)
        assert looks(two, desk, GOOD) is LookOutcome.RECONCILED
        two.waits(minutes=11)

    [parked] = two.tickets.parked()
    assert outcomes == [LookOutcome.POSTPONED] * (LIMITS.attempts + 1) + [LookOutcome.PARKED]
    assert (parked.ticket_id, parked.cause) == (BAD, ParkCause.TICKET)
    assert str(error) in parked.error


def test_a_look_that_cannot_be_recorded_ends_no_drain(two, desk, monkeypatch):
    monkeypatch.setattr(type(two.tickets), "begin_look", lambda *_, **__: _raise(OSError("disk")))

    assert looks(two, desk, BAD) is LookOutcome.UNRECORDED


class TestComingBack:
    @pytest.fixture
    def parking(self, two):
        return Parking(tickets=two.tickets, now=two.now, recent=two.recent)

    @pytest.fixture
    def parked(self, two):
        """A ticket parked while no look went well."""
        parks(two, BAD)
        return two

    def test_a_ticket_that_the_portal_s_failure_parked_comes_back_when_others_go_well(self, parked, desk, parking):
        assert parked.tickets.parked()[0].cause is ParkCause.PORTAL
        assert parking.bring_back(4) == 0
        parked.waits(minutes=3)
        looks(parked, desk, GOOD)

        assert parking.bring_back(4) == 1
        assert parked.look() == [LookOutcome.RECONCILED]

    def test_one_that_fails_again_while_others_go_well_stays(self, parked, desk, parking):
        parked.waits(minutes=3)
        looks(parked, desk, GOOD)
        parking.bring_back(4)
        outcomes = []
        while LookOutcome.PARKED not in outcomes:
            outcomes.append(looks(parked, desk, BAD, KeyError("bug")))
            parked.waits(seconds=1)
            looks(parked, desk, GOOD)
            parked.waits(minutes=11)

        assert parking.bring_back(4) == 0
        assert parked.tickets.parked()[0].cause is ParkCause.TICKET

    def test_while_nothing_goes_well_one_comes_back_in_ten_minutes_to_find_out(self, parked, desk, parking):
        parks(parked, GOOD)
        parked.waits(minutes=10)

        assert [parking.bring_back(4) for _ in range(3)] == [1, 1, 0]

    def test_a_few_come_back_at_a_time(self, two, desk, parking):
        for number in range(10):
            desk.tickets[str(number)] = make_ticket(ticket_id=str(number))
            parks(two, str(number))
        two.waits(minutes=3)
        desk.tickets["good"] = make_ticket(ticket_id="good")
        looks(two, desk, "good")

        assert [parking.bring_back(4) for _ in range(4)] == [4, 4, 2, 0]


def test_two_tickets_are_enough_to_know_another_one_for_each(two):
    recent, now = RecentLooks(), two.now()
    assert recent.last_at() is None
    for ticket_id in ("1", "2", "3"):
        recent.add(ticket_id, now)

    assert all(recent.another_since(each, now - timedelta(seconds=1)) for each in ("1", "2", "3", "4"))
    assert not recent.another_since("1", now)
