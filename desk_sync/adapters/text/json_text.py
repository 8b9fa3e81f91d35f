"""JSON in files that people and programs write, with bounds on what it may hold, and the place of a mistake.

Lists and objects are at most 20 deep, whole numbers have at most 18 digits (so they fit 64 bits), other numbers at most
40 characters, and NaN and Infinity are no numbers. Half an emoji (a lone surrogate) is replaced.
"""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 20
LONGEST_WHOLE_NUMBER = 18
LONGEST_NUMBER = 40

# The closing quote is optional, so that no search ever starts again inside a string: the time stays linear.
_STRING = r'"(?:[^"\\]++|\\.)*+"?'
_MARK = re.compile(rf"{_STRING}|(?P<opens>[\[{{])|(?P<closes>[\]}}])|(?P<number>-?[0-9][0-9.eE+-]*+)", re.DOTALL)
# The group is what stays: a pair of surrogates, and every other escape. The rest is a lone surrogate.
_SURROGATE = re.compile(
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u])|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


class JsonMistake(ValueError):
    """A text is not JSON, or exceeds a bound; `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def read_json_text(text: str) -> Any:
    """Return the value of the text. Raises JsonMistake."""
    _check_bounds(text)
    try:
        return json.loads(_well_formed(text), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise JsonMistake(f"not JSON: {error.msg}", line=error.lineno, column=error.colno) from None
    except ValueError as error:
        raise JsonMistake(f"not JSON: {error}", line=1, column=1) from None


def _check_bounds(text: str) -> None:
    depth = 0
    for mark in _MARK.finditer(text):
        depth += (mark.lastgroup == "opens") - (mark.lastgroup == "closes")
        if depth > DEEPEST:
            raise _mistake(f"lists and objects are more than {DEEPEST} deep", text, mark.start())
        if mark.lastgroup == "number" and _is_too_long(mark[0].removeprefix("-")):
            raise _mistake(f"a number of {len(mark[0])} characters is too long", text, mark.start())


def _is_too_long(number: str) -> bool:
    return len(number) > (LONGEST_WHOLE_NUMBER if number.isdigit() else LONGEST_NUMBER)


def _mistake(message: str, text: str, at: int) -> JsonMistake:
    line_start = text.rfind("\n", 0, at) + 1
    return JsonMistake(message, line=text.count("\n", 0, at) + 1, column=at - line_start + 1)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _well_formed(text: str) -> str:
    return _SURROGATE.sub(lambda found: found[1] or "\N{REPLACEMENT CHARACTER}", text)
