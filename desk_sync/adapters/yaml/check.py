"""A YAML file as a checked value: every mistake at once, in plain English, each with its line and column.

What pydantic finds wrong with single values is told in the words of this module; a step of its path in brackets names
no key of the file.
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
from desk_sync.adapters.yaml.tree import YamlTree, read_tree
from desk_sync.errors import Problem

Content = TypeVar("Content", bound=BaseModel)


def read(file: Path | Traversable, *, if_missing: str, if_empty: str) -> YamlTree:
    """The values of the file. Nothing is raised: mistakes are in the tree, with these hints."""
    try:
        tree = read_tree(file.read_text(encoding="utf-8-sig"))
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
    """The content of a file of that shape, if it has no mistakes; `contradictions` finds those between values."""
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
    """The mistakes in plain English. A key that is missing because it is misspelt is one mistake, not two."""
    misspelt = {(*each["loc"][:-1], _meant(each, shape)) for each in details if each["type"] == "extra_forbidden"}
    for each in details:
        if each["type"] != "missing" or each["loc"] not in misspelt:
            path = [step for step in each["loc"] if not _is_bracketed(step)]
            yield tree.problem(path, _message(each), did_you_mean(_meant(each, shape)))


def _is_bracketed(step: int | str) -> bool:
    return str(step).startswith("[")


def _message(detail: ErrorDetails) -> str:
    wanted = _WANTED.get(detail["type"]) or detail.get("ctx", {}).get("expected")
    if wanted:
        return f"must be {wanted}, not {shown(detail['input'])}"
    return _SAID.get(detail["type"], detail["msg"])


_WANTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "greater_than_equal": "at least 1",
    "string_pattern_mismatch": "a name or an id as Desk's API gives it",
}

# Our own mistakes ("mistake") carry their message.
_SAID: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not a setting",
    "invalid_key": "is not a setting",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


def _meant(detail: ErrorDetails, shape: type[BaseModel]) -> str | None:
    """What the writer of a wrong key or value probably meant."""
    if detail["type"] == "mistake":
        meant: str | None = detail["ctx"]["meant"]
        return meant
    if detail["type"] == "extra_forbidden":
        return closest(detail["loc"][-1], _settings_at(detail["loc"][:-1], shape))
    return closest(detail["input"], re.findall(r"'([^']+)'", str(detail.get("ctx", {}).get("expected", ""))))


def _settings_at(path: Iterable[int | str], shape: type[BaseModel]) -> Iterable[str]:
    """The keys that the section at the path may hold."""
    section: Any = shape
    for step in path:
        section = _inside(section, step)
    return [info.alias or name for name, info in section.model_fields.items()]


def _inside(shape: Any, step: int | str) -> Any:
    """The shape of what stands at a key, in a list, or under a tag."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        fields = {info.alias or name: info for name, info in shape.model_fields.items()}
        return _plain(fields[str(step)].annotation)
    if _is_bracketed(step):
        return next(_plain(each) for each in get_args(shape) if Tag(str(step)) in get_args(each))
    return _plain(get_args(shape)[-1])


def _plain(shape: Any) -> Any:
    """Without what may be absent, and without what is said about it."""
    present = [each for each in get_args(shape) if each is not type(None)]
    if hasattr(shape, "__metadata__") or (type(None) in get_args(shape) and len(present) == 1):
        return _plain(present[0])
    return shape
