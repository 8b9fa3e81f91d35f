"""Pages of lists, as the simulated sources send them: cut out of the rows of this moment, with the quirks of lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from desk_sync.simulated_sources import refusal
from desk_sync.simulated_sources.quirks import Row, SourceQuirks

T = TypeVar("T")

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage:
    """The rows of a page, and if there are more after it."""

    rows: Sequence[Row]
    number: int
    size: int
    more: bool


def page_of(
    items: Sequence[T],
    query: Mapping[str, str],
    quirks: SourceQuirks,
    row: Callable[[T], Row],
    made_up: Callable[[int], Row],
) -> AnswerPage:
    """Return the page that the query names, with the `row` of each item on it.

    `made_up` gives the rows of a list that never ends, by their numbers. Raises SourceRefusal for a page that is no
    number from 1.
    """
    number, size = whole(query, "page", 1), min(whole(query, "per_page", LARGEST_PAGE), LARGEST_PAGE)
    if "lists_are_empty" in quirks:
        return AnswerPage(rows=(), number=number, size=size, more=False)
    start = 0 if "pages_repeat" in quirks else (number - 1) * size
    found = [row(each) for each in items[start : start + size]]
    if "rows_repeat" in quirks and 0 < start < len(items):
        found.insert(0, row(items[start - 1]))
    more = start + size < len(items) or "pages_repeat" in quirks
    if "lists_never_end" in quirks:
        found += [made_up(start + place) for place in range(len(found), size)]
        more = True
    return AnswerPage(rows=found, number=number, size=size, more=more)


def whole(query: Mapping[str, str], name: str, otherwise: int) -> int:
    """Return a whole number from 1. Raises SourceRefusal."""
    text = query.get(name, str(otherwise))
    if not text.isdecimal() or int(text) < 1:
        raise refusal.wrong_value(name)
    return int(text)


def written_id(quirks: SourceQuirks, text: str) -> Any:
    """Return an id in the form in which it is sent."""
    return int(text) if "ids_as_numbers" in quirks and text.isdecimal() else text


_OWN_NAMES = {"DE": "Deutschland", "BR": "Brasil", "ES": "España", "IT": "Italia", "AT": "Österreich", "SE": "Sverige"}
_ZOHO_NAMES = {"US": "U.S.A"}


def written_country(quirks: SourceQuirks, name: str, code: str) -> str:
    """Return a country in the form in which it is sent."""
    if "countries_in_own_language" in quirks:
        return _OWN_NAMES.get(code, name)
    return _ZOHO_NAMES.get(code, name)
