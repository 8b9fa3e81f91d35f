"""Text in which Japanese may stand: its characters are two columns wide, and no blanks part its words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def joined(lines: Iterable[str]) -> str:
    """One line of several: a blank between them, but none inside Japanese."""
    text = ""
    for line in (" ".join(line.split()) for line in lines if line.strip()):
        seam = "" if not text or (_is_wide(text[-1]) and _is_wide(line[0])) else " "
        text += seam + line
    return text


def width(line: str) -> int:
    """In columns."""
    return len(line) + sum(map(_is_wide, line))


def is_japanese(text: str) -> bool:
    """Whether most of it is."""
    return sum(map(_is_wide, text)) * 2 > len(text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
