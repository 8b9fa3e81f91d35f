"""Two installations, each with a database of its own, on one simulated Desk, for days of virtual time."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from desk_sync.domain.plan.policy import Mode
from desk_sync.simulation import run, scenario, setup
from desk_sync.simulation.deliveries import DeliveryRunner
from desk_sync.wiring.portal import PortalServices
from desk_sync.wiring.process import DEFAULT

SCENARIO = """\
start: 2026-11-23T08:00:00Z
until: +48h
tickets:
  - {key: first, severity: 1, partner: {country: DE}}
  - {key: second, at: +4h, severity: 2, partner: {country: DE}}
  - {key: third, at: +5h, severity: 1, partner: {country: DE}}
  - {key: fourth, at: +26h, severity: 1, partner: {country: DE}}
steps:
  - {at: +6h, ticket: second, agent_reply: "We are looking into it."}
"""
BEGIN = timedelta(hours=3)
"""When the second installation starts."""


@dataclass
class Pair:
    """Two installations after a run; the second was refused `after` it had started."""

    first: PortalServices
    second: PortalServices
    simulation: setup.SimulationSetup
    after: timedelta | None = None

    def writers_of(self, key):
        """Return the installations that wrote the private comments of a ticket."""
        contents = [each["content"] for each in self.simulation.actors.tickets[key].comments if not each["isPublic"]]
        return {content.rpartition(".")[2][:14] for content in contents}


@pytest.fixture
def together(write):
    """Run the scenario with a second installation from `BEGIN` on, in the given mode."""

    @contextmanager
    def together(mode):
        loaded = scenario.read(write(SCENARIO))
        with setup.set_up_simulation(loaded) as simulation:
            time, site = simulation.virtual_time, simulation.site
            mapping = _in_mode(simulation.desk_sync.mapping, mode)
            with closing(setup._product(loaded, site, simulation.host, simulation.notices, mapping)) as product:
                pair = Pair(simulation.desk_sync.portal(DEFAULT), product.portal(DEFAULT), simulation)
                pair.first.installation.own()
                begin_at: datetime = loaded.shape.start + BEGIN

                def work():
                    pair.second.drain.run()
                    if pair.after is None and pair.second.installation_watch.refusal():
                        pair.after = time.now() - begin_at
                    time.schedule(time.now() + timedelta(minutes=1), work)

                time.schedule(begin_at, pair.second.installation.own)
                deliveries = DeliveryRunner(site, setup._door(product), time, time.now())
                time.schedule(begin_at, lambda: site.portal.listeners.append(deliveries.take))
                time.schedule(begin_at, work)
                run.run_scenario(loaded, simulation)
                yield pair

    return together


def _in_mode(mapping, mode):
    tickets = replace(mapping.policy.tickets, mode=mode, department_modes={})
    return replace(mapping, policy=replace(mapping.policy, tickets=tickets))


def test_the_second_notices_and_writes_nothing_any_more_and_the_first_goes_on(together):
    with together(Mode.WRITE) as pair:
        assert pair.after is not None
        assert pair.after <= timedelta(hours=4)
        assert pair.first.installation_watch.refusal() is None
        assert pair.writers_of("fourth") == {pair.first.installation.own()}


def test_a_second_one_in_the_mode_shadow_is_no_cause_for_alarm(together):
    with together(Mode.SHADOW) as pair:
        assert pair.second.tickets.history(pair.simulation.actors.tickets["fourth"].ticket_id).decisions
        for each in (pair.first, pair.second):
            assert list(each.installation_watch.alarms()) == []
