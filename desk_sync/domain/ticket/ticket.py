"""A ticket as it is read from Desk, its digest, and comparisons of two of its states.

Fields have our names; the admin's mapping has Desk's names for them. `None` is an empty field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.template import TemplatePart
from desk_sync.domain.ticket.written_request import WrittenRequest

Value: TypeAlias = str | bool | None


class Field(StrEnum):
    """The fields that we write, or for which it matters who changed them."""

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
    EXPLANATION = "explanation"
    ESCALATION_REQUEST = "escalation_request"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    TEAM = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The current values of a ticket in Desk.

    `number` is the short id that people use, `url` the ticket's page in Desk. `customer_primary_email` is in normal
    form if it is an address; `severity` is the text of the pick-list; `request_type` and `issue_type` are our words,
    None if Desk's value is not in the mapping.
    `evidence` are the values in the fields and in the description that may lead to the account; `evidence_basis` is a
    fingerprint of the texts in which it was found. The basis is part of the ticket's state. A ticket that was read from
    an event has the basis, but nothing that is found in its texts.
    `own_domains` are the registered domains of the partner who writes, by which the texts were read.
    `missing` are the parts of the template that the description lacks, `inferred` the issue types that its words
    suggest, `written_request` the request for an escalation that they make, `language` a code such as pt.
    `tags` are read for a `tagged` ticket only, and only if they are needed.
    `partner_id` is Desk's account of the contact; `sender_domain` is None if it is a public mail provider's (R8).
    `threads` is the number of mails in the conversation, with the first; `comments` that of the comments, with ours.
    `not_on_layout` are our fields that are not on the ticket's layout.
    `modified_by` is the id of the person or program that wrote last, `modified_at` the time; `replied_at` is that of
    the partner's last reply, which need not move it. These and `created_at` are not part of the state. The due instants
    are texts to the minute, such as 2026-11-23T06:30Z.
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
    evidence_basis: str | None = None
    missing: frozenset[TemplatePart] = frozenset()
    inferred: tuple[Inference, ...] = ()
    written_request: WrittenRequest | None = None
    description_words: int | None = None
    language: str | None = None
    contact_id: str | None = None
    partner_id: str | None = None
    sender: str | None = None
    sender_domain: str | None = None
    own_domains: frozenset[str] = frozenset()
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
    explanation: str | None = None
    escalation_request: bool = False
    taken_over: bool = False
    unread: tuple[str, ...] = ()
    tagged: bool = False
    tags: frozenset[str] = frozenset()
    priority: str | None = None
    assignee: str | None = None
    team: str | None = None
    not_on_layout: frozenset[Field] = frozenset()
    modified_by: str | None = None
    modified_at: datetime | None = None
    replied_at: datetime | None = None

    @property
    def changed_at(self) -> datetime | None:
        """The time of the last modification or reply."""
        return max(filter(None, (self.modified_at, self.replied_at)), default=None)

    @property
    def closed(self) -> bool:
        """True if the status is of Desk's type *Closed*, whatever its name."""
        return self.status_type == "Closed"

    def value(self, name: Field) -> Value:
        """Return the value of one of our fields."""
        current: Value = getattr(self, name)
        return current


def digest(ticket: Ticket) -> str:
    """Return a fingerprint of the ticket's state: of everything that an event can show of it, and of nothing else."""
    return hashlib.sha256(repr(_STATE(ticket)).encode()).hexdigest()[:32]


def differing(one: Ticket, other: Ticket) -> frozenset[Field]:
    """Return those of our fields in which the two tickets differ."""
    values = zip(_FIELDS, _WRITABLE(one), _WRITABLE(other), strict=True)
    return frozenset(name for name, value, another in values if value != another)


def value_digest(ticket: Ticket, name: Field, value: Value) -> str:
    """Return a fingerprint of a value of the ticket's field: an event names values by it, and holds none (L11)."""
    text = str(value) if isinstance(value, str) else value  # a word of an enumeration is its text
    return hashlib.sha256(repr((ticket.ticket_id, str(name), text)).encode()).hexdigest()[:16]


_FIELDS = tuple(Field)
_WRITABLE = attrgetter(*_FIELDS)
_FOUND_IN_TEXT = frozenset(
    {"evidence", "own_domains", "missing", "inferred", "written_request", "description_words", "unread"}
)
_UNCOMPARED = _FOUND_IN_TEXT | {
    "tags",
    "not_on_layout",
    "number",
    "url",
    "modified_by",
    "modified_at",
    "replied_at",
    "created_at",
    "comments",
    "language",
}
_NO_STATE = _UNCOMPARED | {"threads"}
_STATE = attrgetter(*(each.name for each in fields(Ticket) if each.name not in _NO_STATE))


def only_ours(before: Ticket, after: Ticket, written: Iterable[Field]) -> bool:
    """Return True if `before`, which we read, and `after`, Desk's answer to our write, differ only in `written`.

    The evidence and its basis are not compared: they follow from the fields, and the description never changes.
    """
    ours = {*_UNCOMPARED, *written, "evidence_basis"}
    names = [each.name for each in fields(Ticket) if each.name not in ours]
    return all(getattr(before, name) == getattr(after, name) for name in names)
