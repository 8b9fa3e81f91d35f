"""Phrases of a list found among the words of a text, in time linear in the text's length.

A phrase is written as words with blanks between: `word*` is every word with this beginning, `..` at most eight words of
any kind. Case and accents do not matter. Japanese has no blanks: each of its letters is a word.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from desk_sync.adapters.text.fold import fold

Label = TypeVar("Label")
_MOST_BETWEEN = 8


class _Piece(NamedTuple):
    """One word of a phrase, only its beginning, or (`word` is empty) any words."""

    word: str
    stem: bool

    def fits(self, word: str) -> bool:
        return word.startswith(self.word) if self.stem else word == self.word


class FoundPhrase(NamedTuple, Generic[Label]):
    """A phrase with the label `label` from word `start` to before word `end`."""

    label: Label
    start: int
    end: int


class PhraseIndex(Generic[Label]):
    """The phrases of a list by their first words."""

    def __init__(self, phrases: Iterable[tuple[Label, str]]) -> None:
        self._words: dict[str, list[tuple[Label, tuple[_Piece, ...]]]] = defaultdict(list)
        self._stems: dict[str, list[tuple[Label, tuple[_Piece, ...]]]] = defaultdict(list)
        for label, phrase in phrases:
            first, *rest = _pieces(phrase)
            (self._stems if first.stem else self._words)[first.word].append((label, tuple(rest)))
        self._lengths = sorted({len(stem) for stem in self._stems})

    def find(self, words: Sequence[str]) -> Iterator[FoundPhrase[Label]]:
        """Yield each phrase that begins at each of the words, of a choice of ends the first."""
        for start, word in enumerate(words):
            for label, rest in self._beginning_with(word):
                end = _end(words, start + 1, rest)
                if end is not None:
                    yield FoundPhrase(label, start, end)

    def _beginning_with(self, word: str) -> Iterator[tuple[Label, tuple[_Piece, ...]]]:
        yield from self._words.get(word, ())
        for length in self._lengths:
            if length > len(word):
                return
            yield from self._stems.get(word[:length], ())


def words_of(folded: str) -> list[str]:
    """Return the words of a folded text; each Japanese letter is a word."""
    return _WORD.findall(folded)


_WORD = re.compile("[\u3005\u3040-\u30ff\u3400-\u9fff]|[^\\W\u3005\u3040-\u30ff\u3400-\u9fff]+")


def _pieces(phrase: str) -> Iterator[_Piece]:
    for part in phrase.split():
        words = words_of(fold(part))
        if not words:
            yield _Piece("", stem=True)
            continue
        yield from (_Piece(word, stem=False) for word in words[:-1])
        yield _Piece(words[-1], stem=part.endswith("*"))


def _end(words: Sequence[str], at: int, rest: tuple[_Piece, ...]) -> int | None:
    """Return the place after the last word of the phrase's rest, None if the words are others."""
    for index, piece in enumerate(rest):
        if not piece.word:
            ends = (_end(words, at + skipped, rest[index + 1 :]) for skipped in range(_MOST_BETWEEN + 1))
            return next((end for end in ends if end is not None), None)
        if at >= len(words) or not piece.fits(words[at]):
            return None
        at += 1
    return at
