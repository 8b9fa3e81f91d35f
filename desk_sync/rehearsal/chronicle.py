"""What happened in the simulated Desk, in order, as a person tells it: who did what to which ticket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from desk_sync.rehearsal.words import Words
from desk_sync.simulator.portal import Event, Portal


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """`by` is the id of an agent or a contact; `fields` are those that it changed, in our words, as they are now."""

    at: datetime
    ticket_id: str
    by: str
    what: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class Chronicle:
    """Listens to a portal."""

    def __init__(self, portal: Portal, words: Words) -> None:
        self._portal = portal
        self._words = words
        self.happenings: list[Happening] = []
        portal.listeners.append(self.take)

    def take(self, event: Event) -> None:
        by, what = _TOLD[event.type](event)
        happening = Happening(
            at=self._portal.now(),
            ticket_id=event.ticket_id,
            by=by,
            what=what,
            fields=dict(self._changed(event)),
        )
        self.happenings.append(happening)

    def note(self, what: str) -> None:
        """Something happened that is about no ticket."""
        self.happenings.append(Happening(at=self._portal.now(), ticket_id="", by="", what=what))

    def writes(self, ticket_id: str) -> Iterator[Happening]:
        """What our own agent has written to the fields of a ticket."""
        own = self._portal.own_agent["id"]
        return (each for each in self.happenings if each.ticket_id == ticket_id and each.by == own and each.what == SET)

    def _changed(self, event: Event) -> Iterator[tuple[str, Any]]:
        if event.before is None:
            return
        before, after = (self._words.told(each) | _state(each) for each in (event.before, event.payload))
        yield from ((word, value) for word, value in after.items() if before[word] != value)


def _state(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": whole["status"], "assignee": whole["assigneeId"], "department": whole["departmentId"]}


SET = "sets"
_TOLD: Mapping[str, Callable[[Event], tuple[str, str]]] = {
    "Ticket_Add": lambda event: (event.payload["createdBy"], "opens the ticket"),
    "Ticket_Update": lambda event: (event.payload["modifiedBy"], SET),
    "Ticket_Delete": lambda event: ("", "puts it in the bin"),
    "Ticket_Thread_Add": lambda event: (event.payload["author"]["id"], "writes"),
    "Ticket_Comment_Add": lambda event: (event.payload["commenterId"], "comments"),
    "Ticket_Comment_Update": lambda event: (event.payload["commenterId"], "edits a comment"),
}
