"""By what a comment of ours is known again in Desk, so that it is not made twice (L6).

Only agents see private comments, so each ends in its reference. A partner reads the public ones: they carry no mark,
and are known by their author and their wording. Earlier versions wrote the reference into these, too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from desk_sync.domain.fingerprint import without_blanks
from desk_sync.domain.ticket.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenComment:
    """A comment as Desk has it: its `text` without markup, the `reference` at its end, the id of its agent if any."""

    text: str
    public: bool
    author_id: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateTrace:
    """The trace of a private comment: its reference, wherever an edit has moved it to."""

    reference: str

    def is_of(self, comment: WrittenComment) -> bool:
        """Return True if the comment is the one that left this trace."""
        return self.reference in comment.text


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTrace:
    """The trace of a public comment: one of the `authors`, our agents, wrote it with this wording.

    `reference` is the one that it carries if an earlier version made it.
    """

    reference: str
    wording: Wording
    authors: Collection[str]

    def is_of(self, comment: WrittenComment) -> bool:
        """Return True if the comment is the one that left this trace."""
        if self.reference in comment.text:
            return True
        ours = comment.public and comment.reference is None and comment.author_id in self.authors
        return ours and self.wording.matches(without_blanks(comment.text))


CommentTrace: TypeAlias = PrivateTrace | PublicTrace
