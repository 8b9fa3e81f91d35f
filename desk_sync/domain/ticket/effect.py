"""Effects: comments that must be written once (L6)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from desk_sync.domain.ticket.comment_trace import CommentTrace, PrivateTrace, PublicTrace
from desk_sync.domain.ticket.mention import without_mentions
from desk_sync.domain.ticket.wording import Wording


class EffectKind(StrEnum):
    """The purpose of a comment."""

    DECISION = "decision"
    ESCALATION = "escalation"
    UPDATE = "update"
    REVIEW = "review"
    EDUCATION = "education"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A comment that must be written once per (ticket, key). `text` is plain text.

    It mentions no agent, except in the comment of an escalation, which takes care of that itself.

    Only agents see it, unless it is `public`: the partner reads that one too, so it contains no figures and no reasons.
    One that no later look plans again is `kept` until Desk accepts it.
    `frame` are the parts of the text that are the same in every attempt to make it; () if all of it is.
    """

    key: str
    kind: EffectKind
    text: str
    public: bool = False
    kept: bool = False
    frame: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind is not EffectKind.ESCALATION:
            object.__setattr__(self, "text", without_mentions(self.text))

    @property
    def wording(self) -> Wording:
        """The wording by which it is found again in Desk if it is public."""
        return Wording.of(self.frame or (self.text,))

    def reference(self, ticket_id: str) -> str:
        """Return its short name, in which it ends in Desk if it is private."""
        return reference_of(ticket_id, self.key)

    def trace(self, ticket_id: str, authors: Collection[str]) -> CommentTrace:
        """Return the trace by which it is found again in Desk (L6); `authors` are the ids of our agents."""
        reference = self.reference(ticket_id)
        if self.public:
            return PublicTrace(reference=reference, wording=self.wording, authors=authors)
        return PrivateTrace(reference=reference)


def reference_of(ticket_id: str, key: str) -> str:
    """Return the reference of the effect with this key."""
    return "ds-" + hashlib.sha256(f"{ticket_id}:{key}".encode()).hexdigest()[:12]
