"""Which parts of a ticket's conversation and past must be read from Desk before the clocks can be read."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from desk_sync.domain.commitment.conversation import StatusRules
from desk_sync.domain.commitment.history import WorkState
from desk_sync.domain.commitment.learning import stage_of
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Ticket


class InquiryTopic(StrEnum):
    """What Desk can be asked about: each costs a call for a list."""

    THREADS = "threads"
    COMMENTS = "comments"
    STATUS = "status"


def topics(ticket: Ticket, memory: Memory, events: Iterable[Event], rules: StatusRules) -> frozenset[InquiryTopic]:
    """What to ask before the clocks of the ticket can be read; nothing of one that was closed before we knew it."""
    if memory.watched is None and ticket.closed:
        return frozenset()
    known = memory.watched.history.stage if memory.watched else WorkState.OPEN
    moved = any(Field.STATUS in event.changed for event in events)
    asked = {
        # The first thread is the description.
        InquiryTopic.THREADS: ticket.threads > max(memory.threads_heard, 1),
        InquiryTopic.COMMENTS: ticket.comments > memory.comments_heard,
        InquiryTopic.STATUS: moved or stage_of(ticket, rules) is not known,
    }
    return frozenset(topic for topic, wanted in asked.items() if wanted)
