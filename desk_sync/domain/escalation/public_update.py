"""The public updates of an escalation for the partner (R37): its state, in the ticket's language and local time.

A text is made from a `PublicStep` alone. It contains no account, licences, reasons or names, so none of these can be
published (programme §0, on the visibility of licence counts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.format import format_local
from desk_sync.domain.ticket.wording import Wording

FALLBACK_LANGUAGE = "en"
PLACEHOLDER = re.compile(r"\{(\w*)\}")
PLACEHOLDERS = frozenset({"ticket", "level", "title", "late", "news"})
LATE_PLACEHOLDERS = frozenset({"since"})
NEWS_PLACEHOLDERS = frozenset({"at"})
LEAST_TO_KNOW = 24
"""So many characters a template must have beside its placeholders, so that its texts are known as ours by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStep:
    """All that a partner may know of a step: the ticket number, the level, what is late, when the next news is due.

    `answering` is the level whose people answer; it differs from `level` if that one is not staffed (C20). `since` is
    the instant of what the ladder is about, `next_at` None if no further level is due. `zone` is the region's.
    """

    ticket: str
    level: int
    answering: int
    because: LadderCause
    since: datetime
    next_at: datetime | None
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSentences:
    """The sentences of a language: what is `late` since `{since}`, and when news is due: `news_at`, with `{at}`.

    `news` is the one without an instant.
    """

    late: Mapping[LadderCause, str]
    news_at: str
    news: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicText:
    """A text for the partner, and its parts that do not depend on when it is written."""

    text: str
    frame: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTexts:
    """The texts of public updates by language (R37), and the titles of the levels (R38).

    In a text `{ticket}` and `{level}` are the ticket number and the level, `{title}` the title of the level that
    answers, `{late}` and `{news}` those of the `sentences`. A text without `{late}` ends in it, since no text may be
    repeated on a ticket. Without texts there is no public update.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    sentences: Mapping[str, UpdateSentences] = field(default_factory=dict)

    def write(self, step: PublicStep, language: str | None) -> PublicText | None:
        """Return the text in the language (a tag such as pt or pt-BR), else in English; None without texts."""
        primary = (language or "").lower().partition("-")[0]
        chosen = primary if primary in self.texts else FALLBACK_LANGUAGE
        if chosen not in self.texts:
            return None
        values = {
            "ticket": step.ticket,
            "level": str(step.level),
            "title": self.titles.get(chosen, {}).get(step.answering, str(step.answering)),
            "late": self._late(step, chosen),
        }
        frame = [_filled(part, values) for part in self._template(chosen).split("{news}")]
        return PublicText(text=self._news(step, chosen).join(frame).strip(), frame=tuple(frame))

    def _template(self, language: str) -> str:
        text = self.texts[language].strip()
        return text if "{late}" in text else f"{text} {{late}}"

    def wordings(self) -> Iterator[Wording]:
        """Yield the wording of each text, for every ticket and level; not of one that has few words of its own."""
        for language in self.texts:
            parts = PLACEHOLDER.split(self._template(language))[::2]
            if sum(map(len, parts)) >= LEAST_TO_KNOW:
                yield Wording.of(parts)

    def _late(self, step: PublicStep, language: str) -> str:
        sentence = self.sentences[language].late[step.because]
        return _filled(sentence, {"since": format_local(step.since, step.zone)})

    def _news(self, step: PublicStep, language: str) -> str:
        sentences = self.sentences[language]
        if step.next_at is None:
            return sentences.news
        return _filled(sentences.news_at, {"at": format_local(step.next_at, step.zone)})


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
