"""Rules for incoming values: a rule is a function that returns the checked value, or raises ValueError.

Rules of a query get text; rules of a body get JSON. Limits are inclusive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from desk_sync.simulated_desk.error import WrongField
from desk_sync.simulated_desk.portal.fields import instant

Rule: TypeAlias = Callable[[Any], Any]


def text(longest: int = 65_535, *, shortest: int = 0, null: bool = False, form: str = ".*") -> Rule:
    """Accept a text of `shortest` to `longest` characters that matches `form` completely; with `null`, null too."""
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
    """Accept one of the values; with `null`, null too."""

    def rule(value: Any) -> Any:
        if not (value in values or (value is None and null)):
            raise ValueError(f"expected one of {', '.join(values)}")
        return value

    return rule


def identifier(*, null: bool = False) -> Rule:
    """Accept an id as a text of digits or as a whole number; return a text. With `null`, null and "" give None."""

    def rule(value: Any) -> Any:
        if null and (value is None or value == ""):
            return None
        digits = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not re.fullmatch(r"\d{1,19}", digits):
            raise ValueError("an id is expected")
        return digits

    return rule


def flag(value: Any) -> bool:
    """Accept a JSON boolean."""
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
    """Accept an object with any keys, whose values pass the rule."""

    def checked(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError("an object is expected")
        return {key: rule(each) for key, each in value.items()}

    return checked


def anything(value: Any) -> Any:
    return value


# -- of a query --------------------


def whole_number(least: int, most: int) -> Rule:
    def rule(value: str) -> int:
        if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least} to {most} is expected")
        return int(value)

    return rule


def comma_list(most: int = 30, *, allowed: tuple[str, ...] = ()) -> Rule:
    """Accept 1 to `most` values separated by commas."""

    def rule(value: str) -> list[str]:
        found = [each.strip() for each in value.split(",") if each.strip()]
        unknown = [each for each in found if allowed and each not in allowed]
        if not found or len(found) > most or unknown:
            raise ValueError(f"1 to {most} values{' of ' + ', '.join(allowed) if allowed else ''} are expected")
        return found

    return rule


def text_flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("true or false is expected")
    return value == "true"


def span(value: str) -> tuple[str, str]:
    """Accept two instants separated by a comma, with milliseconds or without, both included."""
    parts = [_with_milliseconds(each.strip()) for each in value.split(",")]
    if len(parts) != 2:
        raise ValueError("expected from,to")
    return instant(parts[0]), instant(parts[1])


def _with_milliseconds(text: str) -> str:
    return f"{text[:-1]}.000Z" if re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", text) else text


def order(*keys: str) -> Rule:
    """Accept a key to sort by; a minus sign before it means descending."""
    return one_of(*keys, *(f"-{each}" for each in keys))


# -- many at once --------------------


class BodyRules:
    """The allowed keys of an object with their rules, its required keys, and keys of which one must have a value."""

    def __init__(
        self, keys: Mapping[str, Rule], *, required: tuple[str, ...] = (), either: tuple[str, ...] = ()
    ) -> None:
        self.keys = keys
        self.required = required
        self.either = either

    def read(self, document: Any, at: str = "") -> tuple[dict[str, Any], list[WrongField]]:
        """Return the valid values and every wrong field; `at` is the JSON pointer of the object."""
        if not isinstance(document, dict):
            return {}, [WrongField(at or "/", "an object is expected")]
        values: dict[str, Any] = {}
        wrong = [WrongField(f"{at}/{key}", "is needed", "missing") for key in self.required if key not in document]
        if self.either and not any(document.get(key) for key in self.either):
            wrong.append(WrongField(f"{at}/{self.either[0]}", f"{' or '.join(self.either)} is needed", "missing"))
        for key, value in document.items():
            wrong += self._check(values, f"{at}/{key}", key, value)
        return values, wrong

    def _check(self, values: dict[str, Any], pointer: str, key: str, value: Any) -> list[WrongField]:
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
    """The rules of an object inside a body; a wrong field in it is named with its whole path."""

    def __init__(self, body: BodyRules) -> None:
        self.body = body

    def __call__(self, value: Any) -> Any:
        values, wrong = self.body.read(value)
        if wrong:
            raise ValueError(wrong[0].message)
        return values
