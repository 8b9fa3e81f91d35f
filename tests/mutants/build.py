"""Builds in which one law is broken on purpose: their tests must turn red, or the law is not tested.

A build is a YAML file in this folder: the law, the way in which it is broken, the file, the text to replace (`old`,
which occurs in it once), its replacement (`new`), and the tests that must fail. It is made in a copy of the sources,
never in the checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
SOURCES = ("desk_sync", "tasks", "tests", "mappings", "celery_config.py", "pyproject.toml", "conftest.py")
RUN = """
import sys, desk_sync, pytest
sys.exit(pytest.main(sys.argv[2:]) if desk_sync.__file__.startswith(sys.argv[1]) else "not the copy")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenBuild:
    """One build. `tests` are pytest's names, relative to the checkout."""

    name: str
    law: str
    breaks: str
    file: str
    old: str
    new: str
    tests: Sequence[str]

    def applied(self) -> str:
        """Return the file's text with the law broken. Raises ValueError unless `old` occurs in it exactly once."""
        text = (ROOT / self.file).read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: its old text occurs {text.count(self.old)} times in {self.file}, not once")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantVerdict:
    """The result of a build. `green` are the tests that passed; `output` is the end of pytest's output."""

    build: BrokenBuild
    green: Sequence[str]
    output: str

    @property
    def red(self) -> bool:
        return not self.green


def read(path: Path) -> BrokenBuild:
    facts = YAML(typ="safe").load(path)
    return BrokenBuild(name=path.stem, **facts)


def judge(build: BrokenBuild) -> MutantVerdict:
    """Run the build's tests in a copy of the sources in which its law is broken, and return the result."""
    with tempfile.TemporaryDirectory(prefix="ds-broken-") as folder:
        copy = Path(folder)
        _copy_sources(copy)
        (copy / build.file).write_text(build.applied())
        output = _run_tests(copy, build.tests)
    green = [test for test in build.tests if f"FAILED {test}" not in output]
    return MutantVerdict(build=build, green=green, output=output[-2000:])


def _copy_sources(to: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=ignored)
        elif source.exists():
            shutil.copy(source, to / name)


def _run_tests(copy: Path, tests: Sequence[str]) -> str:
    """Return the output of pytest in the copy, which precedes any installed package on the path."""
    options = ["-p", "no:cacheprovider", "--tb=line", "-rf", "--timeout=60"]
    command = [sys.executable, "-c", RUN, str(copy), *options, *tests]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


BUILDS = tuple(read(path) for path in sorted(Path(__file__).parent.glob("*.yaml")))
