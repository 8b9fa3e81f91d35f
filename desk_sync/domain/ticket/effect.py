"""What must happen once on a ticket (L6)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class EffectKind(StrEnum):
    """What a comment of ours is for."""

    DECISION = "decision"
    ESCALATION = "escalation"
    UPDATE = "update"
    REVIEW = "review"
    EDUCATION = "education"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something that must happen once per (ticket, key): a comment. `text` is plain text.

    Only agents see it, unless it is `public`: then the partner reads it too, and it names no figures and no reasons.
    """

    key: str
    kind: EffectKind
    text: str
    public: bool = False

    def reference(self, ticket_id: str) -> str:
        """The short mark by which the comment is found again in Desk (L6)."""
        return "ds-" + hashlib.sha256(f"{ticket_id}:{self.key}".encode()).hexdigest()[:12]
