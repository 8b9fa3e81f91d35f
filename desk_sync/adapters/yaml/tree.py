"""A YAML file as plain values, with the position of each.

YAML 1.2: `NO` and `17:30` are text. Lines and columns count from 1. The path of a value is made of its keys and list
positions, all as text. Repeated keys and aliases are mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scanner import Scanner

from desk_sync.errors import Problem

Path: TypeAlias = tuple[str, ...]

LONGEST = 80_000
"""Characters of a text; a large mapping has 40,000. Reading 80,000 takes up to a second."""
DEEPEST = 20
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}")
"""A longer whole number is a text: nothing that is counted here is as large."""


@dataclass(frozen=True, slots=True)
class TreePosition:
    """The position of a value, or of its key if it has one; `where` is its path as shown to people."""

    where: str
    line: int
    column: int


@dataclass(slots=True)
class YamlTree:
    """The content of a file. `value` is None if the file is empty or not YAML; `problems` are its mistakes."""

    value: object = None
    places: dict[Path, TreePosition] = field(default_factory=lambda: {(): TreePosition("", 1, 1)})
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: Sequence[object], message: str, hint: str | None = None) -> Problem:
        """Return a mistake at the path, or at the nearest section above it that is in the file."""
        wanted = tuple(map(str, path))
        written = wanted
        while written not in self.places:
            written = written[:-1]
        place = self.places[written]
        where = ".".join(filter(None, (place.where, *wanted[len(written) :])))
        return Problem(message=message, where=where, line=place.line, column=place.column, hint=hint)


def read_tree(text: str) -> YamlTree:
    """Return the values of the text. Raises nothing: mistakes are in the tree."""
    tree = YamlTree()
    if len(text) > LONGEST:
        tree.problems.append(Problem(message=f"is longer than {LONGEST:,} characters", hint="divide it"))
        return tree
    reader = YAML(typ="safe", pure=True)
    reader.Scanner, reader.Composer = _BoundedScanner, _BoundedComposer
    try:
        root = reader.compose(text)
    except YAMLError as error:
        tree.problems.append(_syntax(error))
    else:
        tree.value = None if root is None else _Reader(tree).read(root, ())
    return tree


class _TooDeep(MarkedYAMLError):
    """Lists or keys are inside each other more than DEEPEST times."""


def _check_depth(depth: int, mark: Any) -> None:
    if depth > DEEPEST:
        raise _TooDeep(problem=f"lists and keys are more than {DEEPEST} deep", problem_mark=mark)


class _BoundedScanner(Scanner):
    """Refuses deep nesting in brackets, which takes quadratic time to scan."""

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803 - the library's name
        _check_depth(len(self.flow_context) + 1, self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


class _BoundedComposer(Composer):
    """Refuses deep nesting before Python's stack does, with its place."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._depth += 1
        _check_depth(self._depth, self.parser.peek_event().start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Reader:
    """A walk over the nodes of one file that fills its tree."""

    def __init__(self, tree: YamlTree) -> None:
        self._tree = tree
        self._seen: set[int] = set()

    def read(self, node: Node, path: Path) -> object:
        if id(node) in self._seen:
            self._tree.problems.append(self._tree.problem(path, "aliases are not supported", "write the value out"))
            return None
        self._seen.add(id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._item(index, item, path) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[object, object]:
        values: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node)
            inner = (*path, str(key))
            if key is None:
                self._refuse(key_node, path, "a key must be a word or a number")
            elif inner in self._tree.places:
                self._refuse(key_node, inner, f"repeated: first written on line {self._tree.places[inner].line}")
            else:
                self._place(key_node, path, key)
                values[key] = self.read(value_node, inner)
        return values

    def _item(self, index: int, node: Node, path: Path) -> object:
        parent = self._tree.places[path].where
        self._tree.places[(*path, str(index))] = TreePosition(f"{parent}[{index}]", *_position(node))
        return self.read(node, (*path, str(index)))

    def _place(self, key_node: Node, path: Path, key: object) -> None:
        where = ".".join(filter(None, (self._tree.places[path].where, str(key))))
        self._tree.places[(*path, str(key))] = TreePosition(where, *_position(key_node))

    def _refuse(self, key_node: Node, path: Path, message: str) -> None:
        line, column = _position(key_node)
        where = self._tree.places[path].where
        self._tree.problems.append(Problem(message=message, where=where, line=line, column=column))


_SCALARS: Mapping[str, Callable[[str], object]] = {
    "int": lambda text: int(text) if _DECIMAL.fullmatch(text) else text,
    "bool": lambda text: text.lower() == "true",
    "null": lambda text: None,
}


def _scalar(node: Node) -> object:
    """Return the text, or a whole number, true, false or None."""
    kind = str(node.tag).rpartition(":")[2]
    return _SCALARS.get(kind, _well_formed)(node.value) if isinstance(node, ScalarNode) else None


def _well_formed(text: str) -> str:
    """Return the text with surrogate pairs (two escapes in JSON) joined and lone surrogates replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _position(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _syntax(error: YAMLError) -> Problem:
    message = str(getattr(error, "problem", None) or "a character that is not text")
    mark = getattr(error, "problem_mark", None)
    hint = "indent with spaces, not with tabs" if "\\t" in message else None
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    shown = message if isinstance(error, _TooDeep) else f"not YAML: {message}"
    return Problem(message=shown, line=line, column=column, hint=hint)
