"""Normal forms of the identifiers, one for both sides of every comparison: tickets and subscription data.

Each function takes one identifier as written, with or without blanks around it, and returns its normal form, or None
if it is invalid. Full-width characters are folded and invisible ones removed. A normal form is returned unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources

import idna

from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.normal_form import normal_form

_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_NUMBER = re.compile(r"[0-9]{6,11}")
_LABEL = r"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
"""A domain in normal form already, as nine in ten are."""
_LONGEST_LOCAL_PART = 64
_LONGEST_DOMAIN = 253
_LONGEST = 1_000
"""Characters of an identifier as it is written; a longer text is none, and is not kept in a cache."""


def email(text: str) -> str | None:
    """Return an address in lower case with its plus tag, its domain in punycode."""
    return _email(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)  # the rows of one account are adjacent
def _email(text: str) -> str | None:
    local_part, _, host = _fold(text).rpartition("@")
    if len(local_part.encode()) > _LONGEST_LOCAL_PART or not _LOCAL_PART.fullmatch(local_part):
        return None
    host_name = domain(host)
    return f"{local_part}@{host_name}" if host_name else None


def domain(text: str) -> str | None:
    """Return a domain of at least two labels, in lower case and punycode (IDNA 2008 with UTS 46 mapping)."""
    return _domain(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)  # a few domains are most of the input
def _domain(text: str) -> str | None:
    folded = _fold(text)
    if not 0 < len(folded) <= _LONGEST_DOMAIN:
        return None
    encoded = folded if _PLAIN_DOMAIN.fullmatch(folded) else _punycode(folded.removesuffix("."))
    _, dot, top_level = encoded.rpartition(".")
    return encoded if dot and not top_level.isdigit() else None


def _punycode(host: str) -> str:
    """Return the host in punycode, "" if it is invalid."""
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError:
        return ""


def number(text: str) -> str | None:
    """Return a ZOID, ZGID or ZUID: 6 to 11 digits, no separators. Longer numbers are record ids."""
    folded = _fold(text[: _LONGEST + 1])
    return folded if len(text) <= _LONGEST and _NUMBER.fullmatch(folded) else None


def readings(text: str) -> tuple[Identifier, ...]:
    """Return all readings of an identifier without a label, strongest first; empty if it is invalid."""
    if (address := email(text)) is not None:
        return (Identifier(IdentifierKind.EMAIL, address),)
    if (digits := number(text)) is not None:
        return tuple(
            Identifier(kind, digits) for kind in (IdentifierKind.ZOID, IdentifierKind.ZGID, IdentifierKind.ZUID)
        )
    host = domain(text.strip().removeprefix("@"))
    return (Identifier(IdentifierKind.DOMAIN, host),) if host else ()


def is_public_mail(domain: str) -> bool:
    """Return True for the domain (in normal form) of a public mail provider: it does not identify a customer (R8)."""
    return domain in _public_mail_domains()


@cache
def _public_mail_domains() -> frozenset[str]:
    text = resources.files("desk_sync.adapters.text").joinpath("public_mail_domains.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower().strip()
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return _nfkc(_nfkc(visible).lower()).strip()


def _nfkc(text: str) -> str:
    return normal_form("NFKC", text)
