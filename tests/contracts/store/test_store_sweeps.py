"""The port SweepStore: the tickets that are marked, each change counted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.ports.desk import ModifiedTickets
from desk_sync.ports.metrics import DeliveryCounts
from desk_sync.ports.sweeps import MissedChanges, SweepCoverage, SweepKind, SweepRound
from tests.contracts.store.steps import begin, finish, take
from tests.support.makers import NOW, make_event

TICKET = "100000000000000001"
A_SECOND = timedelta(seconds=1)
LATER = NOW + timedelta(minutes=5)
NOTHING = MissedChanges(marked=0, missed=0)
ONE = MissedChanges(marked=1, missed=1)


@pytest.fixture
def sweeps(engine):
    return SqlSweeps(engine, "default")


@pytest.fixture
def missed(engine):
    return lambda: SqlMetrics(engine, "default").deliveries().missed


@pytest.fixture
def look(tickets):
    """A look that ends well, having read at `now` the ticket as it was modified at that instant."""

    def look(modified_at, *, now=NOW + 2 * A_SECOND):
        tickets.look_now([TICKET], now=now)
        finish(tickets, now=now, modified_at=modified_at)

    return look


def found(*ticket_ids, at=NOW):
    return [ModifiedTickets(ticket_id=each, at=at) for each in ticket_ids or [TICKET]]


def mark(sweeps, modified, *, promised_since=NOW - timedelta(days=1), now=LATER):
    return sweeps.mark_missed(modified, promised_since=promised_since, now=now)


def due(tickets, *, now=LATER):
    return [each.ticket_id for each in tickets.claim(now=now, until=now + A_SECOND, limit=1000)]


def test_a_ticket_that_no_delivery_reported_is_marked_and_counted(sweeps, tickets, missed):
    assert mark(sweeps, found()) == ONE
    assert (due(tickets), missed()) == ([TICKET], 1)


def test_a_second_time_changes_nothing(sweeps, tickets, rows, missed):
    mark(sweeps, found())
    before = rows("SELECT * FROM tickets")

    assert mark(sweeps, found(), now=LATER + A_SECOND) == NOTHING
    assert (rows("SELECT * FROM tickets"), missed()) == (before, 1)


@pytest.mark.parametrize(
    ("read", "marked"),
    [
        pytest.param(NOW, 0, id="as it was read"),
        pytest.param(NOW + A_SECOND, 0, id="an index that lags"),
        pytest.param(NOW - A_SECOND, 1, id="later than it was read"),
        pytest.param(None, 1, id="the look found no time"),
    ],
)
def test_what_a_look_has_read_is_known(sweeps, tickets, look, read, marked):
    look(read)

    assert mark(sweeps, found()).marked == marked
    assert len(due(tickets)) == marked


@pytest.mark.parametrize("read", [NOW - A_SECOND, None], ids=["an older answer", "an answer without a time"])
def test_no_look_takes_back_what_is_known(sweeps, tickets, look, read):
    mark(sweeps, found())
    finish(tickets, now=LATER, modified_at=read)

    assert mark(sweeps, found(), now=LATER + A_SECOND) == NOTHING


class TestTwoChangesInOneSecond:
    """Desk gives whole seconds: a second change in the last known second shows no other time than the first."""

    @pytest.mark.parametrize(
        ("read_after", "marked"),
        [
            pytest.param(timedelta(0), 1, id="read in that second"),
            pytest.param(timedelta(seconds=1.9), 1, id="read so soon after it that a clock may be wrong"),
            pytest.param(timedelta(seconds=2), 0, id="read after it"),
        ],
    )
    def test_a_second_is_known_once_the_ticket_was_read_after_it(self, sweeps, look, read_after, marked):
        look(NOW, now=NOW + read_after)

        assert mark(sweeps, found()) == MissedChanges(marked=marked, missed=0)

    def test_the_look_that_follows_settles_it(self, sweeps, tickets, look):
        look(NOW, now=NOW)
        mark(sweeps, found())
        finish(tickets, now=LATER, modified_at=NOW)

        assert mark(sweeps, found(), now=LATER + A_SECOND) == NOTHING

    def test_a_look_that_was_skipped_has_read_nothing(self, sweeps, inbox, tickets, look):
        look(NOW, now=NOW)
        inbox.record([make_event(modified_at=NOW)], now=NOW + 5 * A_SECOND)
        lease = take(tickets, now=NOW + 5 * A_SECOND)
        begin(tickets, lease, now=NOW + 5 * A_SECOND)
        tickets.skip_look(lease, modified_at=NOW)

        assert mark(sweeps, found()) == MissedChanges(marked=1, missed=0)

    def test_a_ticket_that_is_gone_is_not_asked_for_again(self, sweeps, tickets, look):
        look(NOW, now=NOW)
        tickets.look_now([TICKET], now=NOW + A_SECOND)
        lease = take(tickets, now=NOW + A_SECOND)
        begin(tickets, lease, now=NOW + A_SECOND)
        tickets.end(lease, now=NOW + A_SECOND)

        assert mark(sweeps, found()) == NOTHING


@pytest.mark.parametrize(
    ("looked_at", "marked"),
    [
        pytest.param(None, 1, id="never"),
        pytest.param(LATER - timedelta(minutes=5, seconds=1), 1, id="a while ago"),
        pytest.param(LATER - timedelta(minutes=5), 0, id="in the last minutes"),
    ],
)
def test_a_ticket_without_an_instant_is_looked_at_unless_it_just_was(sweeps, look, looked_at, marked):
    if looked_at:
        look(NOW, now=looked_at)

    assert mark(sweeps, found(at=None)) == MissedChanges(marked=marked, missed=0)


def test_what_an_event_reported_is_not_missed_after_a_skipped_look(sweeps, inbox, tickets, look):
    look(NOW - A_SECOND)
    inbox.record([make_event(modified_at=NOW)], now=NOW)
    lease = take(tickets)
    assert begin(tickets, lease).events[0].modified_at == NOW

    tickets.skip_look(lease, modified_at=NOW)

    assert mark(sweeps, found()) == MissedChanges(marked=1, missed=0)
    finish(tickets, now=LATER, modified_at=NOW)
    assert mark(sweeps, found(at=NOW + A_SECOND), now=LATER + A_SECOND) == ONE


def test_a_mark_does_not_unpark(sweeps, tickets):
    tickets.look_now([TICKET], now=NOW)
    tickets.park(take(tickets), now=NOW, error="never")

    assert mark(sweeps, found()) == NOTHING
    assert due(tickets) == []


@pytest.mark.parametrize(
    ("promised_since", "counted"),
    [pytest.param(NOW, 1, id="from then on"), pytest.param(NOW + A_SECOND, 0, id="before it nothing was promised")],
)
def test_only_what_was_promised_is_missed(sweeps, missed, promised_since, counted):
    assert mark(sweeps, found(), promised_since=promised_since) == MissedChanges(marked=1, missed=counted)
    assert missed() == counted


def test_a_page_may_hold_known_and_unknown_tickets_and_one_twice(sweeps, tickets, look):
    look(NOW)
    page = [*found(TICKET, "2", "3"), *found("2", at=NOW + A_SECOND), *found("4", at=None)]

    assert mark(sweeps, page) == MissedChanges(marked=3, missed=2)
    assert sorted(due(tickets)) == ["2", "3", "4"]
    assert mark(sweeps, found("2", at=NOW + A_SECOND), now=LATER + timedelta(minutes=1)) == NOTHING


def test_an_empty_page_is_nothing(sweeps):
    assert mark(sweeps, []) == NOTHING


def test_sweeps_at_the_same_time_count_each_ticket_once(sweeps, tickets, missed):
    page = found(*(f"{number:018d}" for number in range(100)))

    with ThreadPoolExecutor(4) as pool:
        marked = list(pool.map(lambda _: mark(sweeps, page).missed, range(4)))

    assert (sum(marked), missed(), len(due(tickets))) == (100, 100, 100)


def test_how_far_they_came_is_kept(sweeps):
    assert sweeps.coverage() is None

    for until in (NOW, LATER):
        sweeps.cover(SweepCoverage(since=NOW, until=until))

    assert sweeps.coverage() == SweepCoverage(since=NOW, until=LATER)


@pytest.mark.parametrize("which", SweepKind)
def test_the_progress_of_each_kind_is_kept(sweeps, which):
    assert sweeps.rounds() == {}

    assert [sweeps.fail_round(which, error) for error in ("down", "still down")] == [1, 2]
    assert sweeps.rounds() == {which: SweepRound(failures=2, error="still down")}

    sweeps.end_round(which, reached=NOW, now=LATER)
    assert sweeps.rounds() == {which: SweepRound(reached=NOW, ended_at=LATER)}
    assert sweeps.fail_round(which, "down again") == 1
    assert sweeps.rounds() == {which: SweepRound(reached=NOW, ended_at=LATER, failures=1, error="down again")}


@pytest.mark.parametrize("which", SweepKind)
def test_one_of_many_takes_the_turn(sweeps, which):
    with ThreadPoolExecutor(4) as pool:
        turns = list(pool.map(lambda _: sweeps.acquire(which, now=NOW, length=A_SECOND), range(4)))

    assert sum(turns) == 1
    assert sweeps.coverage() is None


@pytest.mark.parametrize("which", SweepKind)
def test_a_sweep_that_failed_gives_its_turn_back(sweeps, which):
    sweeps.acquire(which, now=NOW, length=A_SECOND)
    sweeps.fail_round(which, "down")

    assert sweeps.acquire(which, now=NOW, length=A_SECOND)
    assert not sweeps.acquire(which, now=NOW, length=A_SECOND)


def test_a_portal_has_its_own_sweeps(sweeps, engine):
    other = SqlSweeps(engine, "other")
    mark(sweeps, found())
    sweeps.cover(SweepCoverage(since=NOW, until=NOW))
    sweeps.acquire(SweepKind.RECENT, now=NOW, length=A_SECOND)

    assert (other.coverage(), SqlMetrics(engine, "other").deliveries()) == (None, DeliveryCounts())
    assert other.acquire(SweepKind.RECENT, now=NOW, length=A_SECOND)
    assert mark(other, found()) == ONE
    assert due(SqlTickets(engine, "other")) == [TICKET]
