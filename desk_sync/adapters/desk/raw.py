"""Values in Desk's JSON, read leniently: a missing value, or one of a wrong type, is None or empty.

Desk's ids are strings of digits, its times are UTC, its counts are texts, an empty field is null or "".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from desk_sync.errors import describe

log = structlog.get_logger()

Raw = Mapping[str, object]
T = TypeVar("T")

_ID = re.compile(r"[0-9]{1,20}")
_REFERENCE_AT_END = re.compile(r"\[(ds-[0-9a-f]{12})(?:\.([0-9a-f]{14}))?\](?:\s|&nbsp;|<[^<>]*>)*\Z")
_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z")
_SECONDS = re.compile(r"(?<=T[0-9]{2}:[0-9]{2}):[0-9]{2}(\.[0-9]+)?(?=Z$)")


class OddEntry(ValueError):
    """An entry of a list lacks what is needed of it. The message names keys only."""


def readable(answer: Raw, read: Callable[[Raw], T | None], what: str) -> list[T]:
    """Return what `read` makes of each entry of a list, without None.

    An entry that it cannot read is left out, and takes no other with it. `what` names the entries in the log.
    """
    found: list[T] = []
    causes: Counter[str] = Counter()
    for each in items(answer):
        try:
            value = read(each)
        except OddEntry as error:
            causes.update([str(error)])
        except Exception as error:  # noqa: BLE001 - one odd entry must not cost the others
            causes.update([describe(error)])
        else:
            found.extend([] if value is None else [value])
    if others := count(answer) - len(items(answer)):
        causes["it is not an object"] = others
    for cause, times in causes.items():
        log.warning("entry.left_out", what=what, cause=cause, count=times)
    return found


def count(answer: Raw) -> int:
    """Return the number of entries of a list, those that cannot be read included."""
    data = answer.get("data")
    return len(data) if isinstance(data, list) else 0


def needed(value: T | None, name: str) -> T:
    """Return the value. Raises OddEntry if there is none."""
    if value is None:
        raise OddEntry(f"it has no usable {name}")
    return value


def identifier(raw: Raw, name: str) -> str | None:
    digits = text(raw.get(name))
    return digits if digits and _ID.fullmatch(digits) else None


def instant(value: object) -> datetime | None:
    """Return the instant of an ISO 8601 text with a zone; None for anything else."""
    try:
        at = datetime.fromisoformat(text(value) or "")
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def object_in(raw: Raw, name: str) -> Raw:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def items(answer: Raw) -> list[Raw]:
    data = answer.get("data")
    return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []


def field(raw: Raw, name: str | None) -> str | None:
    return text((object_in(raw, "cf") if is_custom(name) else raw).get(name)) if name else None


def is_custom(name: str) -> bool:
    return name.startswith("cf_")


def text(value: object) -> str | None:
    """Return a text without the space around it, or an integer or boolean as text; None if empty, or anything else."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else None


def count_in(value: object) -> int:
    """Return a count that Desk writes as digits; 0 if there is none."""
    digits = text(value) or ""
    return int(digits) if _ID.fullmatch(digits) else 0


def to_the_minute(written: str | None) -> str | None:
    """Return a time without its seconds, which Desk may drop (L5); anything else unchanged."""
    return _SECONDS.sub("", written) if written else None


def in_full(value: str) -> str:
    """Return a time to the minute in Desk's form, with seconds; anything else unchanged."""
    return f"{value[:-1]}:00.000Z" if _MINUTE.fullmatch(value) else value


def our_reference(comment: Raw) -> str | None:
    """Return the reference at the end of one of our comments; None for any other comment."""
    match = _REFERENCE_AT_END.search(text(comment.get("content")) or "")
    return match[1] if match else None


def without_reference(content: str) -> str:
    """Return the content of a comment without our reference at its end."""
    return _REFERENCE_AT_END.sub("", content)


def our_installation(comment: Raw) -> str | None:
    """Return the id of the installation that wrote one of our comments; None if the comment does not say."""
    match = _REFERENCE_AT_END.search(text(comment.get("content")) or "")
    return match[2] if match else None
