"""An event: one thing that Desk reports about a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desk_sync.domain.ticket.ticket import Field


class EventHint(StrEnum):
    """What an event is about: the ticket's own state, something said on it, or its end."""

    STATE = "state"
    CONVERSATION = "conversation"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that Desk told us.

    `state` and `before` are digests, None where the payload does not show all that we read; `changed` names our fields
    in which they differ. `reference` is that of our own comment, if it is one. `modified_at` is the ticket's in the
    payload: the event tells of everything up to there.
    """

    key: str
    type: str
    hint: EventHint
    ticket_id: str
    occurred_at: datetime
    state: str | None = None
    before: str | None = None
    changed: frozenset[Field] = frozenset()
    actor_id: str | None = None
    reference: str | None = None
    modified_at: datetime | None = None
