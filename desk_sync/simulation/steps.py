"""Execution of the steps of a scenario."""

from __future__ import annotations

from desk_sync.errors import DeskSyncError
from desk_sync.simulated_desk.faults import NONE, FaultInjector
from desk_sync.simulated_desk.portal.ticket import markup
from desk_sync.simulation.scenario import LoadedScenario
from desk_sync.simulation.scenario_shape import (
    AccountsStep,
    AgentReply,
    AnyStep,
    AssignStep,
    CloseStep,
    CustomerReply,
    DeactivateStep,
    FaultsOfDesk,
    FaultsStep,
    MoveStep,
    NoteStep,
    PublicComment,
    ReopenStep,
    SetStep,
    SourceDown,
    TrashStep,
)
from desk_sync.simulation.setup import SimulationSetup


def run_step(step: AnyStep, simulation: SimulationSetup, scenario: LoadedScenario) -> None:
    """Execute the step now. Raises RestError if the simulated Desk refuses it, PermanentError for an unknown word."""
    portal, actors = simulation.site.portal, simulation.actors
    match step:
        case AgentReply(ticket=key, agent_reply=text, by=by):
            portal.agent_reply(actors.ticket_id(key), markup(text), by=actors.author_id(by, key))
        case CustomerReply(ticket=key, customer_reply=text):
            portal.customer_reply(actors.ticket_id(key), markup(text))
        case NoteStep(ticket=key, note=text, by=by):
            portal.add_comment(actors.ticket_id(key), markup(text), public=False, by=actors.author_id(by, key))
        case PublicComment(ticket=key, public_comment=text, by=by):
            portal.add_comment(actors.ticket_id(key), markup(text), public=True, by=actors.author_id(by, key))
        case SetStep(ticket=key, values=values, by=by):
            actors.change(key, values, by)
        case CloseStep(ticket=key, by=by):
            actors.change(key, {"status": "Closed"}, by)
        case ReopenStep(ticket=key, by=by):
            actors.change(key, {"status": "Open"}, by)
        case AssignStep(ticket=key, assign=agent, by=by):
            actors.change(key, {"assigneeId": actors.agents[agent] if agent else None}, by)
        case MoveStep(ticket=key, move=department, by=by):
            ids = {each["name"]: each["id"] for each in portal.seed.departments}
            portal.move_ticket(actors.ticket_id(key), ids[department], by=actors.author_id(by, key))
        case TrashStep(ticket=key):
            portal.trash_ticket(actors.ticket_id(key), by=actors.author_id("agent", key))
        case DeactivateStep(deactivate=agent):
            portal.deactivate(actors.agents[agent])
        case AccountsStep(accounts=name):
            simulation.source.file = scenario.path(name)
            simulation.event_log.note(_pull_accounts(simulation, name))
        case FaultsStep(faults=faults, lasts=lasts):
            _start_faults(simulation, _faults(faults), step)
        case SourceDown(lasts=lasts):
            _stop_source(simulation)
            simulation.virtual_time.schedule(simulation.virtual_time.now() + lasts, lambda: _restart_source(simulation))


def _pull_accounts(simulation: SimulationSetup, name: str) -> str:
    """Pull now, due or not; return the result as a line of the time line. A failed pull is repeated when due."""
    try:
        replaced = simulation.pull.run()
    except DeskSyncError as error:
        return f"{name} cannot be brought in: {error}"
    return f"{name} is brought in: {replaced.changed} accounts are new, changed or gone"


def _start_faults(simulation: SimulationSetup, faults: FaultInjector, step: FaultsStep) -> None:
    simulation.site.chance.set(faults)
    simulation.event_log.note("faults begin")
    simulation.virtual_time.schedule(
        simulation.virtual_time.now() + step.lasts, lambda: _end_faults(simulation, faults)
    )


def _end_faults(simulation: SimulationSetup, faults: FaultInjector) -> None:
    """End these faults, unless others have replaced them."""
    if simulation.site.chance.faults is faults:
        simulation.site.chance.set(NONE)
        simulation.event_log.note("faults end")


def _stop_source(simulation: SimulationSetup) -> None:
    """Pull once more and begin an outage; the data grow old from now on."""
    _pull_accounts(simulation, "the last export")
    simulation.source.outages += 1
    simulation.event_log.note("the subscription source does not answer any more")


def _restart_source(simulation: SimulationSetup) -> None:
    simulation.source.outages -= 1
    simulation.event_log.note("the subscription source answers again")
    _pull_accounts(simulation, "the next export")


def _faults(faults: FaultsOfDesk) -> FaultInjector:
    return FaultInjector(**faults.model_dump() | {"calls": tuple(faults.calls)})
