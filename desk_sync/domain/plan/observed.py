"""Everything that one look read: the ticket in Desk, the account, the conversation, and related facts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from desk_sync.domain.account.identity import Lookup
from desk_sync.domain.account.partner import WRITER_NOT_LOOKED_UP, TicketWriter
from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.promise import Promise
from desk_sync.domain.escalation.related_tickets import NOTHING_KNOWN, RelatedFacts
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTicket:
    """The facts of one look. `events` are the news since the last look: who changed which field.

    `promise` is the one that was frozen when the ticket's clocks started; without a `history` there are no clocks.
    `references` are those of the comments that we made, or may have made, on the ticket. `ours` are our comments as
    Desk has them, None if the comments were not read; `commenters` are the authors of the others.
    """

    ticket: Ticket
    lookup: Lookup
    events: Sequence[Event] = ()
    references: Collection[str] = frozenset()
    writer: TicketWriter = WRITER_NOT_LOOKED_UP
    history: History | None = None
    promise: Promise | None = None
    related: RelatedFacts = NOTHING_KNOWN
    ours: Sequence[ConversationItem] | None = None
    commenters: frozenset[str] = frozenset()
    now: datetime
