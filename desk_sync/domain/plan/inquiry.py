"""The parts of a ticket's conversation and past that must be read from Desk before its clocks can be read."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from desk_sync.domain.commitment.conversation import StatusRules
from desk_sync.domain.commitment.history import WorkState
from desk_sync.domain.commitment.learning import stage_of
from desk_sync.domain.plan.memory import ClocksMemory
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Ticket


class InquiryTopic(StrEnum):
    """A list that Desk can be asked for; each costs a call."""

    THREADS = "threads"
    COMMENTS = "comments"
    STATUS = "status"


def topics(
    ticket: Ticket, memory: ClocksMemory, events: Iterable[Event], rules: StatusRules
) -> frozenset[InquiryTopic]:
    """Return the lists that may hold something new; none for a ticket that was closed before its first look."""
    if memory.inputs is None and ticket.closed:
        return frozenset()
    known = memory.inputs.history.stage if memory.inputs else WorkState.OPEN
    moved = any(Field.STATUS in event.changed for event in events)
    needed = {
        # The first thread is the description.
        InquiryTopic.THREADS: ticket.threads > max(memory.threads_counted, 1),
        InquiryTopic.COMMENTS: ticket.comments > memory.comments_counted,
        InquiryTopic.STATUS: moved or stage_of(ticket, rules) is not known,
    }
    return frozenset(topic for topic, is_needed in needed.items() if is_needed)
