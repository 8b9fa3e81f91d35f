"""Execution of the steps of a scenario."""

from __future__ import annotations

from itertools import chain
from typing import Any

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.errors import DeskSyncError
from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulated_desk.portal.ticket import markup
from desk_sync.simulated_sources.quirks import SOURCE_QUIRKS
from desk_sync.simulation.actors import ScenarioActors
from desk_sync.simulation.scenario import LoadedScenario
from desk_sync.simulation.scenario_shape import (
    AccountsStep,
    AgentReply,
    AnyStep,
    AssignStep,
    CloseStep,
    CommentStep,
    CustomerReply,
    DatabaseStep,
    DeactivateStep,
    DeleteStep,
    EditStep,
    FaultsOfDesk,
    FaultsStep,
    MappingStep,
    MergeStep,
    MoveStep,
    NoteStep,
    PublicComment,
    RedisStep,
    ReopenStep,
    RestoreStep,
    SetStep,
    SourceStep,
    SpamStep,
    ThreadStep,
    TrashStep,
    Written,
)
from desk_sync.simulation.setup import SimulationSetup

DOWN = "down"
HANGS = 60.0
"""How long a call that hangs gets no response, in seconds: longer than any client waits."""


def run_step(step: AnyStep, simulation: SimulationSetup, scenario: LoadedScenario) -> None:
    """Execute the step now. Raises RestError if the simulated Desk refuses it, PermanentError for an unknown word."""
    portal, actors = simulation.site.portal, simulation.actors
    match step:
        case Written() | ThreadStep() | EditStep() | DeleteStep():
            _run_conversation_step(step, actors)
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
        case RestoreStep(ticket=key):
            portal.restore_ticket(actors.ticket_id(key), by=actors.author_id("agent", key))
        case SpamStep(ticket=key):
            portal.mark_as_spam(actors.ticket_id(key), by=actors.author_id("agent", key))
        case MergeStep(ticket=key, merge=other):
            portal.merge_tickets(actors.ticket_id(key), actors.ticket_id(other), by=actors.author_id("agent", key))
        case DeactivateStep(deactivate=agent):
            portal.deactivate(actors.agents[agent])
        case AccountsStep(accounts=name):
            simulation.source.load(scenario.path(name))
            simulation.event_log.note(_pull_accounts(simulation, name))
        case MappingStep(mapping=name):
            simulation.start_again(mapping_file.load(scenario.mapping(name)))
            simulation.event_log.note(f"the product is started again with the mapping {name}")
        case FaultsStep(faults=faults, lasts=lasts):
            _start_faults(simulation, _faults(faults, simulation), step)
        case DatabaseStep(as_of=as_of):
            simulation.replace_database(scenario.shape.instant(as_of) if as_of else None)
            simulation.event_log.note(f"the database is {step.database}")
        case RedisStep():
            simulation.event_log.note("Redis is empty: its rings are lost")
        case SourceStep(source=trouble, lasts=lasts):
            end = simulation.virtual_time.now() + lasts
            _trouble_source(simulation, trouble)
            simulation.virtual_time.schedule(end, lambda: _restore_source(simulation, trouble))


def _run_conversation_step(step: Written | ThreadStep | EditStep | DeleteStep, actors: ScenarioActors) -> None:
    """Execute the step now. Raises RestError if the simulated Desk refuses it, PermanentError for an unknown id."""
    portal, ticket_id = actors.portal, actors.ticket_id(step.ticket)
    match step:
        case AgentReply(ticket=key, agent_reply=text, by=by, status=status):
            made = portal.agent_reply(ticket_id, markup(text), by=actors.author_id(by, key), status=status)
            actors.remember(step.made_id, made, comment=False)
        case CustomerReply(customer_reply=text, attachments=names):
            actors.remember(step.made_id, portal.customer_reply(ticket_id, markup(text)), comment=False)
            portal.attach(ticket_id, names)
        case NoteStep(note=text, by=by):
            _comment(step, text, actors, by=actors.author_id(by, step.ticket), public=False)
        case PublicComment(public_comment=text, by=by):
            _comment(step, text, actors, by=actors.author_id(by, step.ticket), public=True)
        case CommentStep(comment=text, public=public, by=by):
            _comment(step, text, actors, by=actors.author_id(by, step.ticket), public=public)
        case ThreadStep(thread=change):
            portal.change_thread(ticket_id, actors.made(change.made_id).record_id, change.status)
        case EditStep(ticket=key, edit=made_id, text=text, public=public, by=by):
            changes: dict[str, Any] = {"content": markup(text) if text else None, "isPublic": public}
            given = {name: value for name, value in changes.items() if value is not None}
            portal.edit_comment(ticket_id, actors.made(made_id).record_id, given, by=actors.author_id(by, key))
        case DeleteStep(ticket=key, delete=made_id, by=by):
            actors.delete(made_id, ticket_id, by=actors.author_id(by, key))


def _comment(step: Written, text: str, actors: ScenarioActors, *, by: str, public: bool) -> None:
    comment = actors.portal.add_comment(actors.ticket_id(step.ticket), markup(text), public=public, by=by)
    actors.remember(step.made_id, comment, comment=True)


def _pull_accounts(simulation: SimulationSetup, name: str) -> str:
    """Pull now, due or not; return the result as a line of the time line. A failed pull is repeated when due."""
    try:
        replaced = simulation.pull.run()
    except DeskSyncError as error:
        return f"{name} cannot be brought in: {error}"
    return f"{name} is brought in: {replaced.changed} accounts are new, changed or gone"


def _start_faults(simulation: SimulationSetup, faults: FaultInjector, step: FaultsStep) -> None:
    simulation.site.chance.begin(faults)
    simulation.event_log.note("faults begin")
    simulation.virtual_time.schedule(
        simulation.virtual_time.now() + step.lasts, lambda: _end_faults(simulation, faults)
    )


def _end_faults(simulation: SimulationSetup, faults: FaultInjector) -> None:
    simulation.site.chance.end(faults)
    simulation.event_log.note("faults end")


def _trouble_source(simulation: SimulationSetup, trouble: str) -> None:
    """Begin an outage after one more pull: the data grow old from now on. Or begin a quirk, and pull under it."""
    if trouble == DOWN:
        _pull_accounts(simulation, "the last export")
        simulation.source.begin(trouble)
        simulation.event_log.note("the subscription source does not answer any more")
    else:
        simulation.source.begin(trouble)
        simulation.event_log.note(f"the subscription source: {SOURCE_QUIRKS[trouble].line}")
        simulation.event_log.note(_pull_accounts(simulation, "what it says then"))


def _restore_source(simulation: SimulationSetup, trouble: str) -> None:
    simulation.source.end(trouble)
    what = "answers again" if trouble == DOWN else f"has no quirk {trouble} any more"
    simulation.event_log.note(f"the subscription source {what}")
    _pull_accounts(simulation, "the next export")


def _faults(faults: FaultsOfDesk, simulation: SimulationSetup) -> FaultInjector:
    """Return the faults with Desk's ids and field names. Raises PermanentError for an unknown word or ticket."""
    actors, ours = simulation.actors, {"tickets", "partners_of", "refusals"}
    partners = (actors.partner_ids(key) for key in faults.partners_of)
    translated = {
        "calls": tuple(faults.calls),
        "hang": HANGS if faults.hang else 0.0,
        "ids": (*map(actors.ticket_id, faults.tickets), *chain.from_iterable(partners)),
        "fields": {simulation.vocabulary.field_name(word): kind for word, kind in faults.refusals.items()},
    }
    return FaultInjector(**faults.model_dump(exclude=ours) | translated)
