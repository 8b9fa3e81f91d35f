"""The time line of a simulation: every event with its author, its ticket and its reason, as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.simulation.event_log import SET, LoggedEvent
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.wiring.process import DEFAULT

US = "desk-sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line. `ticket` is a key of the scenario; it is empty if the event concerns no ticket."""

    at: datetime
    ticket: str = ""
    who: str = ""
    what: str
    why: str = ""


def timeline(simulation: SimulationSetup, documents: Mapping[str, Mapping[str, Any]]) -> list[TimelineEntry]:
    """Return all events in order, in Desk's time; `documents` are the tickets of the report."""
    entries = [
        *_log_entries(simulation),
        *(entry for key in documents for entry in _decisions(simulation, key)),
        *(entry for key in documents for entry in _set_aside(simulation, key)),
        *(entry for key, document in documents.items() for entry in _comments(key, document)),
        *(entry for key in documents for entry in _clocks(simulation, key)),
        *(entry for key, document in documents.items() for entry in _escalations(key, document)),
    ]
    return sorted(entries, key=attrgetter("at"))


def _log_entries(simulation: SimulationSetup) -> Iterator[TimelineEntry]:
    """Yield the events of Desk, by people and by us; our comments are left out."""
    keys = {ticket.ticket_id: key for key, ticket in simulation.actors.tickets.items()}
    names = _names(simulation)
    for each in simulation.event_log.events:
        who = names.get(each.by, "")
        if not (who == US and each.what != SET):
            yield TimelineEntry(at=each.at, ticket=keys.get(each.ticket_id, ""), who=who, what=_text(each))


def _text(event: LoggedEvent) -> str:
    if event.what != SET:
        return event.what
    return f"{SET} " + (", ".join(f"{word} = {_shown(value)}" for word, value in event.fields.items()) or "nothing")


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _names(simulation: SimulationSetup) -> dict[str, str]:
    portal = simulation.site.portal
    agents = {each["id"]: each["name"] for each in portal.seed.agents}
    contacts = {each["id"]: each["email"] or each["lastName"] for each in portal.contacts.values()}
    return agents | contacts | {portal.own_agent["id"]: US}


def _decisions(simulation: SimulationSetup, key: str) -> Iterator[TimelineEntry]:
    history = simulation.desk_sync.portal(DEFAULT).tickets.history(simulation.actors.ticket_id(key))
    for past in history.decisions if history else ():
        why = str(past.decision.reasons[-1]) if past.decision.reasons else ""
        what = f"decides {past.decision.verdict}, {past.decision.licences} licences counted"
        yield TimelineEntry(at=simulation.host.in_virtual_time(past.at), ticket=key, who=US, what=what, why=why)


def _set_aside(simulation: SimulationSetup, key: str) -> Iterator[TimelineEntry]:
    """Yield why the ticket is not looked at any more."""
    history = simulation.desk_sync.portal(DEFAULT).tickets.history(simulation.actors.ticket_id(key))
    if history and history.parked_at:
        at = simulation.host.in_virtual_time(history.parked_at)
        yield TimelineEntry(at=at, ticket=key, who=US, what="parks the ticket", why=history.error or "")
    if history and history.ended_at:
        at = simulation.host.in_virtual_time(history.ended_at)
        yield TimelineEntry(at=at, ticket=key, who=US, what="finds that the ticket is gone")


def _comments(key: str, document: Mapping[str, Any]) -> Iterator[TimelineEntry]:
    for comment in document["comments"]:
        for_whom = "publicly" if comment["public"] else "privately"
        what = comment["text"].partition("\n")[0]
        yield TimelineEntry(
            at=datetime.fromisoformat(comment["at"]), ticket=key, who=US, what=f"comments {for_whom}: {what}"
        )


def _escalations(key: str, document: Mapping[str, Any]) -> Iterator[TimelineEntry]:
    for step in document["escalations"]:
        what = f"escalates to level {step['level']}: {', '.join(step['recipients']) or 'nobody'}"
        yield TimelineEntry(at=datetime.fromisoformat(step["at"]), ticket=key, who=US, what=what, why=step["because"])


def _clocks(simulation: SimulationSetup, key: str) -> Iterator[TimelineEntry]:
    """Yield the events of the clocks, as they read at the end."""
    now = simulation.virtual_time.now()
    history = simulation.desk_sync.portal(DEFAULT).tickets.history(simulation.actors.ticket_id(key))
    for clock in history.clocks(now) if history else ():
        name = clock.milestone + (f", round {clock.round}," if clock.round > 1 else "")
        why = "; ".join(map(str, clock.reasons))
        for at, what in _instants(clock):
            yield TimelineEntry(at=at, ticket=key, who=US, what=f"{name} {what}", why=why)
            why = ""


def _instants(clock: Clock) -> Iterator[tuple[datetime, str]]:
    """Yield the events of a clock, its start first."""
    if clock.state is ClockState.EXEMPT:
        yield clock.started_at, "is exempt"
        return
    yield clock.started_at, "starts"
    for start, end in clock.pauses:
        yield start, "is paused"
        if end:
            yield end, "goes on"
    end_at = clock.ended_at or clock.read_at
    if clock.target_at and clock.target_at <= end_at:
        yield clock.target_at, "passes its target"
    if clock.due_at and clock.due_at <= end_at:
        yield clock.due_at, "is breached"
    if clock.met_at:
        yield clock.met_at, "is met"
