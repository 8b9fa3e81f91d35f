"""Inference of issue types from the words of a ticket, in six languages; the words are in `issue_words.txt`.

A text is read clause by clause. A clause suggests an issue type if it has words of every set that one of the type's
rules needs, and no excuse: a question how, a condition, a wish, or a text that is only spoken about. A negation takes
the words behind it away. Words that say that all is well again take away what was suggested before them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from desk_sync.adapters.text.fold import fold
from desk_sync.adapters.text.phrases import FoundPhrase, PhraseIndex, words_of
from desk_sync.domain.ticket.inference import Inference

_LONGEST = 100_000
_LONG_LINE = 60
_REACH_OF_NOT = 2
"""So many words may stand between a negation and what it takes away."""
_NOT, _OVER, _EXCUSE, _BUT = "not", "over", "excuse", "but"


class WordSet(NamedTuple):
    """The name of a set of phrases, in one language."""

    language: str
    name: str


class IssueTable(NamedTuple):
    """The file of words: `rules` are issue types with the sets that they need, `denied` the sets that "not" takes away."""

    rules: tuple[tuple[str, frozenset[str]], ...]
    denied: frozenset[str]
    phrases: tuple[tuple[WordSet, str], ...]


Clause = list[FoundPhrase[WordSet]]


def infer(text: str) -> tuple[Inference, ...]:
    """Return one inference for each issue type and language that a clause of the text suggests."""
    told: dict[str, set[str]] = defaultdict(set)
    for language, clause in _clauses(text[:_LONGEST]):
        names = _standing(clause)
        if _OVER in names:
            told[language].clear()
        elif _EXCUSE not in names:
            told[language].update(_suggested(names))
    return tuple(sorted(Inference(issue_type, language) for language, types in told.items() for issue_type in types))


def issue_table() -> IssueTable:
    """Return the table of words."""
    return _table()


def _suggested(names: frozenset[str]) -> Iterator[str]:
    for issue_type, needed in _table().rules:
        if needed <= names and f"{issue_type} {_EXCUSE}" not in names:
            yield issue_type


def _standing(clause: Clause) -> frozenset[str]:
    """Return the names of the sets in the clause that no negation takes away."""
    out_of_reach = _table().denied
    taken = {each.end + more for each in clause if each.label.name == _NOT for more in range(_REACH_OF_NOT + 1)}
    return frozenset(
        each.label.name for each in clause if each.label.name not in out_of_reach or each.start not in taken
    )


def _clauses(text: str) -> Iterator[tuple[str, Clause]]:
    """Yield the phrases of each clause, with their language; a clause without any is left out."""
    for sentence in _END.split(_joined(text)):
        by_language: dict[str, Clause] = defaultdict(list)
        for phrase in _index().find(words_of(fold(sentence))):
            by_language[phrase.label.language].append(phrase)
        for language, phrases in by_language.items():
            yield from ((language, clause) for clause in _apart(phrases))


def _apart(phrases: Clause) -> Iterator[Clause]:
    """Yield the phrases before, between and behind the words for "but"."""
    clause: Clause = []
    for phrase in phrases:
        if phrase.label.name == _BUT:
            yield clause
            clause = []
        else:
            clause.append(phrase)
    yield clause


def _joined(text: str) -> str:
    """Return the text with its wrapped lines joined: a long line, and one before a small letter, go on in the next."""
    return "".join(_with_their_ends(text.split("\n")))


def _with_their_ends(lines: list[str]) -> Iterator[str]:
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        goes_on = following.strip() and (len(line) >= _LONG_LINE or following.lstrip()[0].islower())
        yield f"{line} " if goes_on else f"{line}\n"


_END = re.compile("[.!?…:;](?=\\s|$)|[\n。！？：；]|が[、，]")


@lru_cache(maxsize=1)
def _index() -> PhraseIndex[WordSet]:
    return PhraseIndex(_table().phrases)


@lru_cache(maxsize=1)
def _table() -> IssueTable:
    text = (resources.files("desk_sync.adapters.mail") / "issue_words.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rules, denied, phrases, language = [], frozenset[str](), [], ""
    for line in lines:
        head, _, rest = line.partition(":")
        if line.startswith("["):
            language = line.strip("[]")
        elif head == "denied":
            denied = frozenset(_listed(rest, "|"))
        elif head.startswith("rule "):
            rules.append((head.removeprefix("rule "), frozenset(_listed(rest, "+"))))
        else:
            phrases += [(WordSet(language, head), phrase) for phrase in _listed(rest, "|")]
    return IssueTable(tuple(rules), denied, tuple(phrases))


def _listed(rest: str, separator: str) -> Iterable[str]:
    return (each.strip() for each in rest.split(separator))
