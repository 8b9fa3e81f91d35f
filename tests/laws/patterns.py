"""The regular expressions of the product, and inputs that are hostile to each: made of what it looks for."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from re import _parser as parser
from typing import Any

import desk_sync

ROOT = Path(desk_sync.__file__).parent
_SEARCHING = frozenset({"search", "finditer", "sub", "subn", "split", "findall"})
_METHODS = _SEARCHING | {"match", "fullmatch"}
_COMMON = (
    " ",
    "\t",
    "\n",
    "\u00a0",
    "a",
    "A",
    "0",
    "あ",
    "<",
    ">",
    "(",
    "[",
    '"',
    "&",
    "@",
    ".",
    ",",
    "-",
    "_",
    ":",
    "*",
    "a ",
)
_UNITS = 90


@dataclass(frozen=True, slots=True)
class UsedPattern:
    """A pattern of the product with the methods that are called on it."""

    name: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]

    def __str__(self) -> str:
        return self.name

    def acts(self) -> Iterator[Callable[[Any], object]]:
        """Yield the calls that cost what the product's calls cost."""
        if self.methods & _SEARCHING:
            yield lambda text: sum(1 for _ in self.pattern.finditer(text))
        if "match" in self.methods:
            yield self.pattern.match
        if "fullmatch" in self.methods:
            yield self.pattern.fullmatch

    def hostile(self) -> Iterator[tuple[str, str, str]]:
        """Yield inputs: what comes once before, what is repeated, and what comes once after."""
        source = self.pattern.pattern
        letters, words = _alphabet(source if isinstance(source, str) else source.decode("latin-1"), self.pattern.flags)
        units = list(dict.fromkeys((*_COMMON, *words, *letters)))
        pairs = (one + other for one, other in product(units, repeat=2))
        # Every step-th pair, so that all units take part.
        step = max(1, len(units) ** 2 // _UNITS)
        opening = words[:1] or letters[:1] or [""]
        for unit in (*units[:_UNITS], *islice(pairs, 0, None, step)):
            for before, after in (("", ""), ("", "\0"), (opening[0], "\0")):
                yield before, unit, after

    def text(self, before: str, unit: str, after: str, length: int) -> Any:
        text = before + unit * (length // len(unit)) + after
        return text if isinstance(self.pattern.pattern, str) else text.encode("latin-1", "replace")


def _alphabet(source: str, flags: int) -> tuple[list[str], list[str]]:
    """Return the characters and the words that a pattern looks for, the longest words first."""
    letters: dict[str, None] = {}
    words: dict[str, None] = {}
    for word, letter in _literals(parser.parse(source, flags & (re.IGNORECASE | re.DOTALL | re.VERBOSE))):
        words |= {word: None} if len(word) > 1 else {}
        letters |= {letter: None} if letter else {}
    return list(letters), sorted(words, key=len, reverse=True)[:20]


def _literals(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield each run of literal characters, and each character, of a parsed pattern."""
    run = ""
    for operation, value in tree:
        if str(operation) == "LITERAL":
            run += chr(value)
            yield "", chr(value)
            continue
        yield run, ""
        run = ""
        for each in _inside(value):
            yield from _literals(each)
        if str(operation) == "IN":
            yield from (("", chr(each if kind != "RANGE" else each[0])) for kind, each in _members(value))
    yield run, ""


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    return ((str(kind), each) for kind, each in value if str(kind) in ("LITERAL", "RANGE"))


def _inside(value: Any) -> Iterator[Any]:
    """Yield the patterns inside a part of a pattern."""
    if isinstance(value, parser.SubPattern):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _inside(each)


def used_patterns() -> list[UsedPattern]:
    """Return every pattern of the product: compiled in a module, or written in a call."""
    return [pattern for module in _modules() for pattern in _of_module(module)]


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages([str(ROOT)], "desk_sync."):
        if not module.ispkg and ".migrations" not in module.name and not module.name.endswith("__main__"):
            yield module.name


def _of_module(name: str) -> Iterator[UsedPattern]:
    path = ROOT.joinpath(*name.split(".")[1:]).with_suffix(".py")
    source = path.read_text()
    if "import re\n" not in source:
        return
    module, calls = importlib.import_module(name), [each for each in ast.walk(ast.parse(source)) if _is_call(each)]
    methods: dict[str, set[str]] = {}
    for call in calls:
        methods.setdefault(ast.unparse(call.func.value), set()).add(call.func.attr)
        if (
            ast.unparse(call.func.value) == "re"
            and call.func.attr != "compile"
            and isinstance(call.args[0], ast.Constant)
        ):
            flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(call) else 0
            yield UsedPattern(
                f"{name}:{call.lineno}", re.compile(call.args[0].value, flags), frozenset({call.func.attr})
            )
    for key, value in vars(module).items():
        if isinstance(value, re.Pattern):
            # One that is used in another module, or through another name, is searched for.
            yield UsedPattern(f"{name}.{key}", value, frozenset(methods.get(key, {"search"})))
    for kind, value in getattr(module, "_LINKS", ()):
        yield UsedPattern(f"{name}.{kind}", value, frozenset({"finditer"}))


def _is_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {*_METHODS, "compile"}
    )
