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
from desk_sync.domain.desk_clock import SAME_CLOCK, ClockOffset
from desk_sync.domain.escalation.related_tickets import NOTHING_KNOWN, RelatedFacts
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.past import TicketPast
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.domain.ticket.written_request import WrittenRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTicket:
    """The facts of one look. `events` are the news since the last look: who changed which field.

    `promise` is the one that was frozen when the ticket's clocks started; without a `history` there are no clocks.
    `references` are those of the comments that we made, or may have made, on the ticket. `ours` are our comments as
    Desk has them and `commenters` the authors of the others, `past` is its history of the ticket; None if they were not
    read. `requests` are those for an escalation in the partner's later mails. `now` is in Desk's time, like all that
    happened on the ticket; `offset` leads from there to the host's time, in which pauses and ages count.
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
    past: TicketPast | None = None
    commenters: frozenset[str] = frozenset()
    requests: Sequence[WrittenRequest] = ()
    now: datetime
    offset: ClockOffset = SAME_CLOCK

    @property
    def host_now(self) -> datetime:
        """The instant of the look in the host's time."""
        return self.offset.in_host_time(self.now)

    @property
    def written_requests(self) -> Sequence[WrittenRequest]:
        """The requests in the partner's mails, oldest first, with that of the description."""
        described = self.ticket.written_request
        requests = (*((described,) if described else ()), *self.requests)
        return sorted(requests, key=lambda each: (each.at, each.mail))
