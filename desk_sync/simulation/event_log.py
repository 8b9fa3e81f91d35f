"""The log of the simulated Desk's events, in order, with author, action and ticket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from desk_sync.simulated_desk.portal.event import DeskEvent
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulation.vocabulary import ScenarioVocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """`by` is the id of an agent or a contact; `fields` are the changed fields by our words, with their new values."""

    at: datetime
    ticket_id: str
    by: str
    what: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class EventLog:
    """The events of a portal since the log was created."""

    def __init__(self, portal: SimulatedPortal, vocabulary: ScenarioVocabulary) -> None:
        self._portal = portal
        self._vocabulary = vocabulary
        self.events: list[LoggedEvent] = []
        portal.listeners.append(self.take)

    def take(self, event: DeskEvent) -> None:
        """Record an event of the portal."""
        self.events.append(
            LoggedEvent(
                at=self._portal.now(),
                ticket_id=event.ticket_id,
                by=self._author(event),
                what=DESCRIPTIONS[event.type],
                fields=dict(self._changed(event)),
            )
        )

    def note(self, what: str) -> None:
        """Record an event that concerns no ticket."""
        self.events.append(LoggedEvent(at=self._portal.now(), ticket_id="", by="", what=what))

    def writes(self, ticket_id: str) -> Iterator[LoggedEvent]:
        """Return our own agent's writes to the fields of a ticket."""
        own = self._portal.own_agent["id"]
        return (each for each in self.events if each.ticket_id == ticket_id and each.by == own and each.what == SET)

    def _author(self, event: DeskEvent) -> str:
        payload = event.payload
        author = payload.get("author") or {"id": payload.get("commenterId")}
        by: str = author["id"] or self._portal.ticket(event.ticket_id).record["modifiedBy"]
        return by

    def _changed(self, event: DeskEvent) -> Iterator[tuple[str, Any]]:
        if event.before is None:
            return
        before, after = (
            self._vocabulary.mapped_fields(each) | self._state(each) for each in (event.before, event.payload)
        )
        yield from ((word, value) for word, value in after.items() if before[word] != value)

    def _state(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields for which the mapping has no words."""
        seed = self._portal.seed
        agents = {each["id"]: each["emailId"] for each in seed.agents}
        departments = {each["id"]: each["name"] for each in seed.departments}
        return {
            "status": whole["status"],
            "assignee": agents.get(whole["assigneeId"]),
            "department": departments[whole["departmentId"]],
        }


SET = "sets"
DESCRIPTIONS: Mapping[str, str] = {
    "Ticket_Add": "opens the ticket",
    "Ticket_Update": SET,
    "Ticket_Delete": "puts it in the bin",
    "Ticket_Thread_Add": "writes",
    "Ticket_Comment_Add": "comments",
    "Ticket_Comment_Update": "edits a comment",
}
