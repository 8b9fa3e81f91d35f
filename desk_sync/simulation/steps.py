"""What each step of a scenario does."""

from __future__ import annotations

from desk_sync.errors import DeskSyncError
from desk_sync.simulated_desk.faults import NONE, FaultInjector
from desk_sync.simulated_desk.ticket import markup
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


def act(step: AnyStep, on: SimulationSetup, scenario: LoadedScenario) -> None:
    """Let the step happen, now. Raises Refusal where the simulated Desk refuses it, PermanentError for a wrong word."""
    portal, people = on.site.portal, on.people
    match step:
        case AgentReply(ticket=key, agent_reply=text, by=by):
            portal.agent_reply(people.id_of(key), markup(text), by=people.who(by, key))
        case CustomerReply(ticket=key, customer_reply=text):
            portal.customer_reply(people.id_of(key), markup(text))
        case NoteStep(ticket=key, note=text, by=by):
            portal.add_comment(people.id_of(key), markup(text), public=False, by=people.who(by, key))
        case PublicComment(ticket=key, public_comment=text, by=by):
            portal.add_comment(people.id_of(key), markup(text), public=True, by=people.who(by, key))
        case SetStep(ticket=key, values=values, by=by):
            people.change(key, values, by)
        case CloseStep(ticket=key, by=by):
            people.change(key, {"status": "Closed"}, by)
        case ReopenStep(ticket=key, by=by):
            people.change(key, {"status": "Open"}, by)
        case AssignStep(ticket=key, assign=agent, by=by):
            people.change(key, {"assigneeId": people.agents[agent] if agent else None}, by)
        case MoveStep(ticket=key, move=department, by=by):
            ids = {each["name"]: each["id"] for each in portal.seed.departments}
            portal.move_ticket(people.id_of(key), ids[department], by=people.who(by, key))
        case TrashStep(ticket=key):
            portal.trash_ticket(people.id_of(key), by=people.who("agent", key))
        case DeactivateStep(deactivate=agent):
            portal.deactivate(people.agents[agent])
        case AccountsStep(accounts=name):
            on.source.file = scenario.path(name)
            on.event_log.note(_bring_in(on, name))
        case FaultsStep(faults=faults, lasts=lasts):
            _be_faulty(on, _faults(faults), step)
        case SourceDown(lasts=lasts):
            _fall_silent(on)
            on.virtual_time.put(on.virtual_time.now() + lasts, lambda: _answer_again(on))


def _bring_in(on: SimulationSetup, name: str) -> str:
    """Pull, whether it is due or not; what came of it. After a failure the next pull makes up for it."""
    try:
        replaced = on.pull.run()
    except DeskSyncError as error:
        return f"{name} cannot be brought in: {error}"
    return f"{name} is brought in: {replaced.changed} accounts are new, changed or gone"


def _be_faulty(on: SimulationSetup, faults: FaultInjector, step: FaultsStep) -> None:
    on.site.chance.set(faults)
    on.event_log.note("faults begin")
    on.virtual_time.put(on.virtual_time.now() + step.lasts, lambda: _mend(on, faults))


def _mend(on: SimulationSetup, faults: FaultInjector) -> None:
    """End these faults, unless others have taken their place."""
    if on.site.chance.faults is faults:
        on.site.chance.set(NONE)
        on.event_log.note("faults end")


def _fall_silent(on: SimulationSetup) -> None:
    """The data grow old from now on."""
    _bring_in(on, "the last export")
    on.source.outages += 1
    on.event_log.note("the subscription source does not answer any more")


def _answer_again(on: SimulationSetup) -> None:
    on.source.outages -= 1
    on.event_log.note("the subscription source answers again")
    _bring_in(on, "the next export")


def _faults(said: FaultsOfDesk) -> FaultInjector:
    return FaultInjector(**said.model_dump() | {"calls": tuple(said.calls)})
