"""What Zoho's APIs mean by a JSON value: numbers come as text, texts as numbers, and empty things in several forms.

What may be left out is read as empty; a quantity that is no whole number is refused, and the whole answer with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from desk_sync.adapters.subscriptions import cells
from desk_sync.errors import PermanentError

Raw = Mapping[str, Any]


def text(raw: Raw, key: str) -> str:
    value = raw.get(key)
    return "" if value is None else str(value).strip()


def rows(raw: Any) -> Iterable[Raw]:
    """The objects of a list; anything else is a half answer. Raises PermanentError."""
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise PermanentError("the source answered with something else than a list of objects")
    return raw


def section(raw: Raw, key: str) -> Raw:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def quantity(raw: Raw, key: str) -> int:
    """Raises PermanentError."""
    written = text(raw, key)
    try:
        return cells.quantity(written.removesuffix(".0"))
    except ValueError as error:
        raise PermanentError(f"{key}: {error}") from None


def country(name: str) -> tuple[str, ...]:
    """The ISO code of a country's English name, or of its code; empty for one that we do not know."""
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
