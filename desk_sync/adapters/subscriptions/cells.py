"""Readers of one cell of an export. Each raises ValueError with a message for a person if the cell is invalid.

An empty cell is None as a domain, a number or a day, and 0 as a quantity. Messages never contain an address.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from desk_sync.adapters.text import identifiers
from desk_sync.normal_form import normal_form

_LONGEST_QUANTITY = 12
_LONGEST_SHOWN = 100
_ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?e[+]?[0-9]+", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(rf"[0-9]{{1,{_LONGEST_QUANTITY}}}|[1-9][0-9]{{0,2}}(?:([,. '])[0-9]{{3}})(?:\1[0-9]{{3}})*")


def quantity(text: str) -> int:
    """Return a whole number, with or without thousands separators of one style; a possible fraction is refused."""
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_QUANTITY:
        return int(text)
    folded = normal_form("NFKC", text[: _LONGEST_SHOWN + 1]).replace("’", "'")
    digits = re.sub("[,. ']", "", folded)
    if folded and not (_WHOLE_NUMBER.fullmatch(folded) and len(digits) <= _LONGEST_QUANTITY):
        raise ValueError(f"{_shown(text)} is not a whole number")
    return int(digits or 0)


def _shown(text: str) -> str:
    """Return a cell in quotation marks as a message shows it: not more than 100 characters of it."""
    return f'"{text}"' if len(text) <= _LONGEST_SHOWN else f'"{text[:_LONGEST_SHOWN]}…"'


def not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def key(text: str) -> str:
    """Return a unique key, such as a subscription's id."""
    return _not_rounded(not_empty(text))


def email(text: str) -> str:
    normal = identifiers.email(text)
    if normal is None:
        raise ValueError("is not an e-mail address")
    return normal


def domain(text: str) -> str | None:
    normal = identifiers.domain(text)
    if text and normal is None:
        raise ValueError("is not a domain")
    return normal


def customer_domain(text: str) -> str | None:
    normal = domain(text)
    return None if normal is None or identifiers.is_public_mail(normal) else normal


def number(text: str) -> str | None:
    normal = identifiers.number(text)
    if normal is None and _not_rounded(text):
        raise ValueError(f"{_shown(text)} is not an id of 6 to 11 digits")
    return normal


def day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        raise ValueError(f"{_shown(text)} is not a date such as 2026-11-20") from None


_TRUE = frozenset(("true", "yes", "y", "1", "wahr", "ja", "verdadeiro", "sim", "verdadero", "sí", "si", "vrai", "oui"))
_FALSE = frozenset(("false", "no", "n", "0", "falsch", "nein", "falso", "não", "nao", "faux", "non"))


def truth(text: str) -> bool:
    """Return True or False, written in any language in which spreadsheets write them."""
    word = text.casefold()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"{_shown(text)} is neither true nor false")
    return word in _TRUE


def _not_rounded(text: str) -> str:
    """Return the text. Raises ValueError for a rounded number such as 2,0E+10: different ids get the same text."""
    if _ROUNDED.fullmatch(text):
        raise ValueError(f"{_shown(text)} was rounded by a spreadsheet: format the column as text")
    return text
