"""The troubleshooting steps (R15): a list with bullets or numbers of any kind, or a paragraph."""

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
    """The items of a list without their bullets; without a list, the paragraph parted at its semicolons."""
    items = [item for item in _items(lines) if any(map(str.isalnum, item))]
    return [] if mail_words.says_none(" ".join(items)) else items


def _items(lines: Sequence[str]) -> list[str]:
    bullets = [found[0].strip() for line in lines if (found := BULLET.match(line))]
    if not bullets:
        return [piece for stretch in _stretches(lines) for piece in _pieces(stretch)]
    items: list[list[str]] = []
    for line in filter(str.strip, lines):
        bullet = BULLET.match(line)
        if bullet or not items:
            items.append([])
        items[-1].append(line[bullet.end() :] if bullet else line)
    introduced = not BULLET.match(next(filter(str.strip, lines))) and items[0][-1].rstrip().endswith((":", "："))
    told = [joined(item) for item in items[introduced:]]
    return _numbered(told[0]) if len(told) == 1 and _FIRST_NUMBER.fullmatch(bullets[0]) else told


_FIRST_NUMBER = re.compile(r"[(（]?1[.)）]")
_NEXT_NUMBER = re.compile(r"[,;、]?\s?(?<![0-9A-Za-z.])[(（]?[2-9](?:[)）]|\.(?=\s))\s?")


def _numbered(item: str) -> list[str]:
    """The items of a list that was written into one line: "one 2) two 3) three", its first number taken off."""
    return [piece.strip() for piece in _NEXT_NUMBER.split(item)]


def _pieces(paragraph: str) -> list[str]:
    pieces = [piece.strip() for piece in re.split("[;；]", paragraph)]
    while pieces and not pieces[-1]:
        pieces.pop()
    return [*pieces[:-1], re.sub(r"(?<![.。])[.。]$", "", pieces[-1])] if pieces else []


_SHORT_LINE = 50


def _stretches(lines: Sequence[str]) -> list[str]:
    """Lines as their writer meant them: one that ends long before the margin was ended by hand."""
    stretches: list[list[str]] = []
    room = True
    for line in filter(None, map(str.strip, lines)):
        if room or not stretches:
            stretches.append([])
        stretches[-1].append(line)
        room = width(line) < _SHORT_LINE
    return [joined(stretch) for stretch in stretches]
