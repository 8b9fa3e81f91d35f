"""A host whose clock is apart from Desk's, in real processes: tickets keep their clocks, nothing is raised early."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.faults.scene import PORTAL, trial_setup
from tests.faults.storm import open_tickets

TICKETS = 5
SECOND = timedelta(seconds=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("ahead", [-SECOND, -60 * SECOND, timedelta(days=1)], ids=str)
def test_tickets_are_looked_at_in_desks_time_whatever_the_hosts_clock_shows(tmp_path, ahead):
    with trial_setup(tmp_path, seed=1, on_postgresql=False, on_small_disk=False, concurrency=10, latency=0.0) as setup:
        setup.clock.set_host(ahead)
        setup.start_workers(1)
        tickets = open_tickets(setup, TICKETS)

        portal = setup.demo.desk_sync.portal(PORTAL)
        measured = portal.metrics.desk_clock()
        assert measured
        assert abs(measured.offset.behind + ahead) <= 1.5 * SECOND
        for ticket in tickets:
            history = portal.tickets.history(ticket)
            clocks = history.clocks(setup.now())
            assert {clock.key for clock in clocks} >= {"acknowledgement:1", "determination:1"}
            assert not history.memory.escalation.state.raised
            changes_at = min(clock.next_at for clock in clocks if clock.next_at)
            assert abs(history.look_at - ahead - changes_at) <= 1.5 * SECOND
