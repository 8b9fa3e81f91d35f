"""Readers of one cell of an export. Each raises ValueError with a message for a person if the cell is invalid.

An empty cell is None as a domain, a number, a quantity or a day. What a spreadsheet adds to a value is no part of it:
the mark of a text in front, quotation marks, invisible characters, groups of digits, a fraction of nothing but zeros.
A message shows 40 characters of a cell at most, and never an address.
"""

from __future__ import annotations

import re
import string
import unicodedata
from datetime import date, datetime

from desk_sync.adapters.text import identifiers
from desk_sync.normal_form import normal_form

_LONGEST_QUANTITY = 12
_LONGEST_NUMBER = 100
_LONGEST_SHOWN = 40
_MARKS = "'’‘\"“”"
_EDGES = _MARKS + string.whitespace + "\u1680\u2028\u2029"
_INVISIBLE = frozenset(("Cf", "Cc"))
_ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?e[+]?[0-9]+", re.IGNORECASE)
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([,. '])[0-9]{3})(?:\1[0-9]{3})*+")
_INDIAN = re.compile(r"[1-9][0-9]?(?:,[0-9]{2}(?=,))++,[0-9]{3}")
"""Groups as spreadsheets write them in India: 1,23,45,678. Read in ids only."""
_ZERO_FRACTION = re.compile(r"(?<=[0-9])([.,])0{1,2}$")
_APART = re.compile(r"[0-9]++(?: [0-9]++)++")
_MIXED = re.compile(r"[0-9][0-9,']*+")


def shown(text: str) -> str:
    """Return a cell as a message shows it: its first 40 characters in quotation marks, or the word for an address."""
    if "@" in normal_form("NFKC", text):
        return "an e-mail address"
    return f'"{text}"' if len(text) <= _LONGEST_SHOWN else f'"{text[:_LONGEST_SHOWN]}…"'


def quantity(text: str) -> int | None:
    """Return a whole number, with or without thousands separators of one style; a possible fraction is refused."""
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_QUANTITY:
        return int(text)
    if not text:
        return None
    digits = _digits(_value(text).replace("’", "'")) if len(text) <= _LONGEST_NUMBER else None
    if digits is None or len(digits) > _LONGEST_QUANTITY:
        raise ValueError(f"{shown(text)} is not a whole number")
    return int(digits)


def _digits(text: str) -> str | None:
    """Return the digits of a whole number, without its groups and a fraction of zeros; None if it is none."""
    fraction = _ZERO_FRACTION.search(text)
    whole = text[: fraction.start()] if fraction else text
    if whole.isascii() and whole.isdigit():
        return whole
    grouped = _GROUPED.fullmatch(whole)
    if grouped is None or (fraction and fraction[1] in whole):
        return None
    return re.sub("[,. ']", "", whole)


def not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def key(text: str) -> str:
    """Return the normal form of a unique key, such as a subscription's id."""
    value = not_empty(_id(text))
    if not any(map(str.isalnum, value)):
        raise ValueError(f"{shown(text)} is no id: it has no letter and no digit")
    if "\N{REPLACEMENT CHARACTER}" in value:
        raise ValueError("has characters that were lost in an earlier file: export the table again, as UTF-8")
    return value


def email(text: str) -> str:
    normal = identifiers.email(_value(text))
    if normal is None:
        raise ValueError("is not an e-mail address")
    return normal


_WEB_ADDRESS = re.compile(r"(?:https?://)?(?:www\.(?=[^./]+\.[^./]))*+([^/:?#@]*)(?::[0-9]*)?/?", re.IGNORECASE)


def domain(text: str) -> str | None:
    """Return a domain; the address of a web site is that of its domain, without `www.`, the address of a page none."""
    value = _value(text)
    site = _WEB_ADDRESS.fullmatch(value)
    normal = identifiers.domain(site[1]) if site else None
    if value and normal is None:
        raise ValueError("is not a domain such as company.example")
    return normal


def customer_domain(text: str) -> str | None:
    normal = domain(text)
    return None if normal is None or identifiers.is_public_mail(normal) else normal


def number(text: str) -> str | None:
    value = _id(text)
    normal = identifiers.number(value)
    if value and normal is None:
        raise ValueError(f"{shown(text)} is not an id of 6 to 11 digits")
    return normal


def day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(_value(text)).date() if text else None
    except ValueError:
        raise ValueError(f"{shown(text)} is not a date such as 2026-11-20") from None


_TRUE = frozenset(
    ("true", "yes", "y", "1", "1.0", "wahr", "ja", "verdadeiro", "sim", "verdadero", "sí", "si", "vrai", "oui", "はい")
)
_FALSE = frozenset(("false", "no", "n", "0", "0.0", "falsch", "nein", "falso", "não", "nao", "faux", "non", "いいえ"))


def truth(text: str) -> bool:
    """Return True or False, written in any language in which spreadsheets write them."""
    word = _value(text).casefold()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"{shown(text)} is neither true nor false")
    return word in _TRUE


def _value(text: str) -> str:
    """Return the value of a cell without the marks that a spreadsheet puts in front of a text, or round it."""
    if text.isascii() and text.isprintable() and text[:1] not in _MARKS:
        return text
    visible = "".join(each for each in text if unicodedata.category(each) not in _INVISIBLE)
    return normal_form("NFKC", visible).strip(_EDGES)


def _id(text: str) -> str:
    """Return the normal form of an id: digits without groups and without a fraction; other ids as they are written.

    Raises ValueError for a rounded number such as 2,0E+10, because different ids get the same text, and for digits in
    irregular groups.
    """
    value = _value(text)
    if value.isascii() and value.isdigit():
        return value
    if _ROUNDED.fullmatch(value):
        raise ValueError(f"{shown(text)} was rounded by a spreadsheet: format the column as text")
    straight = value.replace("’", "'")
    if _APART.fullmatch(straight) or _INDIAN.fullmatch(straight):
        return re.sub("[, ]", "", straight)
    digits = _digits(straight)
    if digits is None and _MIXED.fullmatch(straight):
        raise ValueError(f"{shown(text)} is no id: format the column as text")
    return digits or value
