"""The fields of a ticket: what Desk takes as the value of each, and what it makes of it when it stores it.

A stored value of a custom field is a text, or None for an empty field. Instants are UTC, in milliseconds, to the text
`yyyy-MM-ddTHH:mm:ss.SSSZ`; Desk's own screens know minutes only, so seconds of a DateTime field may get lost.
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
    """A value of a pick list; a status says of which type it is."""

    value: str
    status_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutField:
    """A field of the portal. `type` is Desk's name of the type, `choices` is closed where it is not empty."""

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
        """What Desk keeps of a value that was sent, with its `seconds` or without. Raises ValueError."""
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise ValueError("a text, a whole number or null is expected")
        text = "" if value is None else str(value).strip()
        if len(text) > self.max_length:
            raise ValueError(f"longer than {self.max_length} characters")
        if not text:
            return self.default
        self._choose(text)
        stored = FORMS.get(self.type, str)(text)
        return stored if seconds or self.type != "DateTime" else f"{stored[:17]}00.000Z"

    def _choose(self, text: str) -> None:
        if self.choices and text not in {choice.value for choice in self.choices}:
            raise ValueError("not a value of the pick list")


def instant(text: str) -> str:
    """The text itself, if it is an instant as Desk writes it. Raises ValueError."""
    if not INSTANT.fullmatch(text):
        raise ValueError("expected yyyy-MM-ddTHH:mm:ss.SSSZ in UTC")
    datetime.fromisoformat(text)
    return text


def _tick(text: str) -> str:
    if text not in ("true", "false"):
        raise ValueError('a checkbox takes "true" or "false"')
    return text


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise ValueError("an e-mail address is expected")
    return text


FORMS: Mapping[str, Callable[[str], str]] = {
    "Boolean": _tick,
    "DateTime": instant,
    "Email": _email,
}


def written(moment: datetime) -> str:
    """An instant as Desk writes it: whole seconds, and three zeros."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
