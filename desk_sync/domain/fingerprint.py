"""A fingerprint of a value: the same for equal values in every process, another for different ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass


def fingerprint(value: object) -> str:
    """Thirty-two hexadecimal digits for a value made of dataclasses, mappings, sets, sequences and plain values."""
    return hashlib.sha256(json.dumps(_canonical(value)).encode()).hexdigest()[:32]


def _canonical(value: object) -> object:
    """The value as JSON, with the members of mappings and sets in one order."""
    if is_dataclass(value):
        return [_canonical(getattr(value, each.name)) for each in fields(value)]
    if isinstance(value, Mapping):
        return _sorted((_canonical(key), _canonical(held)) for key, held in value.items())
    if isinstance(value, Set):
        return _sorted(map(_canonical, value))
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _sorted(members: object) -> object:
    return sorted(members, key=json.dumps)  # type: ignore[call-overload]
