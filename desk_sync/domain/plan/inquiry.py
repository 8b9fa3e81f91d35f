"""The parts of a ticket's conversation and past that must be read from Desk before its clocks can be read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from desk_sync.domain.commitment.conversation import StatusRules
from desk_sync.domain.commitment.history import WorkState
from desk_sync.domain.commitment.learning import stage_of
from desk_sync.domain.plan.memory import ClocksMemory
from desk_sync.domain.ticket.event import Event, EventItem
from desk_sync.domain.ticket.ticket import Field, Ticket


class InquiryTopic(StrEnum):
    """A list that Desk can be asked for; each costs a call."""

    THREADS = "threads"
    COMMENTS = "comments"
    STATUS = "status"


def topics(
    ticket: Ticket, memory: ClocksMemory, events: Sequence[Event], rules: StatusRules, now: datetime
) -> frozenset[InquiryTopic]:
    """Return the lists that may hold something new; none for a ticket that was closed before its first look.

    Desk's counts are hints: they stand still while an item is replaced or changes its state, and they lag behind. An
    event about a thread or a comment therefore asks for a reading by itself, and so does a reply that is being sent.
    """
    if memory.inputs is None and ticket.closed:
        return frozenset()
    needed = {
        InquiryTopic.THREADS: _threads_needed(ticket, memory, events, now),
        InquiryTopic.COMMENTS: _comments_needed(ticket, memory, events),
        InquiryTopic.STATUS: _status_needed(ticket, memory, events, rules),
    }
    return frozenset(topic for topic, is_needed in needed.items() if is_needed)


def _threads_needed(ticket: Ticket, memory: ClocksMemory, events: Sequence[Event], now: datetime) -> bool:
    """A new ticket has one thread, its description, or none."""
    seen = memory.threads_seen
    more = ticket.threads > _counted(memory.threads_counted, ticket, memory, new=1)
    reported = any(each.item is EventItem.THREAD and not seen.is_settled(each.item_id) for each in events)
    again_at = seen.read_again_at
    return more or reported or (again_at is not None and again_at <= now)


def _comments_needed(ticket: Ticket, memory: ClocksMemory, events: Sequence[Event]) -> bool:
    """An event may be about an edit, so it asks also for a comment that is known."""
    more = ticket.comments > _counted(memory.comments_counted, ticket, memory, new=0)
    return more or any(each.item is EventItem.COMMENT for each in events)


def _counted(known: int, ticket: Ticket, memory: ClocksMemory, *, new: int) -> int:
    """Return the count at the last reading; `new`, that of a new ticket, if looks before this one read nothing.

    Those are looks at a ticket that was closed, and is open again.
    """
    if memory.inputs:
        return known
    return new if ticket.created_at else max(known, new)


def _status_needed(ticket: Ticket, memory: ClocksMemory, events: Sequence[Event], rules: StatusRules) -> bool:
    """What is not known of the past is asked again: Desk's history may lag behind, a status become known elsewhere."""
    known = memory.inputs.history.stage if memory.inputs else WorkState.OPEN
    uncertain = bool(memory.inputs and memory.inputs.history.unknown)
    return uncertain or any(Field.STATUS in each.changed for each in events) or stage_of(ticket, rules) is not known
