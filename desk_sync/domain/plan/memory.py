"""The memory of a ticket: what one look leaves for the next, one part for each room of the decision.

It is stored as JSON in which unknown keys are ignored: a renamed field needs a migration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.history import History, HistoryEventKind
from desk_sync.domain.commitment.seen_items import NEVER_READ, REMEMBERED, SeenItems
from desk_sync.domain.escalation.escalate import NO_ESCALATION, EscalationState
from desk_sync.domain.escalation.requests import NO_REQUESTS, EscalationRequests
from desk_sync.domain.fingerprint import words_digest
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.event import Event, EventHint, EventItem
from desk_sync.domain.ticket.held_back import HeldBack
from desk_sync.domain.ticket.ticket import Field, Ticket, Value, value_digest
from desk_sync.domain.ticket.waiting_comment import WaitingComment
from desk_sync.domain.ticket.written_request import WrittenRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedValue:
    """A value that we wrote, the value before it, and the basis on which we wrote it.

    `again`: it replaced a value that stood in the place of an earlier one of ours, and of which no person was known to
    be the author. `read_at` is the last modification of the ticket that we had read, `written_at` that of our write,
    both by Desk: of what was modified in between our write did not know.
    """

    value: Value
    before: Value
    basis: str
    again: bool = False
    read_at: datetime | None = None
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's value that stands against ours until `basis`, the basis of our own value, changes later (L7)."""

    value: Value
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsMemory:
    """The fields that we wrote, and the persons' values that stand against ours.

    `intended` was stored before a write that may not have been made, with the values that it replaces, `found`.
    `agreed` are values that we would have written, and that others had set before. `consecutive_writes` counts our
    writes since a person last changed the ticket (L14). `held_back` are the fields whose value Desk did not accept
    (L16). `set_by_rules` are values that replaced ours within a write of other fields: a rule of the portal set them,
    not a person. `left_at` is when Desk last modified the ticket, as the last look left it; None unless a field is held
    back. `looked` is False before the first look.
    """

    applied: Mapping[Field, AppliedValue] = field(default_factory=dict)
    intended: Mapping[Field, AppliedValue] = field(default_factory=dict)
    found: Mapping[Field, Value] = field(default_factory=dict)
    agreed: Mapping[Field, AppliedValue] = field(default_factory=dict)
    overrides: Mapping[Field, Override] = field(default_factory=dict)
    consecutive_writes: int = 0
    held_back: Mapping[Field, HeldBack] = field(default_factory=dict)
    set_by_rules: Mapping[Field, Value] = field(default_factory=dict)
    left_at: datetime | None = None
    looked: bool = False

    def is_by_rule(self, name: Field, value: Value) -> bool:
        """Return True if a rule of the portal is taken to have set the field to this value."""
        return name in self.set_by_rules and self.set_by_rules[name] == value

    def intending(self, values: Mapping[Field, AppliedValue], ticket: Ticket) -> FieldsMemory:
        """Return it with values that are about to be written; those of an earlier look, which may be written, stay."""
        found = {name: ticket.value(name) for name in values}
        return replace(self, intended={**self.intended, **values}, found={**self.found, **found})

    def settled(self, ticket: Ticket, events: Iterable[Event]) -> FieldsMemory:
        """Return it with the intended values that were written as applied: the process died after the call (L7).

        The fields of one write come true together: where one shows our value, or an event names it, all were written,
        and a different value is a later one. So is a value that is neither ours nor the one that was found.
        """
        together = self._was_made(ticket, events)
        confirmed = {
            name: ours
            for name, ours in self.intended.items()
            if together or ticket.value(name) not in (ours.value, self.found.get(name, ours.before))
        }
        left = {name: ours for name, ours in self.intended.items() if name not in confirmed}
        return replace(self, applied={**self.applied, **confirmed}, intended=left)

    def _was_made(self, ticket: Ticket, events: Iterable[Event]) -> bool:
        """Return True if one of the intended values is in the ticket, or an event shows that it was."""
        digests = {name: value_digest(ticket, name, ours.value) for name, ours in self.intended.items()}
        return any(ticket.value(name) == ours.value for name, ours in self.intended.items()) or any(
            digests.get(name) in (change.before, change.after)
            for event in events
            for name, change in event.changes.items()
        )

    def may_be_older_than(self, modified_at: datetime | None) -> bool:
        """Return True if a field is held back, and Desk modified the ticket since: the cause may be gone."""
        return self.left_at is not None and modified_at is not None and modified_at > self.left_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ClocksMemory:
    """The inputs of the ticket's clocks, and how much of the conversation is in them.

    `threads_counted` and `comments_counted` are Desk's counts at the last look, with our own comments; `threads_seen`
    and `comments_seen` are the items that were read. `suppressed` are the keys of alerts that were active at the first
    look.

    `left_at` is when Desk last modified the ticket, as the last look left it. The status is `in_doubt` if the ticket
    was modified later and no event says how: it may have been another meanwhile.
    """

    inputs: ClockInputs | None = None
    threads_counted: int = 0
    comments_counted: int = 0
    threads_seen: SeenItems = NEVER_READ
    comments_seen: SeenItems = NEVER_READ
    suppressed: frozenset[str] = frozenset()
    left_at: datetime | None = None
    in_doubt: bool = False

    def doubting(self, ticket: Ticket, events: Iterable[Event]) -> ClocksMemory:
        """Return it with the doubt that the reading of the ticket leaves."""
        explained = any(event.hint is EventHint.STATE for event in events)
        later = bool(self.left_at and ticket.modified_at and ticket.modified_at > self.left_at)
        return replace(self, in_doubt=self.in_doubt or (later and not explained))

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


