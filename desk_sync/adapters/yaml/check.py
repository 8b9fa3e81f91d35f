"""A YAML file as a checked value, or all its mistakes at once in plain English, each with line and column.

Pydantic's errors about single values are reworded here. A step in brackets in pydantic's path is a tag, not a key of
the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from desk_sync.adapters.yaml.problems import Contradiction, closest, did_you_mean, shown
from desk_sync.adapters.yaml.tree import LONGEST, YamlTree, read_tree
from desk_sync.errors import Problem

Content = TypeVar("Content", bound=BaseModel)


def read(file: Path | Traversable, *, if_missing: str, if_empty: str) -> YamlTree:
    """Return the values of the file. Raises nothing: mistakes are in the tree, with these hints."""
    try:
        with file.open(encoding="utf-8-sig") as text:
            tree = read_tree(text.read(LONGEST + 1))
    except OSError as error:
        return YamlTree(problems=[Problem(message=f"cannot be read: {error.strerror}", hint=if_missing)])
    except UnicodeDecodeError:
        return YamlTree(problems=[Problem(message="is not UTF-8 text", hint="save it as UTF-8")])
    if tree.value is None and not tree.problems:
        tree.problems.append(Problem(message="the file is empty", hint=if_empty))
    return tree


def check(
    tree: YamlTree, shape: type[Content], contradictions: Callable[[object], Iterable[Contradiction]]
) -> tuple[Content | None, list[Problem]]:
    """Return the content, or None with all mistakes. `contradictions` finds the mistakes between values."""
    if tree.value is None:
        return None, tree.problems
    problems = [*tree.problems, *(tree.problem(*each) for each in contradictions(tree.value))]
    content = None
    try:
        content = shape.model_validate(tree.value)
    except ValidationError as error:
        problems += _translated(error.errors(include_url=False), tree, shape)
    if problems:
        return None, sorted(problems, key=lambda problem: (problem.line, problem.column))
    return content, []


def _translated(details: Sequence[ErrorDetails], tree: YamlTree, shape: type[BaseModel]) -> Iterator[Problem]:
    """Yield the mistakes in plain English. A key that is missing because it is misspelt is one mistake, not two."""
    misspelt = {(*each["loc"][:-1], _suggestion(each, shape)) for each in details if each["type"] == "extra_forbidden"}
    for each in details:
        if each["type"] != "missing" or each["loc"] not in misspelt:
            path = [step for step in each["loc"] if not _is_bracketed(step)]
            yield tree.problem(path, _message(each), did_you_mean(_suggestion(each, shape)))


def _is_bracketed(step: int | str) -> bool:
    return str(step).startswith("[")


def _message(detail: ErrorDetails) -> str:
    given = detail.get("ctx", {})
    expected = _EXPECTED.get(detail["type"], "").format_map(given) or given.get("expected")
    if expected:
        return f"must be {expected}, not {shown(detail['input'])}"
    return _MESSAGES.get(detail["type"], detail["msg"])


_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_pattern_mismatch": "a name or an id as Desk's API gives it",
}

# Errors of type "mistake" are ours and contain their message.
_MESSAGES: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not a setting",
    "invalid_key": "is not a setting",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


def _suggestion(detail: ErrorDetails, shape: type[BaseModel]) -> str | None:
    """Return the key or value that was probably meant instead of the wrong one."""
    if detail["type"] == "mistake":
        suggestion: str | None = detail["ctx"]["meant"]
        return suggestion
    if detail["type"] == "extra_forbidden":
        return closest(detail["loc"][-1], _settings_at(detail["loc"][:-1], shape))
    return closest(detail["input"], re.findall(r"'([^']+)'", str(detail.get("ctx", {}).get("expected", ""))))


def _settings_at(path: Iterable[int | str], shape: type[BaseModel]) -> Iterable[str]:
    """Return the keys that are allowed in the section at the path."""
    section: Any = shape
    for step in path:
        section = _inside(section, step)
    return [info.alias or name for name, info in section.model_fields.items()]


def _inside(shape: Any, step: int | str) -> Any:
    """Return the type of the value at a key, of the members of a list, or under a tag."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        fields = {info.alias or name: info for name, info in shape.model_fields.items()}
        return _plain(fields[str(step)].annotation)
    if _is_bracketed(step):
        return next(_plain(each) for each in get_args(shape) if Tag(str(step)) in get_args(each))
    return _plain(get_args(shape)[-1])


def _plain(shape: Any) -> Any:
    """Return the type without `None` and without annotations."""
    present = [each for each in get_args(shape) if each is not type(None)]
    if hasattr(shape, "__metadata__") or (type(None) in get_args(shape) and len(present) == 1):
        return _plain(present[0])
    return shape
