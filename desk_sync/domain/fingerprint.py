"""Fingerprints of values: the same in every process, and different for values that differ.

Types are not compared: a date and its text, or a list and a tuple, have the same fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass


def fingerprint(value: object) -> str:
    """Return 32 hexadecimal digits for a value made of dataclasses, mappings, sets, sequences and plain values."""
    return hashlib.sha256(json.dumps(_canonical(value)).encode()).hexdigest()[:32]


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


def _sorted(members: object) -> object:
    return sorted(members, key=json.dumps)  # type: ignore[call-overload]
