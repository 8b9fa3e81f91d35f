"""One cell of an export, read. Each function raises ValueError with what is wrong, in words for a person.

An empty cell is no domain, no number and no day; a quantity of 0. Messages never repeat an address.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from desk_sync.adapters.text import identifiers

_LONGEST_QUANTITY = 12
_ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?e[+]?[0-9]+", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(rf"[0-9]{{1,{_LONGEST_QUANTITY}}}|[1-9][0-9]{{0,2}}(?:([,. '])[0-9]{{3}})(?:\1[0-9]{{3}})*")


def quantity(text: str) -> int:
    """A whole number with or without thousands separators, one style in a number; what may be a fraction is refused."""
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_QUANTITY:
        return int(text)
    folded = unicodedata.normalize("NFKC", text).replace("’", "'")
    if folded and not _WHOLE_NUMBER.fullmatch(folded):
        raise ValueError(f'"{text}" is not a whole number')
    return int(re.sub("[,. ']", "", folded) or 0)


def not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def key(text: str) -> str:
    """What tells a thing from all others, such as a subscription's id."""
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
        raise ValueError(f'"{text}" is not an id of 6 to 11 digits')
    return normal


def day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        raise ValueError(f'"{text}" is not a date such as 2026-11-20') from None


_TRUE = frozenset(("true", "yes", "y", "1", "wahr", "ja", "verdadeiro", "sim", "verdadero", "sí", "si", "vrai", "oui"))
_FALSE = frozenset(("false", "no", "n", "0", "falsch", "nein", "falso", "não", "nao", "faux", "non"))


def truth(text: str) -> bool:
    """Spreadsheets write truth in the language of their user."""
    word = text.casefold()
    if word not in _TRUE | _FALSE:
        raise ValueError(f'"{text}" is neither true nor false')
    return word in _TRUE


def _not_rounded(text: str) -> str:
    """Two ids that a spreadsheet shows as 2,0E+10 are one text, and nobody can tell them apart any more."""
    if _ROUNDED.fullmatch(text):
        raise ValueError(f'"{text}" was rounded by a spreadsheet: format the column as text')
    return text
