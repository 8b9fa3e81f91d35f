"""Lenient readers of JSON from Zoho's APIs, and of rows of a database: numbers sent as text, and text as numbers.

A missing text is read as empty, a missing number as None: it is not known. Numbers of machines have no thousands
separators: 25, 25.0, "25.00" and Decimal("25.000") are 25, and 1.125 is no number of licences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from desk_sync.adapters.subscriptions.tables.cells import shown
from desk_sync.adapters.text.countries import country_code
from desk_sync.errors import PermanentError

Raw = Mapping[str, Any]

MOST_LICENCES = 10**9
"""More than any subscription has: a larger number is something else."""
_WHOLE = re.compile(r"([0-9]{1,30})(?:\.0{1,30})?")


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


def quantity(raw: Raw, key: str) -> int | None:
    """Return a whole number, None if none is stated. Raises ValueError for any other value."""
    stated = raw.get(key)
    if stated is None or stated == "":
        return None
    match = _WHOLE.fullmatch(_plain_digits(stated))
    if match is None or int(match[1]) > MOST_LICENCES:
        raise ValueError(f"{shown(str(stated))} is not a whole number of licences")
    return int(match[1])


def _plain_digits(stated: object) -> str:
    """Return a number without an exponent; "" for what is neither a number nor a text."""
    if isinstance(stated, str):
        return stated.strip()
    if isinstance(stated, bool) or not isinstance(stated, int | float | Decimal):
        return ""
    return f"{Decimal(stated):f}"


def truth(raw: Raw, key: str) -> bool:
    """Return a value that is exactly true or false. Raises ValueError for any other, and if it is missing."""
    stated = raw.get(key)
    if not isinstance(stated, bool):
        raise ValueError(f"{key} is {shown(str(stated))}, and neither true nor false" if key in raw else f"no {key}")
    return stated


def country(name: str) -> tuple[str, ...]:
    """Return the ISO code of a country, given as its name or as a code; empty if unknown."""
    code = country_code(name) if name else None
    return (code,) if code else ()
