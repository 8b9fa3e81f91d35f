"""Requests for an escalation, and dissatisfaction, in the words of a text, in six languages (`request_words.txt`).

A text is read sentence by sentence, without what stands in quotation marks: those are the words of others. A negation
takes away what it stands before, and in German and Japanese what it stands behind. Precision comes before recall: what
is only spoken about, a condition, or a question how, is no request.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from desk_sync.adapters.text.phrases import PhraseIndex, words_of
from desk_sync.adapters.text.sentences import QUESTION_MARKS, sentences
from desk_sync.domain.ticket.written_request import RequestKind, WrittenRequest

_LONGEST = 20_000
"""Characters; what follows is a log or a list rather than a letter."""
_NEAR = range(3)
"""So many words may stand between a negation and what it takes away."""
_FAR_REACH_OF_NOT = 8
"""So many words may stand between a negation and an act; a wish that stands in between ends the negation."""
_BACK = range(9)
"""So many words may stand between a phrase and a negation behind it."""
_NOT, _BEHIND, _PLEASE, _ASK, _FIRST = "not", "behind", "please", "ask", "first"
_POLITE, _OTHER, _EXCUSE = "polite", "other", "excuse"
_ACTS = frozenset({"verb", "noun", "reach"})
_WISHES = frozenset({_PLEASE, _ASK})


class SetLabel(NamedTuple):
    """The name of a set of phrases, in one language."""

    language: str
    name: str


class RequestRule(NamedTuple):
    """A chain of sets; `gaps` are the most words between the phrases of two neighbours."""

    kind: RequestKind
    sets: tuple[str, ...]
    gaps: tuple[int, ...]


class RequestTable(NamedTuple):
    """The file of words; `denied` are the sets whose phrases a negation takes away."""

    rules: tuple[RequestRule, ...]
    denied: frozenset[str]
    phrases: tuple[tuple[SetLabel, str], ...]


class SetPhrase(NamedTuple):
    """A phrase of the set `name` from word `start` to before word `end`."""

    name: str
    start: int
    end: int


class WordedSentence(NamedTuple):
    """The phrases of a sentence by language, the parts of its words between commas, and True for a question."""

    found: Mapping[str, Sequence[SetPhrase]]
    parts: Sequence[int]
    asked: bool


def written_request(lines: Iterable[str], mail: str, at: datetime | None) -> WrittenRequest | None:
    """Return the request that the lines of a mail contain; None for a mail of which Desk gives no instant."""
    kind = requested_in(lines) if at else None
    return WrittenRequest(kind=kind, mail=mail, at=at) if kind and at else None


def requested_in(lines: Iterable[str]) -> RequestKind | None:
    """Return the request that the lines contain; of both kinds the one for an escalation."""
    worded = [_worded(sentence, end) for sentence, end in sentences(_unquoted("\n".join(lines)[:_LONGEST]))]
    spoken = sum((_known(each.found) for each in worded), Counter[str]())
    kinds = {kind for each in worded for language in _languages(each.found, spoken) for kind in _kinds(each, language)}
    return next((kind for kind in RequestKind if kind in kinds), None)


def _unquoted(text: str) -> str:
    return _QUOTED.sub(" ", text)


_QUOTED = re.compile('"[^"\n]{0,300}"|“[^“”\n]{0,300}”|„[^“”„\n]{0,300}[“”]|«[^«»\n]{0,300}»|「[^「」\n]{0,300}」')


def _worded(sentence: str, end: str) -> WordedSentence:
    parts = [words_of(part) for part in _COMMA.split(sentence)]
    numbers = [number for number, words in enumerate(parts) for _ in words]
    found: dict[str, list[SetPhrase]] = {}
    for (language, name), start, stop in _index().find([word for words in parts for word in words]):
        found.setdefault(language, []).append(SetPhrase(name, start, stop))
    return WordedSentence(found, numbers, end in QUESTION_MARKS)


_COMMA = re.compile("[,;()、，–—]")


def _known(found: Mapping[str, Sequence[SetPhrase]]) -> Counter[str]:
    """Return the number of words of each language at which a known phrase begins."""
    return Counter({language: len({each.start for each in phrases}) for language, phrases in found.items()})


def _languages(found: Mapping[str, Sequence[SetPhrase]], spoken: Mapping[str, int]) -> Collection[str]:
    """Return the language in which most words of the sentence are known, of several that of the text."""
    known = {language: (number, spoken[language]) for language, number in _known(found).items()}
    most = max(known.values(), default=None)
    return [language for language, number in known.items() if number == most]


def _kinds(sentence: WordedSentence, language: str) -> Iterator[RequestKind]:
    """Yield the kinds of requests that the sentence makes in the language."""
    phrases = list(_standing(_meant(sentence.found[language]), sentence.parts))
    names = {each.name for each in phrases}
    if sentence.asked and names.isdisjoint((_PLEASE, _POLITE)):
        return
    for rule in request_table().rules:
        if f"{rule.kind} {_EXCUSE}" not in names and _follows(rule, phrases):
            yield rule.kind


def _follows(rule: RequestRule, phrases: Sequence[SetPhrase]) -> bool:
    """Return True if phrases of the rule's sets stand one behind the other."""
    ends = {each.end for each in phrases if each.name == rule.sets[0]}
    for name, gap in zip(rule.sets[1:], rule.gaps, strict=True):
        starts = {end + more for end in ends for more in range(gap + 1)}
        ends = {each.end for each in phrases if each.name == name and each.start in starts}
    return bool(ends)


