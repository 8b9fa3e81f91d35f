"""A ticket as we read it, what we remember of it, and what an event tells about it.

Fields are called by our words; the admin's mapping knows what Desk calls them. `None` is an empty field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias

from desk_sync.domain.asking import NOTHING_ASKED, Asked
from desk_sync.domain.commitment import Circumstances
from desk_sync.domain.escalation import NO_ESCALATION, Escalation
from desk_sync.domain.history import ActKind, History
from desk_sync.domain.identity import Evidence
from desk_sync.domain.inference import Inference
from desk_sync.domain.teaching import Part

Value: TypeAlias = str | bool | None


class Field(StrEnum):
    """The fields that we write, or that matter by who changes them."""

    CUSTOMER_PRIMARY_EMAIL = "customer_primary_email"
    LARGE_USER = "large_user"
    SEVERITY = "severity"
    STATUS = "status"
    ACKNOWLEDGEMENT_DUE = "acknowledgement_due"
    DETERMINATION_DUE = "determination_due"
    RESOLUTION_DUE = "resolution_due"
    UPDATE_DUE = "update_due"
    CLOCK_STATE = "clock_state"
    NEXT_MILESTONE = "next_milestone"
    ESCALATION_LEVEL = "escalation_level"
    ESCALATION_OWNER = "escalation_owner"
    ESCALATION_REQUEST = "escalation_request"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    TEAM = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What Desk says about a ticket now.

    `number` is what people call it by, `url` where they find it. `customer_primary_email` is in normal form where it
    is an address; `severity` is the pick-list's own text; `request_type` and `issue_type` are our words, None where
    Desk's value is not in the mapping.
    `evidence` is what in the fields and in the description may lead to the account; `grounds` is a fingerprint of what
    it was found in. The grounds are part of the ticket's state; a ticket that an event shows has its state alone.
    `missing` is what of the template the description lacks, `inferred` what its words suggest that it is about,
    `language` a code such as pt. `tags` are told only of a ticket that is `tagged`, and only if we asked.
    `partner_id` is Desk's account of the contact; `sender_domain` is None where it is a public mail provider's (R8).
    `threads` counts the mails of the conversation, the first included, and `comments` the comments, ours too.
    `unshown` are our fields that the ticket's layout has no place for.
    `modified_by` is the id of whoever wrote last, `modified_at` when. These, and
    `created_at`, are no part of its state. The due instants are texts to the minute, such as 2026-11-23T06:30Z.
    """

    ticket_id: str
    number: str | None = None
    url: str | None = None
    department_id: str
    status: str
    status_type: str = "Open"
    customer_primary_email: str | None = None
    large_user: bool = False
    severity: str | None = None
    request_type: str | None = None
    issue_type: str | None = None
    product: str | None = None
    evidence: tuple[Evidence, ...] = ()
    grounds: str | None = None
    missing: frozenset[Part] = frozenset()
    inferred: tuple[Inference, ...] = ()
    description_words: int | None = None
    language: str | None = None
    contact_id: str | None = None
    partner_id: str | None = None
    sender: str | None = None
    sender_domain: str | None = None
    in_bin: bool = False
    threads: int = 0
    comments: int = 0
    created_at: datetime | None = None
    acknowledgement_due: str | None = None
    determination_due: str | None = None
    resolution_due: str | None = None
    update_due: str | None = None
    clock_state: str | None = None
    next_milestone: str | None = None
    escalation_level: str | None = None
    escalation_owner: str | None = None
    escalation_request: bool = False
    taken_over: bool = False
    tagged: bool = False
    tags: frozenset[str] = frozenset()
    priority: str | None = None
    assignee: str | None = None
    team: str | None = None
    unshown: frozenset[Field] = frozenset()
    modified_by: str | None = None
    modified_at: datetime | None = None

    @property
    def closed(self) -> bool:
        return self.status_type == "Closed"

    def value(self, name: Field) -> Value:
        current: Value = getattr(self, name)
        return current


def digest(ticket: Ticket) -> str:
    """A fingerprint of everything that we read of a ticket, and of nothing else."""
    return hashlib.sha256(repr(_STATE(ticket)).encode()).hexdigest()[:32]


def differing(one: Ticket, other: Ticket) -> frozenset[Field]:
    """Those of our fields in which they differ."""
    values = zip(_FIELDS, _WRITABLE(one), _WRITABLE(other), strict=True)
    return frozenset(name for name, value, another in values if value != another)


_FIELDS = tuple(Field)
_WRITABLE = attrgetter(*_FIELDS)
_FOUND_IN_TEXT = frozenset({"evidence", "missing", "inferred", "description_words"})
_UNCOMPARED = _FOUND_IN_TEXT | {
    "tags",
    "unshown",
    "number",
    "url",
    "modified_by",
    "modified_at",
    "created_at",
    "comments",
    "language",
}
_NO_STATE = _UNCOMPARED | {"threads"}
_STATE = attrgetter(*(each.name for each in fields(Ticket) if each.name not in _NO_STATE))


def only_ours(found: Ticket, left: Ticket, written: Iterable[Field]) -> bool:
    """Whether nothing but what we wrote differs between `found`, as we read it, and `left`, as Desk answered our write.

    The evidence follows from the fields, and from a description that nobody changes.
    """
    ours = {*_UNCOMPARED, *written, "grounds"}
    names = [each.name for each in fields(Ticket) if each.name not in ours]
    return all(getattr(found, name) == getattr(left, name) for name in names)


class Hint(StrEnum):
    """What an event is about: the ticket's own state, something said on it, or its end."""

    STATE = "state"
    CONVERSATION = "conversation"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that Desk told us.

    `state` and `before` are digests, None where the payload does not show all that we read; `changed` names our fields
    in which they differ. `reference` is that of our own comment, if it is one. `modified_at` is the ticket's in the
    payload: the event tells of everything up to there.
    """

    key: str
    type: str
    hint: Hint
    ticket_id: str
    occurred_at: datetime
    state: str | None = None
    before: str | None = None
    changed: frozenset[Field] = frozenset()
    actor_id: str | None = None
    reference: str | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
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
class Watched:
    """What the clocks of a ticket are read from. `promise` is the digest of what was promised at their start (L9)."""

    history: History
    promise: str
    circumstances: Circumstances


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
    written: Mapping[Field, Written] = field(default_factory=dict)
    intended: Mapping[Field, Written] = field(default_factory=dict)
    overrides: Mapping[Field, Override] = field(default_factory=dict)
    streak: int = 0
    heard: tuple[Evidence, ...] = ()
    threads_read: int = 0
    mailboxes: tuple[str, ...] | None = None
    watched: Watched | None = None
    threads_heard: int = 0
    comments_heard: int = 0
    hushed: frozenset[str] = frozenset()
    sheet: str | None = None
    escalation: Escalation = NO_ESCALATION
    asked: Asked = NOTHING_ASKED

    def unjudged(self) -> Memory:
        """Without what the ticket's past was judged to be: only its severities are facts that nobody judged."""
        if self.watched is None:
            return self
        past = self.watched.history
        facts = tuple(act for act in past.acts if act.kind is ActKind.SEVERITY)
        bare = replace(self.watched, history=History(created_at=past.created_at, acts=facts))
        return replace(self, watched=bare)

    def intending(self, values: Mapping[Field, Written]) -> Memory:
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
    if event.hint is Hint.CONVERSATION:
        return event.reference is None or event.reference not in references
    if event.hint is Hint.GONE or event.state is None or event.state != memory.left:
        return True
    return event.before not in (None, memory.left, memory.found)
