"""The sentences of a text, with the marks at their ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from desk_sync.adapters.text.fold import fold

_LONG_LINE = 60
QUESTION_MARKS = frozenset("?？")


def sentences(text: str) -> Iterator[tuple[str, str]]:
    """Yield each sentence, folded, and the mark at its end. Addresses of mail and web are left out."""
    parts = _END.split("".join(_joined(_without_addresses(text).split("\n"))))
    return ((fold(sentence), end) for sentence, end in zip(parts[::2], [*parts[1::2], ""], strict=True))


def _without_addresses(text: str) -> str:
    """Return the text without addresses of mail and web: their words say nothing."""
    return " ".join(each for each in text.split(" ") if "@" not in each and "://" not in each)


def _joined(lines: list[str]) -> Iterator[str]:
    """Yield lines with their ends: a long line, and one before a small letter, go on in the next one."""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        goes_on = following.strip() and (len(line) >= _LONG_LINE or following.lstrip()[0].islower())
        yield f"{line} " if goes_on else f"{line}\n"


_END = re.compile("([.!?…:](?=\\s|$)|[\n\t。！？：]|が[、，])")
