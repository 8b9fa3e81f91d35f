"""Text that can contain Japanese: its characters are two columns wide, and its words have no blanks between them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def joined(lines: Iterable[str]) -> str:
    """Return the lines joined with blanks, without a blank between Japanese characters."""
    text = ""
    for line in (" ".join(line.split()) for line in lines if line.strip()):
        separator = "" if not text or (_is_wide(text[-1]) and _is_wide(line[0])) else " "
        text += separator + line
    return text


def width(line: str) -> int:
    """Return the width in columns."""
    return len(line) + sum(map(_is_wide, line))


def is_japanese(text: str) -> bool:
    """Return True if most of the text is Japanese."""
    return sum(map(_is_wide, text)) * 2 > len(text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
