"""An invariant that does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ScenarioInvariant(StrEnum):
    """What holds at every instant of a scenario, or at its end."""

    LEVEL_OF_A_BREACH = "at the instant of each level the clock that it names is breached"
    BREACH_HAS_A_LEVEL = "a breached clock that nobody answered has a level, or there is a reason why not"
    TIME_ADDS_UP = "used and paused time are the time that elapsed"
    LAST_STATE = "the last state of the history is the ticket's own"
    NO_LEVEL_AFTER_CLOSING = "no level is raised while the ticket is closed"
    NO_TEXT_TWICE = "no text is written twice on a ticket"
    NO_LICENCES_IN_PUBLIC = "no public comment has a word or a figure of licences"
    ONE_NOTE = "a ticket has one note at most"
    NO_MARK_IN_PUBLIC = "no public comment carries a mark"
    NOTHING_TO_WRITE = "a further look writes nothing"
    MET_STAYS_MET = "a milestone that was met stays met"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenInvariant:
    """The first instant at which an invariant was seen broken, and what was seen there."""

    at: datetime
    ticket: str
    invariant: ScenarioInvariant
    seen: str

    def __str__(self) -> str:
        return f"{self.at:%F %T}Z, ticket {self.ticket}: it does not hold that {self.invariant}: {self.seen}"
