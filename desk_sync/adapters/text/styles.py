"""The style sheet of an HTML text: which of its rules say something of a class or an id.

Only rules outside `@media` and their likes count, because the others hold for some screens alone. Selectors of one
element, class or id are read, also behind names of elements ("div .x"); all others belong to single programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_LONGEST_SHEET = 100_000
_MOST_RULES = 2_000
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_PIECE = re.compile(r"[{}]|[^{}]++")
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]*+[\s>]++)*+(?P<element>[a-z][a-z0-9]*+)?(?P<name>[.#][\w-]++)")


def rules_of(sheet: str) -> Iterator[tuple[str, str, str]]:
    """Yield the element ("" for all), the class or id with its mark, and the declarations of each rule."""
    selector, depth = "", 0
    text = _COMMENT.sub(" ", sheet[:_LONGEST_SHEET]).replace("<!--", " ").replace("-->", " ")
    for number, piece in enumerate(_PIECE.findall(text)):
        if number > 4 * _MOST_RULES:
            return
        if piece == "{":
            depth += 1
        elif piece == "}":
            selector, depth = "", max(0, depth - 1)
        elif depth == 0:
            selector = piece.rpartition(";")[2].strip()
        elif depth == 1:
            for each in selector.split(","):
                if found := _SELECTOR.fullmatch(each.strip().lower()):
                    yield found["element"] or "", found["name"], piece


def selectors(element: str, attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what a selector can name of an element: its classes and its id, with and without its own name."""
    names = [f".{each}" for each in attributes.get("class", "").lower().split()[:_MOST_CLASSES]]
    names += [f"#{each}" for each in attributes.get("id", "").lower().split()[:1]]
    for name in names:
        yield "", name
        yield element, name


_MOST_CLASSES = 20