def _meant(phrases: Sequence[SetPhrase]) -> list[SetPhrase]:
    """Return the phrases, in the order of their beginnings, without those inside one that means something else."""
    others = {each.start: each.end for each in phrases if each.name == _OTHER}
    kept: list[SetPhrase] = []
    until = 0
    for each in sorted(phrases, key=lambda phrase: phrase.start):
        until = max(until, others.get(each.start, 0))
        if each.end > until:
            kept.append(each)
    return kept


def _standing(phrases: Sequence[SetPhrase], parts: Sequence[int]) -> Iterator[SetPhrase]:
    """Yield the phrases that no negation takes away, and that stand where they count."""
    denied = _denied_nearby(phrases, parts)
    denial = -_LONGEST  # the end of the last negation that no wish stands behind
    for each in phrases:
        if each.name == _NOT:
            denial = each.end
        elif each in denied or (each.name == _FIRST and not _begins_part(each, parts)):
            continue
        elif each.name not in _ACTS or each.start - denial > _FAR_REACH_OF_NOT:
            denial = -_LONGEST if each.name in _WISHES else denial
            yield each


def _denied_nearby(phrases: Iterable[SetPhrase], parts: Sequence[int]) -> frozenset[SetPhrase]:
    """Return the phrases that a negation in the same part of the sentence takes away: from near, or from behind."""
    before = {(end + more, parts[start]) for name, start, end in phrases if name == _NOT for more in _NEAR}
    behind = {(start - more, parts[start]) for name, start, _ in phrases if name == _BEHIND for more in _BACK}
    deniable = [each for each in phrases if each.name in request_table().denied]
    return frozenset(
        each
        for each in deniable
        if (each.start, parts[each.start]) in before or (each.end, parts[each.start]) in behind
    )


def _begins_part(phrase: SetPhrase, parts: Sequence[int]) -> bool:
    return phrase.start == 0 or parts[phrase.start] != parts[phrase.start - 1]


@lru_cache(maxsize=1)
def _index() -> PhraseIndex[SetLabel]:
    return PhraseIndex(request_table().phrases)


@lru_cache(maxsize=1)
def request_table() -> RequestTable:
    """Return the table in `request_words.txt`."""
    text = (resources.files("desk_sync.adapters.mail.requests") / "request_words.txt").read_text(encoding="utf-8")
    rules: list[RequestRule] = []
    denied: frozenset[str] = frozenset()
    phrases: list[tuple[SetLabel, str]] = []
    language = ""
    for line in (each for each in text.splitlines() if each and not each.startswith("#")):
        head, _, rest = line.partition(":")
        if line.startswith("["):
            language = line.strip("[]")
        elif head == "denied":
            denied = frozenset(_listed(rest))
        elif head.startswith("rule "):
            rules.append(_rule(head.removeprefix("rule "), rest.split()))
        else:
            phrases += [(SetLabel(language, head), each) for each in _listed(rest)]
    return RequestTable(tuple(rules), denied, tuple(phrases))


def _rule(kind: str, chain: Sequence[str]) -> RequestRule:
    return RequestRule(RequestKind(kind), tuple(chain[::2]), tuple(map(int, chain[1::2])))


def _listed(rest: str) -> list[str]:
    return [each.strip() for each in rest.split("|")]
