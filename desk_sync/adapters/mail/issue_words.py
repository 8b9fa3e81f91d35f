"""Inference of issue types from the words of a ticket, in six languages; the words are in `issue_words.txt`.

A text is read clause by clause. A clause suggests an issue type if it has words of every set that one of the type's
rules needs, and no excuse: a question how, a condition, a wish, or a text that is only spoken about. A negation takes
the words behind it away. Words that say that all is well again take away what was suggested before them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import combinations
from typing import NamedTuple

from desk_sync.adapters.text.phrases import FoundPhrase, PhraseIndex, words_of
from desk_sync.adapters.text.sentences import QUESTION_MARKS, sentences
from desk_sync.domain.ticket.inference import Inference

_LONGEST = 20_000
"""Characters; what follows is a log or a list rather than a report."""
_REACH_OF_NOT = 2
"""So many words may stand between a negation and what it takes away."""
_NOT, _OVER, _EXCUSE, _BUT = "not", "over", "excuse", "but"
_QUESTION, _REQUEST, _STILL = "question", "request", "still"


class WordSet(NamedTuple):
    """The name of a set of phrases, in one language."""

    language: str
    name: str


class IssueRule(NamedTuple):
    """A clause with phrases of all sets `needed`, at different places, and of none `unwanted` suggests the type."""

    issue_type: str
    needed: frozenset[str]
    unwanted: frozenset[str]


class IssueTable(NamedTuple):
    """The file of words; `denied` are the sets whose phrases a negation takes away."""

    rules: tuple[IssueRule, ...]
    denied: frozenset[str]
    phrases: tuple[tuple[WordSet, str], ...]


class FoundPlaces(NamedTuple):
    """Where the phrases of a set begin last, and where they end first."""

    last_start: int
    first_end: int

    def wider(self, start: int, end: int) -> FoundPlaces:
        """Return these places and one more."""
        return FoundPlaces(max(self.last_start, start), min(self.first_end, end))

    def is_beside(self, other: FoundPlaces) -> bool:
        """Return True if a phrase of one set ends before one of the other begins."""
        return self.first_end <= other.last_start or other.first_end <= self.last_start


Phrases = list[FoundPhrase[WordSet]]
Clause = Mapping[str, FoundPlaces]


def infer(text: str) -> tuple[Inference, ...]:
    """Return one inference for each issue type and language that a clause of the text suggests."""
    suggested: set[Inference] = set()
    for language, phrases, asked in _clauses(text[:_LONGEST]):
        clause = _standing(phrases)
        names = clause.keys()
        if _OVER in names and _STILL not in names:
            suggested = {each for each in suggested if each.language != language}
        elif _EXCUSE not in names and (_REQUEST in names or not (asked or _QUESTION in names)):
            suggested.update(Inference(issue_type, language) for issue_type in _suggested(clause))
    return tuple(sorted(suggested))


def _suggested(clause: Clause) -> Iterator[str]:
    return (rule.issue_type for rule in issue_table().rules if clause.keys() >= rule.needed and _follows(rule, clause))


def _follows(rule: IssueRule, clause: Clause) -> bool:
    apart = all(clause[one].is_beside(clause[other]) for one, other in combinations(rule.needed, 2))
    return apart and clause.keys().isdisjoint(rule.unwanted)


def _standing(phrases: Phrases) -> Clause:
    """Return where the sets are found in the clause, without the phrases that a negation takes away."""
    denied = issue_table().denied
    taken = {end + more for label, _, end in phrases if label.name == _NOT for more in range(_REACH_OF_NOT + 1)}
    places: dict[str, FoundPlaces] = {}
    for (_, name), start, end in phrases:
        if name not in denied or start not in taken:
            known = places.get(name)
            places[name] = known.wider(start, end) if known else FoundPlaces(start, end)
    return places


def _clauses(text: str) -> Iterator[tuple[str, Phrases, bool]]:
    """Yield the phrases of each clause with their language, and True for a clause of a question."""
    for sentence, end in sentences(text):
        found: dict[str, Phrases] = defaultdict(list)
        for phrase in _index().find(words_of(sentence)):
            found[phrase.label.language].append(phrase)
        for language in _spoken(found):
            yield from ((language, clause, end in QUESTION_MARKS) for clause in _apart(found[language]))


def _spoken(found: Mapping[str, Phrases]) -> list[str]:
    """Return the language, or the languages, in which most words of a sentence are known."""
    known = {language: len({start for _, start, _ in phrases}) for language, phrases in found.items()}
    most = max(known.values(), default=0)
    return [language for language in known if known[language] == most]


def _apart(phrases: Phrases) -> Iterator[Phrases]:
    """Yield the phrases before, between and behind the words for "but"."""
    clause: Phrases = []
    for phrase in phrases:
        if phrase.label.name == _BUT:
            yield clause
            clause = []
        else:
            clause.append(phrase)
    yield clause


@lru_cache(maxsize=1)
def _index() -> PhraseIndex[WordSet]:
    return PhraseIndex(issue_table().phrases)


@lru_cache(maxsize=1)
def issue_table() -> IssueTable:
    """Return the table in `issue_words.txt`."""
    text = (resources.files("desk_sync.adapters.mail") / "issue_words.txt").read_text(encoding="utf-8")
    rules: list[IssueRule] = []
    denied: frozenset[str] = frozenset()
    phrases: list[tuple[WordSet, str]] = []
    languages: list[str] = []
    for line in (each for each in text.splitlines() if each and not each.startswith("#")):
        head, _, rest = line.partition(":")
        if line.startswith("["):
            languages = line.strip("[]").split()
        elif head == "denied":
            denied = frozenset(_listed(rest, "|"))
        elif head.startswith("rule "):
            rules.append(_rule(head.removeprefix("rule "), rest))
        else:
            phrases += [(WordSet(language, head), each) for language in languages for each in _listed(rest, "|")]
    return IssueTable(tuple(rules), denied, tuple(phrases))


def _rule(issue_type: str, written: str) -> IssueRule:
    needed, _, unwanted = written.partition(", not")
    excuses = {f"{issue_type} {_EXCUSE}", *filter(None, _listed(unwanted, "|"))}
    return IssueRule(issue_type, frozenset(_listed(needed, "+")), frozenset(excuses))


def _listed(rest: str, separator: str) -> list[str]:
    return [each.strip() for each in rest.split(separator)]
