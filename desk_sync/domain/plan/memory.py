"""The memory of a ticket: what one look leaves for the next, one part for each room of the decision.

It is stored as JSON in which unknown keys are ignored: a renamed field needs a migration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.history import History, HistoryEventKind
from desk_sync.domain.commitment.seen_items import NEVER_READ, REMEMBERED, SeenItems
from desk_sync.domain.escalation.escalate import NO_ESCALATION, EscalationState
from desk_sync.domain.escalation.requests import NO_REQUESTS, EscalationRequests
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.domain.ticket.held_back import HeldBack
from desk_sync.domain.ticket.ticket import Field, Ticket, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedValue:
    """A value that we wrote, the value before it, and the basis on which we wrote it."""

    value: Value
    before: Value
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's value that stands against ours until `basis`, the basis of our own value, changes (L7)."""

    value: Value
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsMemory:
    """The fields that we wrote, and the persons' values that stand against ours.

    `intended` was stored before a write that may not have been made. `consecutive_writes` counts our writes since a
    person last changed the ticket (L14). `held_back` are the fields whose value Desk did not accept (L16).
    `set_by_rules` are values that replaced ours within a write of other fields: a rule of the portal set them, not a
    person. `left_at` is when Desk last modified the ticket, as the last look left it; None unless a field is held back.
    """

    applied: Mapping[Field, AppliedValue] = field(default_factory=dict)
    intended: Mapping[Field, AppliedValue] = field(default_factory=dict)
    overrides: Mapping[Field, Override] = field(default_factory=dict)
    consecutive_writes: int = 0
    held_back: Mapping[Field, HeldBack] = field(default_factory=dict)
    set_by_rules: Mapping[Field, Value] = field(default_factory=dict)
    left_at: datetime | None = None

    def intending(self, values: Mapping[Field, AppliedValue]) -> FieldsMemory:
        """Return it with values that are about to be written; those of an earlier look, which may be written, stay."""
        return replace(self, intended={**self.intended, **values})

    def settled(self, ticket: Ticket) -> FieldsMemory:
        """Return it with the intended values that the ticket has as applied: the process died after the call."""
        confirmed = {name: ours for name, ours in self.intended.items() if ticket.value(name) == ours.value}
        return replace(self, applied={**self.applied, **confirmed}, intended={})

    def next_look_at(self, planned: datetime | None, now: datetime) -> datetime | None:
        """Return when to look next: when a held-back field is tried again, if that is before the `planned` look."""
        tries = [each.try_again_at for each in self.held_back.values() if each.try_again_at > now]
        return min(filter(None, (planned, *tries)), default=None)

    def may_be_older_than(self, modified_at: datetime | None) -> bool:
        """Return True if a field is held back, and Desk modified the ticket since: the cause may be gone."""
        return self.left_at is not None and modified_at is not None and modified_at > self.left_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ClocksMemory:
    """The inputs of the ticket's clocks, and how much of the conversation is in them.

    `threads_counted` and `comments_counted` are Desk's counts at the last look, with our own comments; `threads_seen`
    and `comments_seen` are the items that were read. `suppressed` are the keys of alerts that were active at the first
    look. `standing_comment` is the digest of the standing comment; None before it exists.
    """

    inputs: ClockInputs | None = None
    threads_counted: int = 0
    comments_counted: int = 0
    threads_seen: SeenItems = NEVER_READ
    comments_seen: SeenItems = NEVER_READ
    suppressed: frozenset[str] = frozenset()
    standing_comment: str | None = None

    def read_since(self, instant: datetime) -> bool:
        """Return True if threads and comments were read at the instant or later."""
        return self.threads_seen.read_since(instant) and self.comments_seen.read_since(instant)

    def unjudged(self) -> ClocksMemory:
        """Return it without the events that were classified: only severities were stored as they were read."""
        if self.inputs is None:
            return self
        past = self.inputs.history
        severities = tuple(event for event in past.events if event.kind is HistoryEventKind.SEVERITY)
        return replace(
            self, inputs=replace(self.inputs, history=History(created_at=past.created_at, events=severities))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationMemory:
    """The state of the escalation, and what people requested."""

    state: EscalationState = NO_ESCALATION
    requests: EscalationRequests = NO_REQUESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceMemory:
    """Evidence from the partner's mails, the description excepted.

    `threads_read` is Desk's count of threads when they were read, `mails_read` are the ids of the last ones.
    `mailboxes` are those of the mapping that received the ticket; None until a look needs them. `unread` names what of
    the mails was not read, and why.
    """

    from_threads: tuple[Evidence, ...] = ()
    threads_read: int = 0
    mails_read: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] | None = None
    unread: tuple[str, ...] = ()

    def after(
        self, found: Iterable[Evidence], mails: Iterable[str], *, threads: int, unread: Iterable[str] = ()
    ) -> EvidenceMemory:
        """Return it with the evidence of these mails too."""
        evidence = tuple(dict.fromkeys((*self.from_threads, *found)))
        read = tuple(dict.fromkeys((*mails, *self.mails_read)))
        notes = tuple(dict.fromkeys((*self.unread, *unread)))
        return replace(
            self, from_threads=evidence, threads_read=threads, mails_read=read[:REMEMBERED], unread=notes[:REMEMBERED]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of a ticket between two looks.

    `written_digest` is the digest of the ticket as the last look left it, `read_digest` as the last look read it.
    """

    written_digest: str | None = None
    read_digest: str | None = None
    fields: FieldsMemory = FieldsMemory()
    clocks: ClocksMemory = ClocksMemory()
    escalation: EscalationMemory = EscalationMemory()
    evidence: EvidenceMemory = EvidenceMemory()


def is_news(event: Event, memory: Memory, references: Collection[str]) -> bool:
    """Return True if the event may report something that the last look did not see (L5).

    Not news: our own comment (`references` are those of our effects), the echo of our own write, and an update in which
    nothing that we read has changed, unless a field is held back: what it lacks may be a field that we do not read.
    """
    if event.hint is EventHint.CONVERSATION:
        return event.reference is None or event.reference not in references
    if memory.fields.may_be_older_than(event.modified_at):
        return True
    if event.hint is EventHint.GONE or event.state is None or event.state != memory.written_digest:
        return True
    return event.before not in (None, memory.written_digest, memory.read_digest)
