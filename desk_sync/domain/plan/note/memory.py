"""What is remembered of the note on a ticket between two looks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from desk_sync.domain.fingerprint import words_digest
from desk_sync.domain.plan.note.note import KeptNote


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

    def intending(self, note: KeptNote | None) -> NoteMemory:
        """Return it with a note that is about to be written; without one, with that of an earlier look."""
        if note is None:
            return self
        return replace(self, intended=IntendedNote(digest=note.digest, words=words_digest(note.comment.text)))

    def after(self, note: KeptNote, comment_id: str | None) -> NoteMemory:
        """Return it with a note that Desk has now."""
        return NoteMemory(
            digest=note.digest,
            words=words_digest(note.comment.text),
            comment_id=comment_id or self.comment_id,
            asked=self.asked if self.digest else note.asked,
        )


NO_NOTE = NoteMemory()
