"""The troubleshooting steps of the template (R15): a list with bullets or numbers, or a paragraph."""

from __future__ import annotations

import re
from collections.abc import Sequence

from desk_sync.adapters.mail import words as mail_words
from desk_sync.adapters.text.wide import joined, width

BULLET = re.compile(
    r"\s*(?:[-–—*•·∙⁃⦁▪■□●○◆◇◦‣►▶➢➤➔→※✓✔✅☑»§](?=\s|[^\s\d-])|[+>](?=\s)|・|[①-⑳]"
    r"|[(（]?\d{1,2}[)）．、]|\d{1,2}(?:[.°º](?!\d)|\.?[ª]|\u20e3|\s?[-–—/](?=\s))"
    r"|[(]?(?:[a-hA-H]|[ivx]{1,4})(?:\)|\.(?=\s[^\W\d]{2}))(?=\s))\s*"
)


def read_steps(lines: Sequence[str]) -> list[str]:
    """Return the items of a list without their bullets; without a list, the parts of a paragraph between semicolons."""
    items = [item for item in _items(lines) if any(map(str.isalnum, item))]
    return [] if mail_words.means_none(" ".join(items)) else items


def _items(lines: Sequence[str]) -> list[str]:
    bullets = [found[0].strip() for line in lines if (found := BULLET.match(line))]
    if not bullets:
        return [piece for paragraph in _paragraphs(lines) for piece in _pieces(paragraph)]
    items: list[list[str]] = []
    for line in filter(str.strip, lines):
        bullet = BULLET.match(line)
        if bullet or not items:
            items.append([])
        items[-1].append(line[bullet.end() :] if bullet else line)
    introduced = not BULLET.match(next(filter(str.strip, lines))) and items[0][-1].rstrip().endswith((":", "："))
    texts = [joined(item) for item in items[introduced:]]
    return _numbered(texts[0]) if len(texts) == 1 and _FIRST_NUMBER.fullmatch(bullets[0]) else texts


_FIRST_NUMBER = re.compile(r"[(（]?1[.)）]")
_NEXT_NUMBER = re.compile(r"[,;、]?\s?(?<![0-9A-Za-z.])[(（]?[2-9](?:[)）]|\.(?=\s))\s?")


def _numbered(item: str) -> list[str]:
    """Return the items of a list on one line, its first number removed: "one 2) two 3) three"."""
    return [piece.strip() for piece in _NEXT_NUMBER.split(item)]


def _pieces(paragraph: str) -> list[str]:
    pieces = [piece.strip() for piece in re.split("[;；]", paragraph)]
    while pieces and not pieces[-1]:
        pieces.pop()
    return [*pieces[:-1], re.sub(r"(?<![.。])[.。]$", "", pieces[-1])] if pieces else []


_SHORT_LINE = 50


def _paragraphs(lines: Sequence[str]) -> list[str]:
    """Return the paragraphs, with wrapped lines joined: a line of less than 50 columns was not wrapped."""
    paragraphs: list[list[str]] = []
    ended = True
    for line in filter(None, map(str.strip, lines)):
        if ended:
            paragraphs.append([])
        paragraphs[-1].append(line)
        ended = width(line) < _SHORT_LINE
    return [joined(paragraph) for paragraph in paragraphs]
