"""The metrics of a portal: what is due, since when, and that nothing is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.tables import clocks
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.ports.metrics import WorkBacklog
from tests.contracts.store.steps import DECISION, begin, finish, take
from tests.support.makers import NOW, make_event

MINUTE = timedelta(minutes=1)
NOTHING = {"due": 0, "put_off": 0, "leased": 0, "parked": 0, "events": 0, "stranded": 0, "oldest_at": None}


@pytest.fixture
def metrics(engine):
    return SqlMetrics(engine, "default")


def event_comes(tickets, inbox):
    inbox.record([make_event(ticket_id="t1")], now=NOW)


def look_begins(tickets, inbox):
    event_comes(tickets, inbox)
    begin(tickets, take(tickets))


def worker_dies(tickets, inbox):
    event_comes(tickets, inbox)
    tickets.claim(now=NOW, until=NOW + timedelta(seconds=1), limit=1)


def look_is_put_off(tickets, inbox):
    event_comes(tickets, inbox)
    for round_ in range(3):
        lease = take(tickets, now=NOW + round_ * MINUTE)
        begin(tickets, lease, now=NOW + round_ * MINUTE)
        tickets.postpone(lease, look_at=NOW + (round_ + 1) * MINUTE, error="Desk is down")


def clock_is_put_off(tickets, inbox):
    tickets.look_now(["t1"], now=NOW)
    lease = take(tickets)
    begin(tickets, lease)
    tickets.postpone(lease, look_at=NOW + 3 * MINUTE, error="Desk is down")


def ticket_is_parked(tickets, inbox):
    look_is_put_off(tickets, inbox)
    tickets.park(take(tickets, now=NOW + 3 * MINUTE), now=NOW + 3 * MINUTE, error="no such field")


def ticket_is_dropped(tickets, inbox):
    ticket_is_parked(tickets, inbox)
    tickets.drop(["t1"], now=NOW + 3 * MINUTE)


def look_is_planned(tickets, inbox):
    event_comes(tickets, inbox)
    finish(tickets, next_look_at=NOW + timedelta(hours=1))


def all_is_done(tickets, inbox):
    look_is_put_off(tickets, inbox)
    finish(tickets, now=NOW + 3 * MINUTE)


SITUATIONS = [
    pytest.param(lambda tickets, inbox: None, {}, id="nothing"),
    pytest.param(event_comes, {"due": 1, "events": 1, "oldest_at": NOW}, id="an event"),
    pytest.param(look_begins, {"leased": 1, "events": 1, "oldest_at": NOW}, id="leased to a worker"),
    pytest.param(worker_dies, {"due": 1, "events": 1, "oldest_at": NOW}, id="leased to a dead worker"),
    pytest.param(look_is_put_off, {"put_off": 1, "events": 1, "oldest_at": NOW}, id="put off again and again"),
    pytest.param(clock_is_put_off, {"put_off": 1, "oldest_at": NOW}, id="put off without an event"),
    pytest.param(
        ticket_is_parked, {"parked": 1, "step_at": NOW + 3 * MINUTE}, id="parked before its first look, with its event"
    ),
    pytest.param(ticket_is_dropped, {}, id="dropped"),
    pytest.param(look_is_planned, {}, id="planned for later"),
    pytest.param(all_is_done, {}, id="done after all"),
]


@pytest.mark.parametrize(("happens", "expected"), SITUATIONS)
def test_the_backlog_is_what_is_due_and_undone(metrics, tickets, inbox, happens, expected):
    happens(tickets, inbox)

    seen_at = NOW + timedelta(seconds=2) if happens is not look_is_put_off else NOW + 2.5 * MINUTE
    assert metrics.backlog(seen_at) == WorkBacklog(**(NOTHING | expected))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("UPDATE tickets SET look_at = NULL", id="its ticket is not due"),
        pytest.param("UPDATE tickets SET look_at = '2027-01-01 00:00:00+00:00'", id="its ticket is due too late"),
        pytest.param("DELETE FROM tickets", id="its ticket is not there"),
    ],
)
def test_an_event_without_a_due_look_is_stranded(metrics, tickets, inbox, engine, fault):
    event_comes(tickets, inbox)
    with engine.begin() as connection:
        connection.exec_driver_sql(fault)

    backlog = metrics.backlog(NOW + MINUTE)

    assert (backlog.events, backlog.stranded, backlog.oldest_at) == (1, 1, NOW)


class TestSteps:
    """A step that is due on a ticket is counted, whatever the state of the ticket's looks."""

    DUE = NOW + MINUTE

    @pytest.fixture(params=["a clock changes", "a step is due"])
    def ticket(self, request, tickets, engine):
        """A ticket that was looked at, and on which something is due in a minute."""
        tickets.look_now(["t1"], now=NOW)
        finish(tickets, next_look_at=self.DUE, next_step_at=self.DUE if request.param == "a step is due" else None)
        if request.param == "a clock changes":
            started = {"milestone": "resolution", "round": 1, "severity": 1, "state": "running", "started_at": NOW}
            with engine.begin() as connection:
                connection.execute(insert(clocks).values(portal="default", ticket_id="t1", next_at=self.DUE, **started))

    def park(self, tickets):
        lease = take(tickets, now=self.DUE)
        begin(tickets, lease, now=self.DUE)
        tickets.park(lease, now=self.DUE, error="no such field")

    def test_nothing_is_due_before_its_time(self, ticket, metrics):
        assert metrics.backlog(self.DUE - timedelta(seconds=1)).step_at is None

    def test_it_is_due_since_its_time(self, ticket, metrics):
        assert metrics.backlog(self.DUE + MINUTE).step_at == self.DUE

    def test_on_a_parked_ticket_too(self, ticket, metrics, tickets):
        self.park(tickets)

        backlog = metrics.backlog(self.DUE + MINUTE)
        assert (backlog.oldest_at, backlog.step_at) == (None, self.DUE)

    def test_but_on_none_that_was_dropped(self, ticket, metrics, tickets):
        self.park(tickets)
        tickets.drop(["t1"], now=self.DUE)

        assert metrics.backlog(self.DUE + MINUTE).step_at is None


def test_portals_are_counted_apart(tickets, inbox, engine):
    event_comes(tickets, inbox)

    assert SqlMetrics(engine, "other").backlog(NOW) == WorkBacklog(**NOTHING)


@pytest.mark.parametrize(
    ("closed", "counted"), [pytest.param(False, {"PRIORITY": 1}, id="open"), pytest.param(True, {}, id="closed")]
)
def test_open_tickets_are_counted_by_their_verdict(metrics, tickets, closed, counted):
    tickets.look_now(["t1"], now=NOW)
    finish(tickets, decision=DECISION, closed=closed)
    tickets.look_now(["t2"], now=NOW)

    assert metrics.verdicts() == {Verdict(verdict): count for verdict, count in counted.items()}


def test_the_last_heartbeat_is_kept(engine):
    heartbeats = SqlHeartbeats(engine)

    assert heartbeats.last() is None
    heartbeats.beat(now=NOW)
    heartbeats.beat(now=NOW + MINUTE)
    assert heartbeats.last() == NOW + MINUTE
