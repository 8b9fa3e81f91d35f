"""What was said on a ticket, and what counts: a person's reply, a message of the partner, a status in which to wait.

Programme §0: a person's reply is a public thread that went out, or a public comment, of an agent. It is none if its
author is our token's agent or a listed automation agent, or no agent at all, or if it went out so soon after the
creation that it is an automatic receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.commitment.history import HistoryEvent, HistoryEventKind, WorkState


class AuthorKind(StrEnum):
    """Who said it, by Desk's type of the author. OTHER is Desk itself, such as a workflow or an assistant."""

    AGENT = "agent"
    PARTNER = "partner"
    OTHER = "other"


class ItemForm(StrEnum):
    """How it was said: in a thread that came in or went out, or in a comment."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationItem:
    """A thread that was sent, no draft, or a comment. `ref` is its id in Desk, `author_id` that of an agent."""

    ref: str
    at: datetime
    form: ItemForm
    author: AuthorKind
    author_id: str | None = None
    public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRules:
    """What is a person's reply (§0). `automation_agents` are programs, our token's agent among them.

    A thread that went out within `receipt_within` of the creation, that instant included, is an automatic receipt.
    """

    automation_agents: frozenset[str] = frozenset()
    comments: bool = True
    receipt_within: timedelta = timedelta(seconds=60)


def act_of(said: ConversationItem, created_at: datetime, rules: ReplyRules) -> HistoryEvent | None:
    """What somebody did by saying it; None for what moves no clock."""
    if not said.public:
        return None
    if said.author is AuthorKind.PARTNER:
        return (
            HistoryEvent(kind=HistoryEventKind.MESSAGE, at=said.at, ref=said.ref)
            if said.form is not ItemForm.OUTGOING
            else None
        )
    replied = said.author is AuthorKind.AGENT and said.author_id not in rules.automation_agents
    return (
        HistoryEvent(kind=HistoryEventKind.REPLY, at=said.at, ref=said.ref)
        if replied and _counts(said, created_at, rules)
        else None
    )


def _counts(said: ConversationItem, created_at: datetime, rules: ReplyRules) -> bool:
    return {
        ItemForm.INCOMING: False,
        ItemForm.OUTGOING: said.at - created_at > rules.receipt_within,
        ItemForm.COMMENT: rules.comments,
    }[said.form]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRules:
    """Which statuses stand still besides those of Desk's type *On Hold*: those that wait for the partner (§0)."""

    waiting: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "waiting", frozenset(name.casefold() for name in self.waiting))

    def stage(self, status: str, status_type: str, *, in_bin: bool = False) -> WorkState:
        """Where the work stands, by the name of the status and Desk's type of it. Case does not matter."""
        if in_bin:
            return WorkState.ENDED
        if status.casefold() in self.waiting:
            return WorkState.PAUSED
        return _STAGES.get(status_type.casefold(), WorkState.OPEN)


_STAGES = {"on hold": WorkState.PAUSED, "closed": WorkState.SOLVED}
