"""Invariants of what we write: pure functions over the comments of one ticket."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from desk_sync.simulated_desk.portal.seed import Record

_LICENCES = re.compile(r"licen[cs]|lizenz|licenç|licenti|licenza|lisens|ライセンス|seats?\b", re.IGNORECASE)
_MARK = re.compile(r"ds-[0-9a-f]{12}")
_SMALLEST = 32
"""Figures below are those of days, hours and levels too."""


def repeated(texts: Iterable[str]) -> Iterator[str]:
    """Yield each text that there is more than once."""
    yield from (text for text, count in Counter(texts).items() if count > 1)


def about_licences(texts: Iterable[str], figures: Iterable[int]) -> Iterator[str]:
    """Yield each text with a word of licences, or with one of these figures as a number of its own."""
    numbers = [re.compile(rf"(?<![\d:.#/-]){figure}(?![\d:/-]|\.\d)") for figure in figures if figure >= _SMALLEST]
    for text in texts:
        if _LICENCES.search(text) or any(number.search(text) for number in numbers):
            yield text


def marked(texts: Iterable[str]) -> Iterator[str]:
    """Yield each text with a reference in it."""
    yield from filter(_MARK.search, texts)


def carrying(texts: Iterable[str], reference: str) -> Sequence[str]:
    """Return the texts with this reference."""
    return [text for text in texts if reference in text]


def is_by(comment: Record, agent_id: str) -> bool:
    """Return True for a comment of the agent."""
    return bool(comment["commenterId"] == agent_id)
