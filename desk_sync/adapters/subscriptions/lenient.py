"""Lenient readers of JSON from Zoho's APIs: numbers sent as text, text as numbers, empty values in several forms.

A missing value is read as empty; a quantity that is not a whole number refuses the whole answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from desk_sync.adapters.subscriptions.tables import cells
from desk_sync.errors import PermanentError

Raw = Mapping[str, Any]


def text(raw: Raw, key: str) -> str:
    value = raw.get(key)
    return "" if value is None else str(value).strip()


def rows(raw: Any) -> Iterable[Raw]:
    """Return the objects of a list. Raises PermanentError for anything else: the answer is not complete."""
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise PermanentError("the source's answer is not a list of objects")
    return raw


def section(raw: Raw, key: str) -> Raw:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def quantity(raw: Raw, key: str) -> int:
    """Return a whole number, 0 if it is missing. Raises PermanentError for any other value."""
    written = text(raw, key)
    try:
        return cells.quantity(written.removesuffix(".0")) or 0
    except ValueError as error:
        raise PermanentError(f"{key}: {error}") from None


def country(name: str) -> tuple[str, ...]:
    """Return the ISO code of a country, given as its English name or as a code; empty if unknown."""
    code = _codes().get(name.replace(".", "").casefold())
    return (code,) if code else ()


_OTHER_NAMES = {
    "usa": "US",
    "united states of america": "US",
    "united kingdom": "GB",
    "great britain": "GB",
    "uk": "GB",
    "south korea": "KR",
    "republic of korea": "KR",
    "czechia": "CZ",
    "türkiye": "TR",
    "ivory coast": "CI",
    "united arab emirates": "AE",
    "uae": "AE",
}


@cache
def _codes() -> Mapping[str, str]:
    table = resources.files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    known = {name.casefold(): code for code, name in pairs}
    return known | {code.casefold(): code for code in known.values()} | _OTHER_NAMES