MAILS_READ = 20
"""The number of the partner's mails that are read of one ticket for its account.

Each costs one credit, once; their list is read for the clocks anyway. A partner who has not named the customer in so
many mails is asked by a person, not by the next credit.
"""
READING = 2
"""The version of what counts as evidence in a mail: mails that an earlier one read are read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceMemory:
    """Evidence from the partner's mails, and their requests for an escalation; the description excepted.

    `threads_read` is Desk's count of threads when they were read, `mails_read` are the ids of the last ones, `reading`
    is the version of the rules by which they were read.
    `mailboxes` are those of the mapping that received the ticket; None until a look needs them. `unread` names what of
    the mails was not read, and why.
    """

    from_threads: tuple[Evidence, ...] = ()
    threads_read: int = 0
    mails_read: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] | None = None
    unread: tuple[str, ...] = ()
    reading: int = 0
    requests: tuple[WrittenRequest, ...] = ()

    @property
    def is_used_up(self) -> bool:
        """True if no more mails of the ticket are read for its account."""
        return len(self.mails_read) >= MAILS_READ

    def current(self) -> EvidenceMemory:
        """Return it without the evidence that was read by other rules, so that it is read again."""
        if self.reading == READING:
            return self
        return EvidenceMemory(mailboxes=self.mailboxes, requests=self.requests, reading=READING)

    def with_requests(self, found: Iterable[WrittenRequest]) -> EvidenceMemory:
        """Return it with the requests too; of many the newest are remembered."""
        requests = {each.mail: each for each in (*self.requests, *found)}
        newest = sorted(requests.values(), key=lambda each: (each.at, each.mail))[-REMEMBERED:]
        return replace(self, requests=tuple(newest))

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
class CommentsMemory:
    """The comments that Desk did not accept, by their keys.

    Public ones that were `announced` by a look that did not come to its end may be in Desk with these texts.
    """

    waiting: Mapping[str, WaitingComment] = field(default_factory=dict)
    announced: Mapping[str, str] = field(default_factory=dict)

    def announcing(self, comments: Iterable[Effect]) -> CommentsMemory:
        """Return it with the texts of the public comments that are about to be made."""
        return replace(self, announced={each.key: each.text for each in comments if each.public})

    def as_announced(self, comment: Effect) -> Effect:
        """Return the comment with the text that was announced, so that another look finds or makes the same one."""
        if comment.key not in self.announced:
            return comment
        return replace(comment, text=self.announced[comment.key], frame=())

    def still_waits(self, comment: Effect, now: datetime) -> bool:
        """Return True for a comment that is not tried again yet."""
        return comment.key in self.waiting and self.waiting[comment.key].still_waits(now)

    def kept(self, *, escalating: bool) -> Iterator[Effect]:
        """Yield the comments that no look plans again; the partner's only while the escalation goes on."""
        comments = (each.comment for each in self.waiting.values())
        yield from (comment for comment in comments if comment.kept and (escalating or not comment.public))


