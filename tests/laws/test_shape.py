"""The code keeps its shape: small folders and files, short functions, no circles, plain names and docstrings."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.laws.shape import ROOT, figures, read_modules

MODULES = read_modules()
PURE = {
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "operator",
    "re",
    "typing",
    "unicodedata",
    "zoneinfo",
}


@pytest.mark.parametrize("figure", [pytest.param(each, id=each.name) for each in figures(MODULES)])
def test_a_figure_is_within_its_limit(figure):
    assert figure.kept, str(figure)


@pytest.mark.parametrize(
    ("floor", "allowed"),
    [
        pytest.param("desk_sync/domain/", PURE, id="the domain: values, no I/O, no clock"),
        pytest.param("desk_sync/services/", set(sys.stdlib_module_names), id="the services: no outside library"),
    ],
)
def test_a_floor_imports_nothing_but(floor, allowed):
    outside = {
        f"{path}: {name}"
        for path, tree in MODULES.items()
        if path.startswith(floor)
        for name in imported(tree)
        if name not in allowed | {"__future__", "desk_sync"}
    }

    assert outside == set()


def test_every_domain_module_has_its_test_file():
    modules = [path for path in MODULES if path.startswith("desk_sync/domain/") and not path.endswith("__init__.py")]
    wanted = {
        path: path.replace("desk_sync/", "tests/").replace(name := path.rpartition("/")[2], f"test_{name}")
        for path in modules
    }

    assert [test for test in wanted.values() if not (ROOT / test).is_file()] == []


def imported(tree: ast.Module) -> set[str]:
    """Return the top-level names of all imported modules."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
