"""What happened, instant by instant, as a person reads it: who did what to which ticket, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.simulation.event_log import SET, LoggedEvent
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.wiring import DEFAULT

US = "desk-sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line. `ticket` is a key of the scenario, empty where it is about none."""

    at: datetime
    ticket: str = ""
    who: str = ""
    what: str
    why: str = ""


def timeline(on: SimulationSetup, documents: Mapping[str, Mapping[str, Any]]) -> list[TimelineEntry]:
    """Everything that happened, in order; `documents` are those of the tickets."""
    entries = [
        *_acts(on),
        *(entry for key in documents for entry in _decisions(on, key)),
        *(entry for key, document in documents.items() for entry in _comments(key, document)),
        *(entry for key in documents for entry in _clocks(on, key)),
        *(entry for key, document in documents.items() for entry in _escalations(key, document)),
    ]
    return sorted(entries, key=attrgetter("at"))


def _acts(on: SimulationSetup) -> Iterator[TimelineEntry]:
    """What people and we did in Desk, our comments aside."""
    keys = {ticket.ticket_id: key for key, ticket in on.people.tickets.items()}
    names = _names(on)
    for each in on.event_log.happenings:
        who = names.get(each.by, "")
        if not (who == US and each.what != SET):
            yield TimelineEntry(at=each.at, ticket=keys.get(each.ticket_id, ""), who=who, what=_told(each))


def _told(happening: LoggedEvent) -> str:
    if happening.what != SET:
        return happening.what
    return f"{SET} " + (", ".join(f"{word} = {_shown(value)}" for word, value in happening.fields.items()) or "nothing")


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _names(on: SimulationSetup) -> dict[str, str]:
    portal = on.site.portal
    agents = {each["id"]: each["name"] for each in portal.seed.agents}
    contacts = {each["id"]: each["email"] for each in portal.contacts.values()}
    return agents | contacts | {portal.own_agent["id"]: US}


def _decisions(on: SimulationSetup, key: str) -> Iterator[TimelineEntry]:
    history = on.desk_sync.tickets(DEFAULT).history(on.people.id_of(key))
    for past in history.decisions if history else ():
        why = str(past.decision.reasons[-1]) if past.decision.reasons else ""
        what = f"decides {past.decision.verdict}, {past.decision.licences} licences counted"
        yield TimelineEntry(at=past.at, ticket=key, who=US, what=what, why=why)


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


def _clocks(on: SimulationSetup, key: str) -> Iterator[TimelineEntry]:
    """What became of the clocks, as they are read at the end."""
    now = on.virtual_time.now()
    history = on.desk_sync.tickets(DEFAULT).history(on.people.id_of(key))
    for clock in history.clocks(now) if history else ():
        name = clock.milestone + (f", round {clock.round}," if clock.round > 1 else "")
        why = "; ".join(map(str, clock.reasons))
        for at, what in _moments(clock):
            yield TimelineEntry(at=at, ticket=key, who=US, what=f"{name} {what}", why=why)
            why = ""


def _moments(clock: Clock) -> Iterator[tuple[datetime, str]]:
    """What happened to the clock, first of all that it started."""
    if clock.state is ClockState.EXEMPT:
        yield clock.started_at, "is exempt"
        return
    yield clock.started_at, "starts"
    for start, end in clock.pauses:
        yield start, "is paused"
        if end:
            yield end, "goes on"
    stood = clock.ended_at or clock.read_at
    if clock.target_at and clock.target_at <= stood:
        yield clock.target_at, "passes its target"
    if clock.due_at and clock.due_at <= stood:
        yield clock.due_at, "is breached"
    if clock.met_at:
        yield clock.met_at, "is met"
