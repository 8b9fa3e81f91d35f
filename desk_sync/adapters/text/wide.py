"""Text that can contain Japanese: its characters are two columns wide, and its words have no blanks between them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import chain, pairwise


def joined(lines: Iterable[str]) -> str:
    """Return the lines joined with blanks, without a blank between Japanese characters."""
    filled = [words for line in lines if (words := " ".join(line.split()))]
    separators = ("" if _is_wide(before[-1]) and _is_wide(line[0]) else " " for before, line in pairwise(filled))
    return "".join(chain.from_iterable(zip(filled, chain(separators, ("",)), strict=False)))


def width(line: str) -> int:
    """Return the width in columns."""
    return len(line) + sum(map(_is_wide, line))


def is_japanese(text: str) -> bool:
    """Return True if most of the text is Japanese."""
    return sum(map(_is_wide, text)) * 2 > len(text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
