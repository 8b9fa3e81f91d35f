"""What shows on a ticket that we worked on it, and the question whether our memory of it is behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.domain.ticket.past import NOTHING_PAST, PastChange, TicketPast
from desk_sync.domain.ticket.ticket import digest

BIRTH = timedelta(seconds=5)
"""The longest time between a ticket's creation and the event of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTraces:
    """Our `comments` on a ticket, its `past`, and the ids of our `agents`, those of earlier tokens included."""

    comments: tuple[ConversationItem, ...] = ()
    past: TicketPast = NOTHING_PAST
    agents: frozenset[str] = frozenset()

    @property
    def references(self) -> frozenset[str]:
        return frozenset(each.reference for each in self.comments if each.reference)

    @property
    def first_at(self) -> datetime | None:
        """When we first acted on the ticket, as far as Desk shows; None if we did not."""
        return min((*(each.at for each in self.comments), *(each.at for each in self.ours)), default=None)

    @property
    def ours(self) -> Iterator[PastChange]:
        """The changes that we made."""
        return (each for each in self.past.changes if each.by in self.agents)

    def changes_of(self, name: str, since: datetime | None) -> list[PastChange]:
        """Return the changes of a field after an instant, oldest first; all of them without one."""
        return [each for each in self.past.changes if each.name == name and (since is None or each.at > since)]

    def comment(self, reference: str) -> ConversationItem | None:
        """Return our first comment with the reference."""
        found = (each for each in self.comments if each.reference == reference)
        return min(found, key=lambda each: (each.at, each.ref), default=None)

    def is_edited_by_others(self, comment: ConversationItem) -> bool:
        """Return True if the last edit of the comment is known, and not ours."""
        edits = [each.by for each in self.past.edits if each.at == comment.edited_at]
        return bool(edits) and edits[-1] not in self.agents

    def written_at(self, comment: ConversationItem) -> datetime:
        """Return when we last wrote the comment, as far as Desk shows."""
        return comment.at if self.is_edited_by_others(comment) else comment.edited_at or comment.at


def writers_of(comments: Iterable[ConversationItem], commenters: Collection[str]) -> frozenset[str]:
    """Return the agents who wrote our comments, without those among the authors of other ones: a person may copy ours.

    Of several comments with one reference only the first counts.
    """
    first: dict[str, ConversationItem] = {}
    for each in sorted(comments, key=lambda each: (each.at, each.ref)):
        if each.reference:
            first.setdefault(each.reference, each)
    return frozenset(each.author_id for each in first.values() if each.author_id and each.author_id not in commenters)


def is_behind(observed: ObservedTicket, memory: Memory, agents: frozenset[str], asked_at: datetime | None) -> bool:
    """Return True if the ticket shows more of our work than the memory holds, or may.

    `asked_at` is when a person asked for all traces of the portal. A ticket that nobody touched since it was created,
    and one whose changes the memory or events explain, cost nothing. The traces of a first look that announced comments
    and did not come to its end are its own: it is made again, and finds what it made.
    """
    traces = memory.traces
    if traces.again or (asked_at is not None and (traces.read_at is None or traces.read_at < asked_at)):
        return True
    known = frozenset(observed.references) | traces.references
    if any(each.reference and each.reference not in known for each in observed.ours or ()):
        return True
    if traces.read_at == observed.host_now:
        return False
    if memory.read_digest is None:
        return not observed.references and (bool(observed.ours) or _has_a_past(observed))
    return _was_written_by_us(observed, memory, agents)


def is_unexplained(observed: ObservedTicket, memory: Memory) -> bool:
    """Return True if the ticket was modified after the last look, and no event continues what that look left."""
    left_at, modified_at = memory.clocks.left_at, observed.ticket.modified_at
    seen = (None, memory.written_digest, memory.read_digest)
    continued = any(event.hint is EventHint.STATE and event.before in seen for event in observed.events)
    return left_at is not None and modified_at is not None and modified_at > left_at and not continued


def _has_a_past(observed: ObservedTicket) -> bool:
    """Return True if the ticket was changed since it was created, and no delivery of its creation is in the news."""
    ticket = observed.ticket
    if ticket.created_at is None or ticket.modified_at is None:
        return False
    newborn = any(event.occurred_at <= ticket.created_at + BIRTH for event in observed.events)
    return ticket.modified_at > ticket.created_at and not newborn


def _was_written_by_us(observed: ObservedTicket, memory: Memory, agents: frozenset[str]) -> bool:
    """Return True if we wrote last, after the look that the memory is of, and no write of that look is open."""
    ticket, left_at = observed.ticket, memory.clocks.left_at
    later = left_at is not None and ticket.modified_at is not None and ticket.modified_at > left_at
    is_open = bool(memory.fields.intended)
    return later and ticket.modified_by in agents and not is_open and digest(ticket) != memory.written_digest


def news_of(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events in their order in Desk."""
    return tuple(sorted(events, key=lambda event: (event.occurred_at, event.key)))


def is_adopted(effect: Effect, observed: ObservedTicket, memory: Memory) -> bool:
    """Return True for a comment that Desk has, although no effect was stored of it: by reference, or by its words."""
    if effect.reference(observed.ticket.ticket_id) in memory.traces.references:
        return True
    if not effect.public or memory.traces.read_at != observed.host_now:
        return False
    said = (each.said for each in observed.ours or () if each.said and not each.reference)
    return any(map(effect.wording.matches, said))
