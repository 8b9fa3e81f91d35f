"""The auditor plans missing looks again, and does not call the monitor when something is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from desk_sync.adapters.store.clocks import SqlOpenClocks
from desk_sync.adapters.store.desk_clock import SqlDeskClock
from desk_sync.adapters.store.engine import writing
from desk_sync.adapters.store.inflow import SqlInflow
from desk_sync.adapters.store.installations import SqlInstallation
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.tables import clocks, tickets
from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.errors import DeliveryFault, TemporaryError
from desk_sync.ports.desk_clock import MeasuredOffset
from desk_sync.ports.portal import InstallationMark
from desk_sync.ports.sweeps import SweepKind
from desk_sync.services.sweep import MissedAlarm
from desk_sync.services.watch.audit import Audit, AuditResult
from desk_sync.services.watch.inflow import InflowWatch
from desk_sync.services.watch.installations import InstallationWatch
from tests.support.makers import NOW, make_ticket

TICKET = "100000000000000001"


class Monitor:
    """The external monitor: counts the calls, and may be down."""

    def __init__(self) -> None:
        self.calls = 0
        self.down = False

    def call(self) -> None:
        if self.down:
            raise TemporaryError("no answer")
        self.calls += 1


@pytest.fixture
def monitor():
    return Monitor()


@pytest.fixture
def audit(desk, world, monitor):
    """An audit over one ticket whose clocks run and whose next look is planned."""
    desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
    world.receives(key="add")
    world.look()
    return Audit(
        clocks=[(SqlOpenClocks(world.engine, "default"), "p1")],
        metrics=[SqlMetrics(world.engine, "default")],
        report=monitor.call,
        now=world.now,
    )


def forget(world, **values) -> None:
    """Remove the plan for the next look, which no code of the product does."""
    with writing(world.engine) as connection:
        connection.execute(update(tickets).values(**{"look_at": None, "wake_at": None} | values))


def test_an_audit_without_a_fault_calls_the_monitor(audit, monitor):
    assert audit.run().passed
    assert monitor.calls == 1


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param({}, id="no look is planned"),
        pytest.param({"look_at": NOW + timedelta(days=3)}, id="it is planned for after the next change of a clock"),
    ],
)
def test_a_missing_look_is_planned_again_and_the_monitor_is_not_called(world, audit, monitor, lost):
    forget(world, **lost)

    assert audit.run().remade == 1
    assert monitor.calls == 0
    assert [lease.ticket_id for lease in world.claim()] == [TICKET]


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"parked_at": NOW}, id="parked: it waits for a person"),
        pytest.param({"ended_at": NOW}, id="deleted"),
        pytest.param({"lease_until": NOW + timedelta(seconds=45)}, id="leased by a worker"),
        pytest.param({"owed_at": NOW, "look_at": NOW + timedelta(days=3)}, id="put off, because Desk did not answer"),
    ],
)
def test_a_ticket_without_a_planned_look_for_a_known_reason_is_left_alone(world, audit, state):
    forget(world, **state)

    assert audit.run().remade == 0


def test_work_that_is_due_for_long_keeps_the_monitor_from_being_called(world, audit, monitor):
    world.waits(hours=2)

    assert not audit.run().passed
    assert monitor.calls == 0


def test_a_clock_that_runs_out_on_a_parked_ticket_keeps_the_monitor_from_being_called(world, audit, monitor):
    with writing(world.engine) as connection:
        connection.execute(update(tickets).values(parked_at=NOW))
    assert audit.run().passed

    world.waits(hours=2)

    assert audit.run() == AuditResult(remade=0, late=1, unswept=0, off=0)
    assert monitor.calls == 1


def test_a_changed_mapping_has_every_open_ticket_looked_at_once(world, audit):
    known, changed = SqlOpenClocks(world.engine, "default"), replace(audit, clocks=[(audit.clocks[0][0], "p2")])
    audit.run()
    assert world.claim() == []

    with capture_logs() as logs:
        changed.run()

    assert [(each["version"], each["tickets"]) for each in logs if each["event"] == "mapping.changed"] == [("p2", 1)]
    assert [lease.ticket_id for lease in world.claim()] == [TICKET]
    assert known.requeue_by_policy("p2", now=world.now()) == 0


@pytest.mark.parametrize("which", SweepKind)
def test_sweeps_that_fail_again_keep_the_monitor_from_being_called_until_one_ends_well(world, audit, monitor, which):
    sweeps, passed = SqlSweeps(world.engine, "default"), []
    for _ in range(2):
        sweeps.fail_round(which, "down")
        passed.append(audit.run().passed)

    sweeps.end_round(which, reached=world.now(), now=world.now())
    assert passed == [True, False]
    assert audit.run().passed
    assert monitor.calls == 2


def test_a_monitor_that_does_not_answer_does_not_fail_the_audit(audit, monitor):
    monitor.down = True

    assert audit.run().passed


def test_the_cancelled_clocks_of_a_deleted_ticket_need_no_look(desk, world, audit):
    del desk.tickets[TICKET]
    world.receives(key="deleted")
    world.look()

    assert audit.run().passed


def test_a_step_of_an_escalation_without_a_planned_look_is_planned_again(audit, world, monitor):
    with writing(world.engine) as connection:
        connection.execute(update(clocks).values(next_at=None))
    forget(world, step_at=NOW + timedelta(hours=1))

    assert audit.run().remade == 1
    assert monitor.calls == 0
    assert len(world.claim()) == 1


@pytest.mark.parametrize(
    ("behind", "off"),
    [
        pytest.param(-60, 0, id="a minute ahead"),
        pytest.param(-61, 1, id="more than a minute ahead"),
        pytest.param(61, 1, id="more than a minute behind"),
    ],
)
def test_a_host_whose_clock_is_far_from_desks_keeps_the_monitor_from_being_called(world, audit, monitor, behind, off):
    offset = ClockOffset(timedelta(seconds=behind))
    SqlDeskClock(world.engine, "default").save(MeasuredOffset(offset=offset, measured_at=NOW))

    assert (audit.run().off, monitor.calls) == (off, 1 - off)


def test_open_tickets_of_a_portal_that_is_not_named_any_more_keep_the_monitor_from_being_called(audit, monitor):
    found = replace(audit, strangers=lambda: {"default": 3, "asia": 1}).run()

    assert (found.strangers, found.passed, monitor.calls) == (4, False, 0)
    assert (audit.run().passed, monitor.calls) == (True, 1)


def test_deliveries_that_stop_keep_the_monitor_from_being_called(audit, monitor, world):
    inflow = SqlInflow(world.engine, "default")
    watched = replace(audit, inflow=[InflowWatch(inflow=inflow, now=world.now, alarm=MissedAlarm())])
    assert watched.run().passed
    world.waits(hours=8)
    world.look()
    inflow.refuse({DeliveryFault.WRONG_WEBHOOK: 3}, now=world.now())
    calls = monitor.calls

    with capture_logs() as logs:
        assert watched.run().stopped == 1

    assert monitor.calls == calls
    assert [each["alarm"] for each in logs if each["event"] == "deliveries.stopped"] == [
        "every delivery of the last hour was refused: 3 wrong webhook"
    ]


def test_another_installation_keeps_the_monitor_from_being_called(audit, monitor, world):
    store = SqlInstallation(world.engine, "default", world.now, lambda: "0f0f0f")
    watched = replace(audit, installations=[InstallationWatch(store=store, now=world.now, speaks_in=lambda _: True)])
    assert watched.run().passed
    for ticket_id in ("1", "2"):
        own, other = (
            InstallationMark(installation=each, made_at=NOW, edited_at=NOW) for each in (store.own(), "00000000000001")
        )
        store.see(ticket_id, [own, replace(other, made_at=NOW + timedelta(minutes=1))])
    calls = monitor.calls

    with capture_logs() as logs:
        assert watched.run().crowded == 1

    assert monitor.calls == calls
    assert "installation.crowded" in [each["event"] for each in logs]
