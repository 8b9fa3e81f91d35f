"""The conversation of a ticket, and which parts of it count: persons' replies, the partner's messages, statuses.

A person's reply (programme §0) is an outgoing public thread or a public comment of an agent. It does not count if the
author is our token's agent, a listed automation agent, or not an agent, or if it was sent so soon after the creation
that it is an automatic receipt. Only what was really sent counts: no draft, no mail that failed, none under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.commitment.history import HistoryEvent, HistoryEventKind, WorkState


class AuthorKind(StrEnum):
    """The author by Desk's type. OTHER is Desk itself, such as a workflow or an assistant."""

    AGENT = "agent"
    PARTNER = "partner"
    OTHER = "other"


class ItemForm(StrEnum):
    """The form of an item: an incoming thread, an outgoing thread, or a comment."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    COMMENT = "comment"


class SendingState(StrEnum):
    """The progress of a thread, which keeps its id when it is sent. A comment is always SENT.

    PENDING is under way: Desk shows a reply so before it knows if it was sent.
    """

    SENT = "sent"
    PENDING = "pending"
    DRAFT = "draft"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationItem:
    """A thread or a comment. `ref` is its id in Desk, `author_id` that of its agent, if any.

    `edited_at` is the instant of a comment's last edit, if it was edited. `reference` is that of our own comment, if it
    is known, `words` a digest of a comment's words without it. `said` is the text of a public comment of an agent
    without blanks.
    """

    ref: str
    at: datetime
    form: ItemForm
    author: AuthorKind
    author_id: str | None = None
    public: bool = True
    sending: SendingState = SendingState.SENT
    edited_at: datetime | None = None
    reference: str | None = None
    words: str | None = None
    said: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRules:
    """The rules for a person's reply (§0). `automation_agents` are programs, our token's agent among them.

    If `comments`, public comments count. A thread that was sent up to `receipt_within` after the creation, that instant
    included, is an automatic receipt.
    """

    automation_agents: frozenset[str]
    comments: bool
    receipt_within: timedelta


def history_event(item: ConversationItem, created_at: datetime, rules: ReplyRules) -> HistoryEvent | None:
    """Return the event that the item is for the clocks; None if it changes none of them."""
    if not item.public or item.sending is not SendingState.SENT:
        return None
    if item.author is AuthorKind.PARTNER:
        return (
            HistoryEvent(kind=HistoryEventKind.MESSAGE, at=item.at, ref=item.ref)
            if item.form is not ItemForm.OUTGOING
            else None
        )
    replied = item.author is AuthorKind.AGENT and item.author_id not in rules.automation_agents
    return (
        HistoryEvent(kind=HistoryEventKind.REPLY, at=item.at, ref=item.ref)
        if replied and _counts(item, created_at, rules)
        else None
    )


def _counts(item: ConversationItem, created_at: datetime, rules: ReplyRules) -> bool:
    return {
        ItemForm.INCOMING: False,
        ItemForm.OUTGOING: item.at - created_at > rules.receipt_within,
        ItemForm.COMMENT: rules.comments,
    }[item.form]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRules:
    """The names of the statuses that wait for the partner (§0). They pause clocks, as Desk's type *On Hold* does."""

    waiting: frozenset[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "waiting", frozenset(name.casefold() for name in self.waiting))

    def stage(self, status: str, status_type: str, *, in_bin: bool = False) -> WorkState:
        """Return the state of the work by the name of the status and its type in Desk. Case does not matter."""
        if in_bin:
            return WorkState.ENDED
        if status.casefold() in self.waiting:
            return WorkState.PAUSED
        return _STAGES.get(status_type.casefold(), WorkState.OPEN)


_STAGES = {"on hold": WorkState.PAUSED, "closed": WorkState.SOLVED}
DESK_STATUSES: Mapping[str, str] = {"Open": "Open", "On Hold": "On Hold", "Escalated": "Open", "Closed": "Closed"}
"""The types of the statuses that every portal has; one may have been given another type there."""
