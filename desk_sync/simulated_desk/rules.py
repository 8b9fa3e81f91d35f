"""Rules for what comes in: a rule is a function that returns the value to go on with, or raises ValueError.

Rules of a query start from text; rules of a body start from JSON. Limits are inclusive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from desk_sync.simulated_desk.error import WrongField
from desk_sync.simulated_desk.fields import instant

Rule: TypeAlias = Callable[[Any], Any]


def text(longest: int = 65_535, *, shortest: int = 0, null: bool = False, form: str = ".*") -> Rule:
    """A text of `shortest` to `longest` characters that has the form throughout; null too, if so said."""
    pattern = re.compile(form, re.DOTALL)

    def rule(value: Any) -> Any:
        if value is None and null:
            return None
        if not isinstance(value, str):
            raise ValueError("a text is expected")
        if not shortest <= len(value) <= longest:
            raise ValueError(f"{shortest} to {longest} characters are expected")
        if not pattern.fullmatch(value):
            raise ValueError("the text has another form than expected")
        return value

    return rule


def one_of(*values: str, null: bool = False) -> Rule:
    def rule(value: Any) -> Any:
        if not (value in values or (value is None and null)):
            raise ValueError(f"expected one of {', '.join(values)}")
        return value

    return rule


def identifier(*, null: bool = False) -> Rule:
    """An id, as a text of digits or as a whole number; a text afterwards. Empty and null unassign, if so said."""

    def rule(value: Any) -> Any:
        if null and (value is None or value == ""):
            return None
        digits = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not re.fullmatch(r"\d{1,19}", digits):
            raise ValueError("an id is expected")
        return digits

    return rule


def flag(value: Any) -> bool:
    """A JSON boolean."""
    if not isinstance(value, bool):
        raise ValueError("true or false is expected")
    return value


def nothing(value: Any) -> None:
    if value is not None:
        raise ValueError("null is expected")


def array(rule: Rule, *, least: int = 0, most: int = 500) -> Rule:
    def checked(value: Any) -> list[Any]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise ValueError(f"an array of {least} to {most} items is expected")
        return [rule(each) for each in value]

    return checked


def table(rule: Rule) -> Rule:
    """An object with any keys."""

    def checked(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError("an object is expected")
        return {key: rule(each) for key, each in value.items()}

    return checked


def anything(value: Any) -> Any:
    return value


# -- of a query --------------------


def whole(least: int, most: int) -> Rule:
    def rule(value: str) -> int:
        if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least} to {most} is expected")
        return int(value)

    return rule


def words(most: int = 30, *, allowed: tuple[str, ...] = ()) -> Rule:
    """A list of values with commas between them."""

    def rule(value: str) -> list[str]:
        found = [each.strip() for each in value.split(",") if each.strip()]
        strange = [each for each in found if allowed and each not in allowed]
        if not found or len(found) > most or strange:
            raise ValueError(f"1 to {most} values{' of ' + ', '.join(allowed) if allowed else ''} are expected")
        return found

    return rule


def spoken_flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("true or false is expected")
    return value == "true"


def span(value: str) -> tuple[str, str]:
    """Two instants with a comma between them, both included."""
    parts = value.split(",")
    if len(parts) != 2:
        raise ValueError("expected from,to")
    return instant(parts[0].strip()), instant(parts[1].strip())


def order(*keys: str) -> Rule:
    """A key to sort by, descending with a minus sign."""
    return one_of(*keys, *(f"-{each}" for each in keys))


# -- many at once --------------------


class BodyRules:
    """The keys that an object may have, and those that it must have."""

    def __init__(self, keys: Mapping[str, Rule], *, required: tuple[str, ...] = ()) -> None:
        self.keys = keys
        self.required = required

    def read(self, document: Any, at: str = "") -> tuple[dict[str, Any], list[WrongField]]:
        """The values that are right, and everything that is wrong; `at` points to the object."""
        if not isinstance(document, dict):
            return {}, [WrongField(at or "/", "an object is expected")]
        values: dict[str, Any] = {}
        wrong = [WrongField(f"{at}/{key}", "is needed", "missing") for key in self.required if key not in document]
        for key, value in document.items():
            wrong += self._take(values, f"{at}/{key}", key, value)
        return values, wrong

    def _take(self, values: dict[str, Any], pointer: str, key: str, value: Any) -> list[WrongField]:
        rule = self.keys.get(key)
        if rule is None:
            return [WrongField(pointer, "the key is not taken")]
        if isinstance(rule, InnerRules):
            values[key], wrong = rule.body.read(value, pointer)
            return wrong
        try:
            values[key] = rule(value)
        except ValueError as error:
            return [WrongField(pointer, str(error))]
        return []


class InnerRules:
    """A body in a body, so that what is wrong in it is named with its whole path."""

    def __init__(self, body: BodyRules) -> None:
        self.body = body

    def __call__(self, value: Any) -> Any:
        values, wrong = self.body.read(value)
        if wrong:
            raise ValueError(wrong[0].message)
        return values
