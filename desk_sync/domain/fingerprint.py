"""Fingerprints of values: the same in every process, and different for values that differ.

Values are made of dataclasses, mappings, sets, sequences and plain values. Their types are not compared: a date and its
text, or a list and a tuple, have the same fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import timedelta


def fingerprint(value: object) -> str:
    """Return 32 hexadecimal digits. The fields of a dataclass count by their order, not by their names."""
    return _digest(_canonical(value))[:32]


def words_digest(text: str) -> str:
    """Return a fingerprint of the words of a text."""
    return fingerprint(without_blanks(text))


def without_blanks(text: str) -> str:
    """Return the text without its blanks, which Desk may change."""
    return "".join(text.split())


def version_digest(value: object) -> str:
    """Return 12 hexadecimal digits, short enough for people to compare. Fields count by their names.

    The members of each set must be comparable.
    """
    return _digest(_named(value))[:12]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _canonical(value: object) -> object:
    """Return the value as JSON types, with the members of mappings and sets in a fixed order."""
    if is_dataclass(value):
        return [_canonical(getattr(value, each.name)) for each in fields(value)]
    if isinstance(value, Mapping):
        return _sorted((_canonical(key), _canonical(member)) for key, member in value.items())
    if isinstance(value, Set):
        return _sorted(map(_canonical, value))
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _named(value: object) -> object:
    """Return the value as JSON types, with fields under their names and amounts of time in seconds."""
    if is_dataclass(value):
        return {each.name: _named(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: _named(member) for key, member in value.items()}
    if isinstance(value, Set):
        return sorted(map(_named, value))  # type: ignore[type-var]
    if isinstance(value, list | tuple):
        return [_named(each) for each in value]
    return value.total_seconds() if isinstance(value, timedelta) else value


def _sorted(members: object) -> object:
    return sorted(members, key=json.dumps)  # type: ignore[call-overload]
