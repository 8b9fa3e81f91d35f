"""A ticket that Desk does not have (404) ends only when others are well, and never at once (L15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.domain.ticket.event import EventHint
from desk_sync.errors import TemporaryError
from desk_sync.ports.sweeps import SweepKind
from desk_sync.services.reconcile.reconcile import LookLimits, LookOutcome
from desk_sync.services.sweep import Sweep
from tests.support.makers import NOW, make_account, make_ticket

LOST, WITNESS, THIRD = "1", "2", "3"
APART = timedelta(hours=3)
A_DAY = timedelta(days=1)


@pytest.fixture
def three(desk, world):
    """Three tickets that were looked at and are settled."""
    desk.tickets.clear()
    for ticket_id in (LOST, WITNESS, THIRD):
        desk.tickets[ticket_id] = make_ticket(ticket_id=ticket_id)
        tells_of(world, ticket_id)
    assert world.look() == [LookOutcome.RECONCILED] * 3
    desk.calls.clear()
    world.waits(minutes=1)
    return world


def tells_of(world, ticket_id, **facts):
    world.receives(ticket_id=ticket_id, key=f"{ticket_id} {world.now()} {facts}", state=None, **facts)


def look_until(world, end):
    """Look at all that becomes due until then; return the outcomes, each with the instant of the look."""
    outcomes = []
    while (due := world.metrics.next_look_at()) and due <= end:
        world.waits(seconds=max((due - world.now()).total_seconds(), 0))
        outcomes += [(outcome, world.now()) for outcome in world.look()]
    return outcomes


def lost(desk, *ticket_ids):
    return {ticket_id: desk.tickets.pop(ticket_id) for ticket_id in ticket_ids}


def test_one_that_is_missing_for_hours_while_others_are_well_ends_once(three, desk):
    lost(desk, LOST)
    begun_at = three.now()
    tells_of(three, LOST)

    outcomes = [each for each, _ in look_until(three, begun_at + timedelta(days=30))]

    found = three.tickets.history(LOST)
    assert outcomes.count(LookOutcome.GONE) == 1
    assert APART <= found.ended_at - begun_at <= APART + LookLimits().absence
    assert outcomes.count(LookOutcome.MISSING) <= 15
    assert found.look_at is None


def test_one_that_comes_back_before_goes_on_as_if_nothing_had_been(three, desk):
    ticket = lost(desk, LOST)
    tells_of(three, LOST)
    assert three.look() == [LookOutcome.MISSING]
    assert three.tickets.history(LOST).missing_at == three.now()
    assert three.tickets.history(LOST).ended_at is None
    desk.tickets |= ticket

    three.waits(seconds=30)

    assert three.look() == [LookOutcome.RECONCILED]
    assert three.tickets.history(LOST).missing_at is None


def test_a_second_absence_begins_anew(three, desk):
    for _ in range(2):
        ticket = lost(desk, LOST)
        tells_of(three, LOST)
        assert three.look() == [LookOutcome.MISSING]
        desk.tickets |= ticket
        three.waits(hours=4)
        assert LookOutcome.RECONCILED in three.look()


def test_missing_is_no_work_that_waits(three, desk):
    lost(desk, LOST)
    tells_of(three, LOST)
    three.look()
    three.waits(seconds=20)

    backlog = three.metrics.backlog(three.now())

    assert (backlog.oldest_at, backlog.stranded) == (None, 0)


class TestManyAtOnce:
    """Where Desk has no ticket at all, the portal is ill."""

    @pytest.fixture(autouse=True)
    def nothing_there(self, three, desk):
        lost(desk, LOST, WITNESS, THIRD)
        tells_of(three, LOST)

    def test_no_ticket_is_missing(self, three):
        assert three.look() == [LookOutcome.POSTPONED]
        assert three.tickets.history(LOST).missing_at is None
        assert three.tickets.history(LOST).attempts == 0

    def test_the_portal_is_reported_as_ill(self, three):
        three.look()

        assert three.budget.concerned == [f"tickets/{LOST}"]

    def test_one_witness_in_three_minutes_is_asked_while_it_is_ill(self, three, desk):
        three.budget.is_ill = True
        outcomes = look_until(three, three.now() + timedelta(hours=6))

        witnesses = desk.count("read_ticket") - len(outcomes)
        assert len(outcomes) / 6 < witnesses < len(outcomes) / 2

    def test_a_portal_that_is_well_again_is_not_held_up_by_a_ticket_that_is_gone(self, three, desk):
        three.budget.is_ill = True
        desk.tickets[WITNESS] = make_ticket(ticket_id=WITNESS)
        outcomes = [outcome for outcome, _ in look_until(three, three.now() + timedelta(minutes=20))]

        assert LookOutcome.MISSING in outcomes

    def test_a_day_of_it_ends_nothing(self, three):
        outcomes = look_until(three, NOW + A_DAY)

        assert {outcome for outcome, _ in outcomes} == {LookOutcome.POSTPONED}
        assert three.tickets.history(LOST).ended_at is None

    def test_it_does_not_count_as_the_first_absence(self, three, desk):
        three.look()
        desk.tickets[WITNESS] = make_ticket(ticket_id=WITNESS)
        three.waits(hours=4)

        assert three.look() == [LookOutcome.MISSING]


def test_a_witness_that_cannot_be_read_is_none(three, desk):
    lost(desk, LOST)
    tells_of(three, LOST)

    def slow():
        raise TemporaryError("Desk did not answer in time")

    desk.before["read_ticket"] = lambda: desk.before.update(read_ticket=slow)

    assert three.look() == [LookOutcome.POSTPONED]
    assert desk.count("read_ticket") == 2


@pytest.mark.parametrize("minute", range(0, 15, 3))
def test_a_witness_that_is_gone_itself_hides_no_other(three, desk, minute):
    lost(desk, LOST, WITNESS)
    three.waits(minutes=minute)
    tells_of(three, LOST)

    assert three.look() == [LookOutcome.MISSING]


def test_a_ticket_is_read_that_was_not_missing_itself(three, desk):
    lost(desk, LOST, WITNESS)
    for ticket_id in (LOST, WITNESS):
        tells_of(three, ticket_id)
    three.look()

    assert three.tickets.witnesses("none", limit=5) == [THIRD]


class TestAnEventOfItsDeletion:
    def test_stands_for_the_first_absence(self, three, desk):
        lost(desk, LOST)
        tells_of(three, LOST, hint=EventHint.GONE)

        assert three.look() == [LookOutcome.GONE]

    def test_ends_nothing_that_desk_has(self, three):
        tells_of(three, LOST, hint=EventHint.GONE)

        assert three.look() == [LookOutcome.RECONCILED]

    def test_ends_nothing_while_desk_has_no_ticket(self, three, desk):
        lost(desk, LOST, WITNESS, THIRD)
        tells_of(three, LOST, hint=EventHint.GONE)

        assert three.look() == [LookOutcome.POSTPONED]


class TestAnIdThatDeskNeverShowed:
    """It may be invented: it ends at once, for one reading."""

    def test_it_costs_one_reading_and_a_witness_for_all_of_a_minute(self, three, desk):
        for number in range(9):
            tells_of(three, f"9{number}")

        assert three.look() == [LookOutcome.GONE] * 9
        assert desk.count("read_ticket") == 9 + 1
        assert three.budget.failures == []

    def test_it_needs_no_witness_after_a_look_that_went_well(self, three, desk):
        reconcile, outcomes = three.reconcile(), []
        for ticket_id in (LOST, "9"):
            tells_of(three, ticket_id)
            outcomes += [reconcile.look(lease) for lease in three.claim()]

        assert outcomes == [LookOutcome.RECONCILED, LookOutcome.GONE]
        assert desk.count("read_ticket") == 2

    def test_it_waits_if_desk_has_no_ticket_at_all(self, three, desk):
        lost(desk, LOST, WITNESS, THIRD)
        tells_of(three, "9")

        assert three.look() == [LookOutcome.POSTPONED]
        assert three.budget.concerned == ["tickets/9"]

    def test_it_waits_while_the_portal_is_ill(self, three, desk):
        lost(desk, LOST, WITNESS, THIRD)
        three.budget.is_ill = True
        tells_of(three, "9")

        assert three.look() == [LookOutcome.POSTPONED]
        assert three.budget.concerned == ["tickets/9"]

    def test_it_does_not_keep_a_portal_paused_that_is_well_again(self, three):
        three.budget.is_ill = True
        tells_of(three, "9")

        assert three.look() == [LookOutcome.GONE]
        assert three.budget.failures == []

    def test_a_sweep_that_finds_it_brings_it_back_and_counts_no_lost_delivery(self, three, desk):
        sweep = Sweep(desk=desk, budget=three.budget, sweeps=SqlSweeps(three.engine, "default"), now=three.now)
        sweep.run(SweepKind.RECENT)
        tells_of(three, "9")
        three.look()
        desk.tickets["9"] = make_ticket(ticket_id="9", modified_at=three.now())
        three.waits(minutes=1)

        assert sweep.run(SweepKind.RECENT).marked == 1
        assert three.metrics.deliveries().missed == 0
        assert three.look() == [LookOutcome.RECONCILED]

    def test_one_that_a_search_showed_is_not_invented(self, three, desk):
        sweep = Sweep(desk=desk, budget=three.budget, sweeps=SqlSweeps(three.engine, "default"), now=three.now)
        desk.tickets["9"] = make_ticket(ticket_id="9", modified_at=three.now())
        three.waits(minutes=1)
        sweep.run(SweepKind.RECENT)
        lost(desk, "9")

        assert LookOutcome.MISSING in three.look()


def ended(world, desk):
    """End the ticket, which Desk has again afterwards."""
    ticket = lost(desk, LOST)
    tells_of(world, LOST, hint=EventHint.GONE)
    assert world.look() == [LookOutcome.GONE]
    desk.tickets |= ticket
    world.waits(minutes=1)


TELLERS = [
    pytest.param(lambda world: tells_of(world, LOST), id="an event"),
    pytest.param(lambda world: world.tickets.look_now([LOST], now=world.now()), id="a replay"),
    pytest.param(lambda world: world.imports(make_account(licences=90)), id="an import"),
    pytest.param(lambda world: sweeps_in_full(world), id="a sweep in full"),
]


def sweeps_in_full(world):
    world.waits(hours=2)
    Sweep(desk=world.desk, budget=world.budget, sweeps=SqlSweeps(world.engine, "default"), now=world.now).run_since(
        NOW - A_DAY
    )


@pytest.mark.parametrize("tell", TELLERS)
def test_an_ended_ticket_comes_back_when_anything_tells_of_it(three, desk, tell):
    desk.tickets[LOST] = make_ticket(ticket_id=LOST, modified_at=NOW)
    tells_of(three, LOST)
    three.look()
    ended(three, desk)

    tell(three)

    assert LookOutcome.RECONCILED in three.look()
    assert three.tickets.history(LOST).ended_at is None


def test_an_ended_ticket_that_comes_back_and_is_still_gone_ends_at_one_look(three, desk):
    ended(three, desk)
    lost(desk, LOST)
    three.waits(hours=4)
    tells_of(three, LOST)

    assert three.look() == [LookOutcome.GONE]


def test_an_import_does_not_read_invented_ids(three):
    tells_of(three, "9")
    assert three.look() == [LookOutcome.GONE]

    three.imports(make_account(licences=90))

    assert three.tickets.history("9").look_at is None
