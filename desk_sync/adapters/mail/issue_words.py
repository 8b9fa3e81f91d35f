"""Inference of issue types from the words of a ticket, in six languages; the words are in `issue_words.txt`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

from desk_sync.adapters.text.fold import fold
from desk_sync.domain.ticket.inference import Inference

_NOT = "not"
_LONGEST = 100_000
# Characters before a phrase in which a negation counts.
_NEAR = 60


def infer(text: str) -> tuple[Inference, ...]:
    """Return one inference for each issue type and language with a phrase in the text: the first one not negated."""
    folded = " ".join(_WORD.findall(fold(text[:_LONGEST])))
    return tuple(found for issue_type, language in _phrases() if (found := _find(folded, issue_type, language)))


def _find(folded: str, issue_type: str, language: str) -> Inference | None:
    for match in _pattern(issue_type, language).finditer(folded):
        if not _is_negated(folded[max(match.start() - _NEAR, 0) : match.start()], language):
            return Inference(issue_type, language, match[0])
    return None


def _is_negated(before: str, language: str) -> bool:
    return language in _negations() and _negations()[language].search(before) is not None


@lru_cache(maxsize=1)
def _lines() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    text = (resources.files("desk_sync.adapters.mail") / "issue_words.txt").read_text(encoding="utf-8")
    return tuple(_read(line) for line in text.splitlines() if line and not line.startswith("#"))


def _read(line: str) -> tuple[str, str, tuple[str, ...]]:
    issue_type, language, phrases = line.split(maxsplit=2)
    return issue_type, language, tuple(phrase.strip() for phrase in phrases.split("|"))


@lru_cache(maxsize=1)
def _phrases() -> dict[tuple[str, str], tuple[str, ...]]:
    return {(issue_type, language): phrases for issue_type, language, phrases in _lines() if issue_type != _NOT}


@lru_cache(maxsize=1)
def _negations() -> dict[str, re.Pattern[str]]:
    """Return the patterns of negations by language: directly before a phrase, or with one word between."""
    found = [(language, phrases) for issue_type, language, phrases in _lines() if issue_type == _NOT]
    return {language: re.compile(rf"(?:^| )(?:{_alternatives(phrases)})(?: \w+)? $") for language, phrases in found}


@lru_cache(maxsize=32)
def _pattern(issue_type: str, language: str) -> re.Pattern[str]:
    phrases = _phrases()[issue_type, language]
    # Japanese has no blanks between words.
    edge = r"" if language == "ja" else r"(?<!\w)", r"" if language == "ja" else r"(?!\w)"
    return re.compile(f"{edge[0]}(?:{_alternatives(phrases)}){edge[1]}")


def _alternatives(phrases: tuple[str, ...]) -> str:
    return "|".join(_stems(" ".join(_WORD_OR_STEM.findall(fold(phrase)))) for phrase in phrases)


def _stems(phrase: str) -> str:
    return re.escape(phrase).replace(r"\*", r"\w*")


_WORD = re.compile(r"\w+")
_WORD_OR_STEM = re.compile(r"\w+\*?")


def all_phrases() -> Iterator[Inference]:
    """Yield every phrase of the list."""
    for (issue_type, language), phrases in _phrases().items():
        yield from (Inference(issue_type, language, phrase) for phrase in phrases)
