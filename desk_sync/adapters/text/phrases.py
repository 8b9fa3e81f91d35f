"""Phrases of a list found among the words of a text, in time linear in the text's length.

A phrase is written as words with blanks between: `word*` is every word with this beginning, `..` at most eight words of
any kind. Case and accents do not matter. Japanese has no blanks: each of its letters is a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from desk_sync.adapters.text.fold import fold

Label = TypeVar("Label")
_MOST_BETWEEN = 8
_KEPT_WORDS = 4_096


class FoundPhrase(NamedTuple, Generic[Label]):
    """A phrase with the label `label` from word `start` to before word `end`."""

    label: Label
    start: int
    end: int


class _Node(Generic[Label]):
    """The place in a tree of phrases that some words lead to: what may follow, and the labels of phrases that end."""

    __slots__ = ("after_others", "labels", "stems", "words")

    def __init__(self) -> None:
        self.labels: list[Label] = []
        self.words: dict[str, _Node[Label]] = {}
        self.stems: dict[int, dict[str, _Node[Label]]] = {}
        self.after_others: _Node[Label] | None = None

    def add(self, phrase: str) -> _Node[Label]:
        """Return the node at the end of the phrase, new nodes made where there are none."""
        node = self
        for part in phrase.split():
            *words, last = words_of(fold(part)) or [""]
            for word in words:
                node = node.words.setdefault(word, _Node())
            node = node._last(last, is_stem=part.endswith("*"))
        return node

    def _last(self, word: str, *, is_stem: bool) -> _Node[Label]:
        if not word:
            self.after_others = self.after_others or _Node()
            return self.after_others
        known = self.stems.setdefault(len(word), {}) if is_stem else self.words
        return known.setdefault(word, _Node())

    def following(self, word: str) -> list[_Node[Label]]:
        """Return the nodes to which the word leads from here."""
        found = [stems[word[:length]] for length, stems in self.stems.items() if word[:length] in stems]
        return [*found, self.words[word]] if word in self.words else found


class PhraseIndex(Generic[Label]):
    """The phrases of a list as a tree of their words."""

    def __init__(self, phrases: Iterable[tuple[Label, str]]) -> None:
        self._root: _Node[Label] = _Node()
        for label, phrase in phrases:
            self._root.add(phrase).labels.append(label)
        self._first = lru_cache(maxsize=_KEPT_WORDS)(self._root.following)

    def find(self, words: Sequence[str]) -> Iterator[FoundPhrase[Label]]:
        """Yield each label with a phrase that begins at each of the words; of several ends the first."""
        for start, word in enumerate(words):
            if nodes := self._first(word):
                for label, end in _ends(nodes, words, start + 1).items():
                    yield FoundPhrase(label, start, end)


def _ends(nodes: list[_Node[Label]], words: Sequence[str], at: int) -> dict[Label, int]:
    """Return the labels of the phrases that begin with these nodes, and the place behind each one's last word."""
    ends: dict[Label, int] = {}
    open_nodes = [(node, at) for node in nodes]
    while open_nodes:
        node, at = open_nodes.pop()
        for label in node.labels:
            ends[label] = min(at, ends.get(label, at))
        if at < len(words):
            open_nodes += [(each, at + 1) for each in node.following(words[at])]
        if node.after_others:
            behind = range(at, min(at + _MOST_BETWEEN + 1, len(words)))
            open_nodes += [(each, then + 1) for then in behind for each in node.after_others.following(words[then])]
    return ends


def words_of(folded: str) -> list[str]:
    """Return the words of a folded text; each Japanese letter is a word."""
    return _WORD.findall(folded)


_WORD = re.compile("[\u3005\u3040-\u30ff\u3400-\u9fff]|[^\\W\u3005\u3040-\u30ff\u3400-\u9fff]+")
