"""How far the host's clock is behind Desk's: kept per portal, and what is stored in Desk's time is compared in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from desk_sync.adapters.store.clocks import SLACK, SqlOpenClocks
from desk_sync.adapters.store.columns import LaterInstant
from desk_sync.adapters.store.desk_clock import SqlDeskClock
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.tables import clocks
from desk_sync.adapters.store.tables import tickets as rows_of_tickets
from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.ports.desk import ModifiedTickets
from desk_sync.ports.desk_clock import MeasuredOffset
from desk_sync.ports.sweeps import SweepKind
from tests.contracts.store.steps import finish
from tests.support.makers import NOW

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DUE = NOW + 3 * HOUR
SHIFTS = [
    pytest.param(timedelta(0), id="one clock"),
    pytest.param(1.25 * SECOND, id="the host is behind by little"),
    pytest.param(HOUR, id="behind"),
    pytest.param(-DAY, id="ahead"),
]


@pytest.fixture
def measure(engine):
    """Store an offset of the portal."""

    def measure(behind, portal="default"):
        SqlDeskClock(engine, portal).save(MeasuredOffset(offset=ClockOffset(behind), measured_at=NOW))

    return measure


@pytest.fixture
def ticket(engine, tickets):
    """Record a look at a ticket; a change of its clock, or a step, is due at `due` of Desk's time."""

    def ticket(kind, look_at, *, due=DUE):
        tickets.look_now(["t1"], now=NOW)
        finish(tickets, next_look_at=look_at, next_step_at=due if kind == "step" else None)
        if kind == "clock":
            started = {"milestone": "resolution", "round": 1, "severity": 1, "state": "running", "started_at": NOW}
            with engine.begin() as connection:
                connection.execute(insert(clocks).values(portal="default", ticket_id="t1", next_at=due, **started))

    return ticket


def test_the_last_offset_is_read_as_it_was_saved(engine, measure):
    store = SqlDeskClock(engine, "default")
    assert store.read() is None

    for behind in (HOUR, -1.5 * SECOND):
        measure(behind)

    assert store.read() == MeasuredOffset(offset=ClockOffset(-1.5 * SECOND), measured_at=NOW)
    assert SqlMetrics(engine, "default").desk_clock() == store.read()
    assert SqlDeskClock(engine, "other").read() is None


@pytest.mark.parametrize("by", SHIFTS)
def test_an_instant_of_a_column_is_later_by_a_span(engine, tickets, by):
    tickets.look_now(["t1"], now=NOW)
    later = LaterInstant(rows_of_tickets.c.look_at, by)

    with engine.connect() as connection:
        for at, is_later in ((NOW + by - 0.01 * SECOND, True), (NOW + by + 0.01 * SECOND, False)):
            assert bool(connection.scalar(select(later > at))) is is_later


@pytest.mark.parametrize("behind", SHIFTS)
@pytest.mark.parametrize("kind", ["clock", "step"])
def test_a_look_is_planned_in_the_hosts_time_for_a_change_in_desks(engine, ticket, measure, kind, behind):
    measure(behind)
    ticket(kind, DUE, due=DUE + behind)

    assert SqlOpenClocks(engine, "default").requeue_unplanned(now=NOW) == 0


@pytest.mark.parametrize("behind", SHIFTS)
@pytest.mark.parametrize("kind", ["clock", "step"])
def test_a_look_that_is_later_is_made_again(engine, ticket, measure, kind, behind):
    measure(behind)
    ticket(kind, DUE + SLACK + SECOND, due=DUE + behind)

    assert SqlOpenClocks(engine, "default").requeue_unplanned(now=NOW) == 1


@pytest.mark.parametrize(
    ("state", "remade"),
    [
        pytest.param({}, 1, id="open, and nothing is expected of it"),
        pytest.param({"look_at": NOW + DAY}, 0, id="a look is planned"),
        pytest.param({"closed": True}, 0, id="closed"),
        pytest.param({"ended_at": NOW}, 0, id="gone"),
        pytest.param({"parked_at": NOW}, 0, id="parked"),
        pytest.param({"looked_at": None}, 0, id="never looked at"),
        pytest.param({"lease_until": NOW + SECOND}, 0, id="a worker looks at it"),
    ],
)
def test_an_open_ticket_without_a_look_to_come_gets_one(engine, ticket, tickets, state, remade):
    ticket("nothing", None)
    with engine.begin() as connection:
        connection.execute(update(rows_of_tickets).values({"look_at": None} | state))

    assert SqlOpenClocks(engine, "default").requeue_unplanned(now=NOW) == remade
    assert [each.ticket_id for each in tickets.claim(now=NOW, until=NOW + SECOND, limit=1)] == ["t1"] * remade


@pytest.mark.parametrize("behind", SHIFTS)
@pytest.mark.parametrize("kind", ["clock", "step"])
def test_a_change_is_due_when_desks_time_reaches_it(engine, ticket, measure, kind, behind):
    measure(behind)
    ticket(kind, DUE - behind)
    metrics = SqlMetrics(engine, "default")

    assert metrics.backlog(DUE - behind - SECOND).step_at is None
    assert metrics.backlog(DUE - behind + HOUR).step_at == DUE - behind


def test_the_progress_of_sweeps_is_shown_in_the_hosts_time(engine, measure):
    measure(-DAY)
    SqlSweeps(engine, "default").end_round(SweepKind.RECENT, reached=NOW - DAY, now=NOW)

    assert SqlMetrics(engine, "default").sweeps()[SweepKind.RECENT].reached == NOW


@pytest.mark.parametrize("behind", SHIFTS)
@pytest.mark.parametrize(
    ("after", "marked"), [pytest.param(SECOND, 1, id="soon"), pytest.param(3 * SECOND, 0, id="later")]
)
def test_a_second_of_desks_is_known_from_a_look_after_it_by_desks_time(engine, tickets, measure, behind, after, marked):
    measure(behind)
    looked_at = NOW - behind + after
    tickets.look_now(["t1"], now=looked_at)
    finish(tickets, now=looked_at, modified_at=NOW, next_look_at=looked_at + DAY)
    modified = [ModifiedTickets(ticket_id="t1", at=NOW)]

    found = SqlSweeps(engine, "default").mark_missed(modified, promised_since=NOW - DAY, now=looked_at + 10 * SECOND)

    assert found.marked == marked
