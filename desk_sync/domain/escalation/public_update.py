"""What a partner is told of an escalation (R37): its state, in the ticket's language.

A text is made from a `PublicStep` alone, which holds no account, no licences, no reasons and no names: what it does not
hold cannot be told (§0: who sees licence counts).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FALLBACK_LANGUAGE = "en"
PLACEHOLDERS = frozenset({"ticket", "level", "title"})
PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStep:
    """All that a partner is told of a step: the number that they know the ticket by, and how high it went.

    `answering` is the level whose people answer: another one where nobody is listed at this one (C20).
    """

    ticket: str
    level: int
    answering: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTexts:
    """The public updates (R37): a text for each language, and what each level is called in it (R38).

    In a text `{ticket}`, `{level}` and `{title}` stand for the ticket's number, the level, and the title of those who
    answer. Without texts nothing is said.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def text(self, step: PublicStep, language: str | None) -> str | None:
        """In the language, a tag such as pt or pt-BR, else in English."""
        spoken = (language or "").lower().partition("-")[0]
        known = spoken if spoken in self.texts else FALLBACK_LANGUAGE
        title = self.titles.get(known, {}).get(step.answering, str(step.answering))
        said = {"ticket": step.ticket, "level": str(step.level), "title": title}
        text = self.texts.get(known)
        return None if text is None else PLACEHOLDER.sub(lambda match: said.get(match[1], match[0]), text).strip()
