"""Two installations, each with a database of its own, on one simulated Desk, for days of virtual time."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from desk_sync.simulation import run, scenario, setup
from desk_sync.simulation.deliveries import DeliveryRunner
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


@pytest.fixture
def together(write):
    """Run the scenario with a second installation from `BEGIN` on; return both portals' services and the site."""

    def run_both(*, mode=None):
        text = SCENARIO + (f"mapping: {mode}.yaml\n" if mode else "")
        loaded = scenario.read(write(text))
        with setup.set_up_simulation(loaded) as simulation:
            time, site, first = simulation.virtual_time, simulation.site, simulation.desk_sync
            mapping = first.mapping
            with closing(setup._product(loaded, site, time, simulation.notices, mapping)) as second:
                object.__setattr__(second.environment, "token", lambda: "000002")
                runner = DeliveryRunner(site, setup._door(second), time)
                first.portal(DEFAULT).installation.own()

                def start():
                    second.portal(DEFAULT).installation.own()
                    site.portal.listeners.append(runner.take)
                    work()

                def work():
                    second.portal(DEFAULT).drain.run()
                    time.schedule(time.now() + timedelta(minutes=1), work)

                time.schedule(loaded.shape.start + BEGIN, start)
                run.run_scenario(loaded, simulation)
                yield first.portal(DEFAULT), second.portal(DEFAULT), simulation

    return run_both


def private_comments(simulation, key):
    return [each for each in simulation.actors.tickets[key].comments if not each["isPublic"]]


def test_the_second_notices_and_writes_nothing_any_more_and_the_first_goes_on(together):
    for first, second, simulation in together():
        assert first.installation_watch.refusal() is None
        assert first.installation.own() in (second.installation_watch.refusal() or "")
        marks = {each["content"].rpartition(".")[2][:14] for each in private_comments(simulation, "fourth")}
        assert marks == {first.installation.own()}
