"""What is remembered of a ticket between two looks: values that we wrote, overrides, and how far we have read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.history import History, HistoryEventKind
from desk_sync.domain.escalation.escalate import NO_ESCALATION, EscalationState
from desk_sync.domain.escalation.requests import NOTHING_ASKED, EscalationRequests
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.domain.ticket.ticket import Field, Ticket, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedValue:
    """A value that we wrote, what stood there before, and the basis on which we wrote it."""

    value: Value
    before: Value
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's value that stands against ours until `basis`, the ground of our own value, changes (L7)."""

    value: Value
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What we remember of a ticket between two looks.

    `left` is the digest of the state in which the last look left it, `found` of the state in which it found it.
    `intended` was written down before a write that may not have been made; `streak` counts our writes since a person
    last changed something (L14). `heard` is what the first `threads_read` threads, apart from the description, say of
    whose ticket it is. `mailboxes` are those of the mapping that the ticket came to; None while nobody had to know.

    `threads_heard` and `comments_heard` say how much of the conversation the clocks know of, our own comments included.
    `hushed` are the keys of what was so before we first looked: nobody is told of it any more. `sheet` is the digest of
    what the standing comment on the clocks says; None where there is none yet. `escalation` is what was raised so far,
    `asked` what people asked of us.
    """

    left: str | None = None
    found: str | None = None
    written: Mapping[Field, AppliedValue] = field(default_factory=dict)
    intended: Mapping[Field, AppliedValue] = field(default_factory=dict)
    overrides: Mapping[Field, Override] = field(default_factory=dict)
    consecutive_writes: int = 0
    heard: tuple[Evidence, ...] = ()
    threads_read: int = 0
    mailboxes: tuple[str, ...] | None = None
    watched: ClockInputs | None = None
    threads_heard: int = 0
    comments_heard: int = 0
    suppressed: frozenset[str] = frozenset()
    sheet: str | None = None
    escalation: EscalationState = NO_ESCALATION
    asked: EscalationRequests = NOTHING_ASKED

    def unjudged(self) -> Memory:
        """Without what the ticket's past was judged to be: only its severities are facts that nobody judged."""
        if self.watched is None:
            return self
        past = self.watched.history
        facts = tuple(act for act in past.acts if act.kind is HistoryEventKind.SEVERITY)
        bare = replace(self.watched, history=History(created_at=past.created_at, acts=facts))
        return replace(self, watched=bare)

    def intending(self, values: Mapping[Field, AppliedValue]) -> Memory:
        """With what is about to be written; what an earlier look began stays, for it may have been written."""
        return replace(self, intended={**self.intended, **values})

    def settled(self, ticket: Ticket) -> Memory:
        """With the intended values that stand in the ticket taken as written: the process died after the call."""
        came_true = {name: ours for name, ours in self.intended.items() if ticket.value(name) == ours.value}
        return replace(self, written={**self.written, **came_true}, intended={})


def is_news(event: Event, memory: Memory, references: Collection[str]) -> bool:
    """Whether an event may tell something that the last look did not know (L5).

    Not news: our own comment (`references` are those of our effects), our own write coming back, and an update in
    which nothing that we read has changed.
    """
    if event.hint is EventHint.CONVERSATION:
        return event.reference is None or event.reference not in references
    if event.hint is EventHint.GONE or event.state is None or event.state != memory.left:
        return True
    return event.before not in (None, memory.left, memory.found)
