"""Events: single changes that Desk reports about a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from desk_sync.domain.ticket.ticket import Field


class EventHint(StrEnum):
    """The subject of an event: the ticket's own state, a thread or comment on it, its deletion, or a request.

    A request is none of Desk's: a person has recorded that the partner asked for an escalation; `occurred_at` is in the
    host's time, and `actor_id` the name that the person gave.
    """

    STATE = "state"
    CONVERSATION = "conversation"
    GONE = "gone"
    REQUEST = "request"


class EventItem(StrEnum):
    """The item of a conversation that an event is about."""

    THREAD = "thread"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A change of one field: the digests of the value that was replaced, and of the one that replaced it."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a delivery.

    `state` and `before` are digests of the ticket after and before the change; None if the payload does not have every
    field that we read. `changes` are those of our fields in which the two differ. `item` and `item_id` are kind and id
    of the thread or comment that the event is about, `reference` is that of our own comment. `modified_at` is the
    ticket's in the payload: every change up to then is in it.
    """

    key: str
    type: str
    hint: EventHint
    ticket_id: str
    occurred_at: datetime
    state: str | None = None
    before: str | None = None
    changes: Mapping[Field, FieldChange] = field(default_factory=dict)
    actor_id: str | None = None
    item: EventItem | None = None
    item_id: str | None = None
    reference: str | None = None
    modified_at: datetime | None = None

    @property
    def changed(self) -> frozenset[Field]:
        """Those of our fields that the event changed."""
        return frozenset(self.changes)
