"""The note on a ticket: written once, and edited when something worth reading changes (§0, "what agents see").

It begins with the verdict in words and what a person should do, then come the clocks, the reasons, and the data's age.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.format import format_local
from desk_sync.domain.plan.note.clock_lines import alarms, clock_lines
from desk_sync.domain.plan.note.explanation import explanation, question, reasons
from desk_sync.domain.plan.note.facts import NoteFacts
from desk_sync.domain.plan.note_policy import NoteWords
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.held_back import HeldBack
from desk_sync.domain.ticket.ticket import Field

NOTE = "clocks"
"""The key of the note. Earlier versions wrote the clocks alone into it; theirs is edited."""
LONGEST_NOTE = 4_000
"""Characters of the note; Desk accepts more, which is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNote:
    """The note that a ticket should have, from `facts` in these `words`. It is edited when its `digest` changes.

    `question` is its question as a comment of its own: an edit of the note does not ask anybody anew.
    """

    facts: NoteFacts
    words: NoteWords
    digest: str
    comment: Effect
    question: Effect | None = None

    @property
    def asked(self) -> frozenset[str]:
        """The key of its question, if it has one."""
        return frozenset({self.question.key} if self.question else ())

    def with_held_back(self, refused: Mapping[Field, HeldBack]) -> KeptNote:
        """Return the note after a write that Desk did not accept in these fields."""
        return write_note(self.facts.with_held_back(refused), self.words) if refused else self


def write_note(facts: NoteFacts, words: NoteWords) -> KeptNote:
    """Return the note with these facts."""
    head = [*explanation(facts, words), *_level(facts, words), *_alarms(facts, words)]
    tail = list(reasons(facts, words))
    room = LONGEST_NOTE - sum(len(line) + 1 for line in (*head, *tail)) - _MARGIN
    clocks = clock_lines(facts.reading, facts.now, words, max(room, 0)) if facts.reading else ()
    kind = EffectKind.REVIEW if facts.asks else EffectKind.DECISION
    return KeptNote(
        facts=facts,
        words=words,
        digest=fingerprint((head, facts.reading.digest if facts.reading else None)),
        comment=Effect(key=NOTE, kind=kind, text="\n".join((*head, *clocks, *tail))),
        question=_question(facts, words) if facts.asks else None,
    )


_MARGIN = 200
"""Characters for the head of the clocks, the line on earlier ones, and the reference."""


def _question(facts: NoteFacts, words: NoteWords) -> Effect:
    key = f"review:{facts.decision.basis}" if facts.decision.account_id else "customer"
    return Effect(key=key, kind=EffectKind.REVIEW, text=question(facts, words))


def _level(facts: NoteFacts, words: NoteWords) -> Iterator[str]:
    if facts.level:
        at = format_local(facts.level.at, facts.zone)
        yield words.say("level", level=facts.level.level, at=at)


def _alarms(facts: NoteFacts, words: NoteWords) -> Iterator[str]:
    if facts.reading:
        yield from alarms(facts.reading, words)
