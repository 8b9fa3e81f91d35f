"""The public updates of an escalation for the partner (R37): its state, in the ticket's language.

A text is made from a `PublicStep` alone. It contains no account, licences, reasons or names, so none of these can be
published (programme §0, on the visibility of licence counts).
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
    """All that a partner may know of a step: the ticket number and the level.

    `answering` is the level whose people answer; it differs from `level` if that one is not staffed (C20).
    """

    ticket: str
    level: int
    answering: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTexts:
    """The texts of public updates by language (R37), and the titles of the levels (R38).

    The placeholders `{ticket}`, `{level}` and `{title}` in a text are replaced by the ticket number, the level, and the
    title of the level that answers. Without texts there is no public update.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def text(self, step: PublicStep, language: str | None) -> str | None:
        """Return the text in the language (a tag such as pt or pt-BR), else in English; None without texts."""
        primary = (language or "").lower().partition("-")[0]
        chosen = primary if primary in self.texts else FALLBACK_LANGUAGE
        title = self.titles.get(chosen, {}).get(step.answering, str(step.answering))
        values = {"ticket": step.ticket, "level": str(step.level), "title": title}
        text = self.texts.get(chosen)
        return None if text is None else PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text).strip()
