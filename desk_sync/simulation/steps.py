"""What each step of a scenario does."""

from __future__ import annotations

from desk_sync.errors import DeskSyncError
from desk_sync.simulated_desk.faults import NONE, Faults
from desk_sync.simulated_desk.ticket import markup
from desk_sync.simulation.scenario import Scenario
from desk_sync.simulation.scenario_shape import (
    Accounts,
    AgentReply,
    AnyStep,
    Assign,
    Close,
    CustomerReply,
    Deactivate,
    FaultsOfDesk,
    Faulty,
    Move,
    Note,
    PublicComment,
    Reopen,
    Set,
    SourceDown,
    Trash,
)
from desk_sync.simulation.setup import Stage


def act(step: AnyStep, on: Stage, scenario: Scenario) -> None:
    """Let the step happen, now. Raises Refusal where the simulated Desk refuses it, PermanentError for a wrong word."""
    portal, people = on.site.portal, on.people
    match step:
        case AgentReply(ticket=key, agent_reply=text, by=by):
            portal.agent_reply(people.id_of(key), markup(text), by=people.who(by, key))
        case CustomerReply(ticket=key, customer_reply=text):
            portal.customer_reply(people.id_of(key), markup(text))
        case Note(ticket=key, note=text, by=by):
            portal.add_comment(people.id_of(key), markup(text), public=False, by=people.who(by, key))
        case PublicComment(ticket=key, public_comment=text, by=by):
            portal.add_comment(people.id_of(key), markup(text), public=True, by=people.who(by, key))
        case Set(ticket=key, values=values, by=by):
            people.change(key, values, by)
        case Close(ticket=key, by=by):
            people.change(key, {"status": "Closed"}, by)
        case Reopen(ticket=key, by=by):
            people.change(key, {"status": "Open"}, by)
        case Assign(ticket=key, assign=agent, by=by):
            people.change(key, {"assigneeId": people.agents[agent] if agent else None}, by)
        case Move(ticket=key, move=department, by=by):
            ids = {each["name"]: each["id"] for each in portal.furniture.departments}
            portal.move_ticket(people.id_of(key), ids[department], by=people.who(by, key))
        case Trash(ticket=key):
            portal.trash_ticket(people.id_of(key), by=people.who("agent", key))
        case Deactivate(deactivate=agent):
            portal.deactivate(people.agents[agent])
        case Accounts(accounts=name):
            on.source.file = scenario.path(name)
            on.chronicle.note(_bring_in(on, name))
        case Faulty(faults=faults, lasts=lasts):
            _be_faulty(on, _faults(faults), step)
        case SourceDown(lasts=lasts):
            _fall_silent(on)
            on.agenda.put(on.agenda.now() + lasts, lambda: _answer_again(on))


def _bring_in(on: Stage, name: str) -> str:
    """Pull, whether it is due or not; what came of it. After a failure the next pull makes up for it."""
    try:
        replaced = on.pull.run()
    except DeskSyncError as error:
        return f"{name} cannot be brought in: {error}"
    return f"{name} is brought in: {replaced.changed} accounts are new, changed or gone"


def _be_faulty(on: Stage, faults: Faults, step: Faulty) -> None:
    on.site.chance.set(faults)
    on.chronicle.note("faults begin")
    on.agenda.put(on.agenda.now() + step.lasts, lambda: _mend(on, faults))


def _mend(on: Stage, faults: Faults) -> None:
    """End these faults, unless others have taken their place."""
    if on.site.chance.faults is faults:
        on.site.chance.set(NONE)
        on.chronicle.note("faults end")


def _fall_silent(on: Stage) -> None:
    """The data grow old from now on."""
    _bring_in(on, "the last export")
    on.source.outages += 1
    on.chronicle.note("the subscription source does not answer any more")


def _answer_again(on: Stage) -> None:
    on.source.outages -= 1
    on.chronicle.note("the subscription source answers again")
    _bring_in(on, "the next export")


def _faults(said: FaultsOfDesk) -> Faults:
    return Faults(**said.model_dump() | {"calls": tuple(said.calls)})
