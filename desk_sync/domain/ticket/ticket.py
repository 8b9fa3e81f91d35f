"""A ticket as we read it, what we remember of it, and what an event tells about it.

Fields are called by our words; the admin's mapping knows what Desk calls them. `None` is an empty field.
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
    evidence_basis: str | None = None
    missing: frozenset[TemplatePart] = frozenset()
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
    not_on_layout: frozenset[Field] = frozenset()
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
