"""Keys of a stored JSON document that this version does not know: a newer version added them, and needs them again.

They are kept in the document itself and in its parts that are values of their own. In lists and in tables of a part
they are not: no entry is known to be the same as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Any, get_args, get_type_hints


def keep_unknown(document: Mapping[str, Any], stored: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Return the document of a `kind` of dataclass, with the keys of the stored one that `kind` does not have."""
    parts = _parts(kind)
    unknown = {key: value for key, value in stored.items() if key not in parts}
    changed = {
        name: keep_unknown(document[name], stored[name], part)
        for name, part in parts.items()
        if part and isinstance(document.get(name), dict) and isinstance(stored.get(name), dict)
    }
    return {**document, **changed, **unknown}


@cache
def _parts(kind: type) -> Mapping[str, type | None]:
    """Return the fields of a dataclass, each with its own dataclass; None for a field that is none."""
    return {name: _dataclass_in(hint) for name, hint in get_type_hints(kind).items()}


def _dataclass_in(hint: Any) -> type | None:
    """Return the dataclass that the hint is, or that it is besides None."""
    alternatives = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return next((each for each in alternatives if isinstance(each, type) and is_dataclass(each)), None)
