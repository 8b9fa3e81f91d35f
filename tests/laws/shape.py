"""The shape of the code in figures, each with its limit: `./dev shape`.

`docs/README.md` says what each figure is for. The figures are of `desk_sync` and `tasks`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import grimp

ROOT = Path(__file__).parents[2]
PACKAGES = ("desk_sync", "tasks")
STORE = "desk_sync/adapters/store"
STAND_IN = "desk_sync/simulated_desk"
FLOORS = (
    ("desk_sync.cli", "desk_sync.web"),
    ("tasks",),
    ("desk_sync.simulation",),
    ("desk_sync.wiring",),
    ("desk_sync.services", "desk_sync.adapters", "desk_sync.simulated_desk"),
    ("desk_sync.ports",),
    ("desk_sync.domain",),
    ("desk_sync.errors",),
)
QUESTION_WORDS = re.compile(r"(What|Who|Whether)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeFigure:
    """A figure and its limit; `examples` name the places with the largest values, or those that break the limit."""

    name: str
    value: float
    limit: float
    examples: Sequence[str] = ()

    @property
    def kept(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        places = f"  {', '.join(self.examples)}" if self.examples else ""
        return f"{'ok ' if self.kept else 'BAD'} {self.value:>6g} of {self.limit:>3g}  {self.name}{places}"


Modules = Mapping[str, ast.Module]
"""The syntax tree of each file, by its path."""


def read_modules() -> Modules:
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def figures(modules: Modules) -> Iterator[ShapeFigure]:
    graph = grimp.build_graph(*PACKAGES)
    yield from _sizes(modules)
    yield _circles(graph)
    yield _upward_imports(graph)
    yield from _class_names(modules)
    yield _question_docstrings(modules)


def _sizes(modules: Modules) -> Iterator[ShapeFigure]:
    places = [path for path in modules if not path.startswith(STORE) and not path.endswith("__init__.py")]
    folders = Counter(path.rpartition("/")[0] for path in places)
    yield _largest("modules in a folder, the store excepted", folders, 16)
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in modules}
    yield _largest("lines of a file", lines, 400)
    bodies = {f"{path}:{each.lineno}": _statements(each) for path, tree in modules.items() for each in _functions(tree)}
    yield ShapeFigure(name="statements of a function, median", value=median(bodies.values()), limit=4)
    yield _largest("statements of a function, longest", bodies, 60)


def _circles(graph: grimp.ImportGraph) -> ShapeFigure:
    """Count the pairs of siblings, in any package, that import each other; import-linter finds the longer circles."""
    found = []
    for package in sorted(graph.modules):
        siblings = sorted(graph.find_children(package))
        pairs = ((one, other) for one in siblings for other in siblings if one != other)
        arrows = {(one, other) for one, other in pairs if _imports(graph, one, other)}
        found += [f"{one} <> {other}" for one, other in sorted(arrows) if one < other and (other, one) in arrows]
    return ShapeFigure(name="circles of imports", value=len(found), limit=0, examples=found[:3])


def _upward_imports(graph: grimp.ImportGraph) -> ShapeFigure:
    found = [
        f"{low} -> {high}"
        for upper, lower in ((FLOORS[i], FLOORS[j]) for j in range(len(FLOORS)) for i in range(j))
        for low in lower
        for high in upper
        if _imports(graph, low, high)
    ]
    return ShapeFigure(name="imports from a lower floor to an upper one", value=len(found), limit=0, examples=found[:3])


def _imports(graph: grimp.ImportGraph, importer: str, imported: str) -> bool:
    """Return True if a module of one tree imports a module of the other directly."""
    return graph.direct_import_exists(importer=importer, imported=imported, as_packages=True)


def _class_names(modules: Modules) -> Iterator[ShapeFigure]:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path)
    single = [name for name in places if len(re.findall("[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", name)) == 1]
    share = 100 * sum(len(places[name]) for name in single) / sum(map(len, places.values()))
    yield ShapeFigure(name="% of public class names have one word", value=round(share, 1), limit=30)
    own = {name: [path for path in paths if not path.startswith(STAND_IN)] for name, paths in places.items()}
    twice = [name for name, paths in own.items() if len(paths) > 1]
    yield ShapeFigure(name="public class names that exist twice", value=len(twice), limit=0, examples=sorted(twice)[:5])


def _question_docstrings(modules: Modules) -> ShapeFigure:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    texts = {
        f"{path}:{getattr(node, 'lineno', 1)}": text
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, kinds) and (text := ast.get_docstring(node))
    }
    asking = [place for place, text in texts.items() if QUESTION_WORDS.match(text)]
    share = round(100 * len(asking) / len(texts), 1)
    return ShapeFigure(name="% of docstrings begin with What, Who, Whether", value=share, limit=5, examples=asking[:3])


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the statements below the function, nested ones too, without its docstring."""
    inside = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function]
    return len(inside) - bool(ast.get_docstring(function))


def _largest(name: str, sizes: Mapping[str, int], limit: int) -> ShapeFigure:
    top = sorted(sizes, key=lambda place: -sizes[place])[:3]
    examples = [f"{place} {sizes[place]}" for place in top]
    return ShapeFigure(name=name, value=sizes[top[0]], limit=limit, examples=examples)


def main() -> None:
    """Print every figure; the exit status is 1 if one breaks its limit."""
    found = list(figures(read_modules()))
    print(*found, sep="\n")
    sys.exit(0 if all(figure.kept for figure in found) else 1)


if __name__ == "__main__":
    main()
