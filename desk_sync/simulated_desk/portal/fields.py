"""The fields of a ticket: the values that Desk accepts for each, and the form in which it stores them.

A stored value of a custom field is a text, or None for an empty field. Instants are UTC, with milliseconds, as
`yyyy-MM-ddTHH:mm:ss.SSSZ`; Desk's own screens show minutes only, so the seconds of a DateTime field may be lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

Value: TypeAlias = str | None

LONGEST = 255
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class PickListField:
    """A value of a pick list; a value of the status has its type too."""

    value: str
    status_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutField:
    """A field of the portal. `type` is Desk's name of the type; if `choices` is not empty, no other value is valid."""

    field_id: str
    api_name: str
    label: str
    type: str = "Text"
    max_length: int = LONGEST
    choices: tuple[PickListField, ...] = ()
    custom: bool = False

    @property
    def default(self) -> Value:
        return "false" if self.type == "Boolean" else None

    def store(self, value: Any, *, seconds: bool = False) -> Value:
        """Return the stored form of a value, with the seconds of an instant or without. Raises ValueError."""
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise ValueError("a text, a whole number or null is expected")
        text = "" if value is None else str(value).strip()
        if len(text) > self.max_length:
            raise ValueError(f"longer than {self.max_length} characters")
        if not text:
            return self.default
        self._check_choice(text)
        stored = FORMS.get(self.type, str)(text)
        return stored if seconds or self.type != "DateTime" else f"{stored[:17]}00.000Z"

    def _check_choice(self, text: str) -> None:
        if self.choices and text not in {choice.value for choice in self.choices}:
            raise ValueError("not a value of the pick list")


def instant(text: str) -> str:
    """Return the text if it is an instant in Desk's format. Raises ValueError."""
    if not INSTANT.fullmatch(text):
        raise ValueError("expected yyyy-MM-ddTHH:mm:ss.SSSZ in UTC")
    datetime.fromisoformat(text)
    return text


def _checkbox(text: str) -> str:
    if text not in ("true", "false"):
        raise ValueError('a checkbox takes "true" or "false"')
    return text


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise ValueError("an e-mail address is expected")
    return text


FORMS: Mapping[str, Callable[[str], str]] = {
    "Boolean": _checkbox,
    "DateTime": instant,
    "Email": _email,
}


def format_instant(moment: datetime) -> str:
    """Return an instant in Desk's format, cut to whole seconds: the milliseconds are zeros."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
