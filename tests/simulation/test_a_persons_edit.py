"""L7 in virtual time: a person's severity stands, however late, lost or interrupted the news of it and of our write."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from desk_sync.adapters.desk.client import DeskClient
from desk_sync.domain.ticket.ticket import Field, Ticket, Value
from desk_sync.services.drain import Drain
from desk_sync.simulated_desk.portal.event import DeskEvent
from desk_sync.simulation import scenario
from desk_sync.simulation.report import document
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import SimulationSetup, set_up_simulation

SCENARIO = """
    start: 2026-11-20T09:00:00Z
    until: +20m
    accounts: accounts.csv
    tickets: [{key: t1, at: +1m, severity: 3, fields: {customer_primary_email: admin@big.example}}]
"""
CF = "cf"
SEVERITY = "cf_severity"


class Died(BaseException):
    """The worker was killed here."""


@dataclass(slots=True)
class Bystander:
    """Acts within our write of the severity: after Desk has it, and before its answer."""

    simulation: SimulationSetup
    acts: Callable[[], None]
    acted: bool = False

    def take(self, event: DeskEvent) -> None:
        if not self.acted and is_ours(event, self.simulation) and sets_severity(event):
            self.acted = True
            self.acts()


def is_ours(event: DeskEvent, simulation: SimulationSetup) -> bool:
    own: str = simulation.site.portal.own_agent["id"]
    return event.payload.get("modifiedBy") == own


def sets_severity(event: DeskEvent) -> bool:
    return event.before is not None and event.before[CF][SEVERITY] != event.payload[CF][SEVERITY]


@pytest.fixture
def simulate(write) -> Callable[..., dict[str, Any]]:
    """Run the scenario with these steps; `prepare` gets the simulation before it begins. Return the ticket's report."""

    def simulate(*steps: str, prepare: Callable[[SimulationSetup], None] = lambda _: None) -> dict[str, Any]:
        text = textwrap.dedent(SCENARIO) + f"steps: [{', '.join(steps)}]\n"
        loaded = scenario.read(write(text))
        with set_up_simulation(loaded) as simulation:
            prepare(simulation)
            run_scenario(loaded, simulation)
            ticket: dict[str, Any] = document(simulation)["tickets"]["t1"]
            return ticket

    return simulate


def edits(simulation: SimulationSetup) -> Callable[[], None]:
    return lambda: simulation.actors.change("t1", {"severity": 2}, "agent")


def severities_written(ticket: dict[str, Any]) -> list[str]:
    return [each["fields"]["severity"] for each in ticket["writes"] if "severity" in each["fields"]]


def stands(ticket: dict[str, Any]) -> bool:
    because = [each for each in ticket["decision"]["reasons"] if each.startswith("L7: severity")]
    return ticket["fields"]["severity"] == "S2-Moderate" and ticket["fields"]["large_user"] is True and bool(because)


def test_it_stands_when_our_echo_overtakes_its_event(simulate):
    def by_hand(simulation: SimulationSetup) -> None:
        """Deliver our echo two minutes late, and a person's change of the severity ten."""
        portal, deliveries, virtual_time = simulation.site.portal, simulation.deliveries, simulation.virtual_time

        def take(event: DeskEvent) -> None:
            late = (2 if is_ours(event, simulation) else 10) if sets_severity(event) else 0
            virtual_time.schedule(virtual_time.now() + timedelta(minutes=late), lambda: deliveries.take(event))

        portal.listeners[portal.listeners.index(deliveries.take)] = take

    ticket = simulate(
        "{at: +2m, ticket: t1, set: {customer_primary_email: boss@other-big.example}}",
        "{at: +150s, ticket: t1, set: {severity: 2}}",
        prepare=by_hand,
    )

    assert severities_written(ticket) == ["S1-Critical"]
    assert stands(ticket)


def test_it_stands_when_the_answer_to_our_write_is_lost(simulate):
    def during_our_write(simulation: SimulationSetup) -> None:
        simulation.site.portal.listeners.append(Bystander(simulation, edits(simulation)).take)

    fault = '{at: +0m, faults: {calls: ["PATCH /tickets/{id}"], reset: true, after: true}, for: 61s}'
    ticket = simulate(fault, prepare=during_our_write)

    assert severities_written(ticket) == ["S1-Critical"]
    assert stands(ticket)


def test_it_stands_when_it_falls_between_our_reading_and_our_write(simulate, monkeypatch):
    def before_our_write(simulation: SimulationSetup) -> None:
        write = DeskClient.write_ticket

        def edit_and_write(client: DeskClient, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
            monkeypatch.setattr(DeskClient, "write_ticket", write)
            edits(simulation)()
            return write(client, ticket_id, fields)

        monkeypatch.setattr(DeskClient, "write_ticket", edit_and_write)

    ticket = simulate(prepare=before_our_write)

    assert severities_written(ticket) == ["S1-Critical", "S2-Moderate"]
    assert stands(ticket)


def test_it_stands_when_the_worker_dies_before_it_recorded_our_write(simulate, monkeypatch):
    def die(simulation: SimulationSetup) -> None:
        def edit_and_die() -> None:
            edits(simulation)()
            raise Died

        simulation.site.portal.listeners.append(Bystander(simulation, edit_and_die).take)

    run = Drain.run

    def run_until_death(drain: Drain) -> bool:
        try:
            return run(drain)
        except Died:
            return True

    monkeypatch.setattr(Drain, "run", run_until_death)
    ticket = simulate(prepare=die)

    assert severities_written(ticket) == ["S1-Critical"]
    assert stands(ticket)


def test_it_stands_on_the_new_account_that_was_named_in_the_same_save(simulate):
    ticket = simulate(
        "{at: +5m, ticket: t1, set: {customer_primary_email: boss@other-big.example, severity: 2}}",
    )

    assert severities_written(ticket) == ["S1-Critical"]
    assert stands(ticket)


def test_it_gives_way_to_another_account_that_is_named_later(simulate):
    ticket = simulate(
        "{at: +5m, ticket: t1, set: {severity: 2}}",
        "{at: +10m, ticket: t1, set: {customer_primary_email: boss@other-big.example}}",
    )

    assert ticket["fields"]["severity"] == "S1-Critical"
