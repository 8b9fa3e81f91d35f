"""Desk answers 404: to everything for an hour, which ends no ticket; to one ticket for ever, which ends it once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import tickets
from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulation import report, run, scenario, setup
from desk_sync.wiring.process import DEFAULT

SCENARIO = """\
start: 2026-11-23T08:00:00Z
until: +36h
tickets:
  - {key: first, severity: 1, partner: {country: DE}}
  - {key: second, severity: 2, partner: {country: DE}}
  - {key: during, at: +130m, severity: 2, partner: {country: DE}}
  - {key: later, at: +4h, severity: 3, partner: {country: DE}}
"""
BEGIN, HOUR = timedelta(hours=2), timedelta(hours=1)


@pytest.fixture
def watched(write):
    """Run the scenario with faults from `BEGIN` on, for a span or for ever.

    Return the setup's report, the instants at which each ticket was found to have ended, and the calls to Desk.
    """

    def run_with(faults=None, length=None, *, lost=None):
        loaded = scenario.read(write(SCENARIO))
        with setup.set_up_simulation(loaded) as simulation:
            time, chance, site = simulation.virtual_time, simulation.site.chance, simulation.site
            begin_at, ended = loaded.shape.start + BEGIN, {}

            def begin():
                ids = (str(simulation.actors.tickets[lost].ticket_id),) if lost else ()
                chance.begin(injected := FaultInjector(status=404, calls=faults or (), ids=ids))
                if length:
                    time.schedule(begin_at + length, lambda: chance.end(injected))

            def watch():
                with reading(simulation.desk_sync.engine) as connection:
                    for ticket_id in connection.scalars(
                        select(tickets.c.ticket_id).where(tickets.c.ended_at.is_not(None))
                    ):
                        ended.setdefault(ticket_id, time.now() - begin_at)
                time.schedule(time.now() + timedelta(minutes=1), watch)

            if faults:
                time.schedule(begin_at, begin)
            time.schedule(begin_at, watch)
            run.run_scenario(loaded, simulation)
            history = simulation.desk_sync.portal(DEFAULT).tickets.history
            numbers = {key: str(each.ticket_id) for key, each in simulation.actors.tickets.items()}
            found = {key: history(each) for key, each in numbers.items()}
            return report.document(simulation), {k: ended[v] for k, v in numbers.items() if v in ended}, found, site

    return run_with


def levels(document):
    """Return what the partner and the staff see of each ticket, without the instants of our own acts."""
    return {
        key: (
            ticket["status"],
            [each["level"] for each in ticket["escalations"]],
            [(each["milestone"], each["state"], each["due_at"]) for each in ticket["clocks"]],
        )
        for key, ticket in document["tickets"].items()
    }


def test_an_hour_of_404_for_everything_ends_no_ticket_and_changes_nothing(watched):
    calm, *_ = watched()
    stormy, ended, _, _ = watched(("GET /tickets/{id}", "GET /tickets/search"), HOUR)

    assert ended == {}
    assert levels(stormy) == levels(calm)


def test_404_for_one_ticket_for_ever_ends_it_once_and_no_other(watched):
    calm, *_ = watched()
    stormy, ended, found, _ = watched(("GET /tickets/{id}",), lost="first")

    assert ended.keys() == {"first"}
    assert timedelta(hours=3) <= ended["first"] <= timedelta(hours=36)
    assert found["first"].look_at is None
    others = levels(calm)
    assert {key: each for key, each in levels(stormy).items() if key != "first"} == {
        key: each for key, each in others.items() if key != "first"
    }