@dataclass(frozen=True, slots=True, kw_only=True)
class IntendedNote:
    """The note as it was stored before an edit that may not have been made: its digest, and its words'."""

    digest: str
    words: str

    def was_replaced(self, text: str | None, *, before: str | None) -> bool:
        """Return True if a person edited or deleted the note since: it is neither this one nor the one before.

        `text` is the note in Desk, None if it is gone; `before` are the words before, None if they are not known.
        """
        return text is None or (before is not None and words_digest(text) not in (self.words, before))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMemory:
    """The note as we left it: its `digest`, None before it exists, that of its `words`, and its `comment_id` in Desk.

    `intended` was about to replace it. `asked` are the keys of the questions that it asked when it was made.
    """

    digest: str | None = None
    words: str | None = None
    comment_id: str | None = None
    intended: IntendedNote | None = None
    asked: frozenset[str] = frozenset()

    def intending(self, digest: str, text: str) -> NoteMemory:
        """Return it with a note that is about to be written."""
        return replace(self, intended=IntendedNote(digest=digest, words=words_digest(text)))

    def after(self, digest: str, text: str, *, asked: frozenset[str], comment_id: str | None) -> NoteMemory:
        """Return it with a note that Desk has now; `asked` are the keys of its questions."""
        return NoteMemory(
            digest=digest,
            words=words_digest(text),
            comment_id=comment_id or self.comment_id,
            asked=self.asked if self.digest else asked,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesMemory:
    """Our traces in Desk that were adopted as done: `references` are those of comments that no effect is stored of.

    `read_at` is when the traces were read last, in the host's time; None if they never were. They are read `again` at
    the next look if the account was unknown then: our values have no basis without it.
    """

    references: frozenset[str] = frozenset()
    read_at: datetime | None = None
    again: bool = False


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
    comments: CommentsMemory = CommentsMemory()
    note: NoteMemory = NoteMemory()
    traces: TracesMemory = TracesMemory()

    def reopenable(self) -> Memory:
        """Return what must be remembered of a ticket that ended long ago, in case it is reopened.

        Forgotten is which parts of the conversation were read: a look reads them again, and finds what it knows. Values
        (L7), history and promise (L9), suppressed alarms, levels, known triggers, and evidence stay.
        """
        return replace(
            self,
            clocks=replace(self.clocks, threads_seen=NEVER_READ, comments_seen=NEVER_READ),
            evidence=replace(self.evidence, mails_read=(), unread=()),
        )

    def next_look_at(self, planned: datetime | None, now: datetime) -> datetime | None:
        """Return when to look next: when a field or a comment is tried again, if that is before the `planned` look."""
        fields, comments = self.fields.held_back.values(), self.comments.waiting.values()
        tries = (*(each.try_again_at for each in fields), *(each.try_again_at for each in comments))
        return min(filter(None, (planned, *(at for at in tries if at > now))), default=None)


def is_news(event: Event, memory: Memory, references: Collection[str], agents: Collection[str]) -> bool:
    """Return True if the event may report something that the last look did not see (L5).

    Not news: our own comment (`references` are those of our effects, and `agents` ours, who write public ones without
    a reference), the echo of our own write, and an update in which nothing that we read has changed, unless a field is
    held back: what it lacks may be a field that we do not read.
    """
    if event.item is EventItem.COMMENT and event.reference is None:
        return event.actor_id not in agents
    if event.hint is EventHint.CONVERSATION:
        return event.reference not in references
    if memory.fields.may_be_older_than(event.modified_at):
        return True
    if event.hint is EventHint.GONE or event.state is None or event.state != memory.written_digest:
        return True
    return event.before not in (None, memory.written_digest, memory.read_digest)
