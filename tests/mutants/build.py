"""Builds in which one law is broken on purpose: their tests must turn red, or the law is not tested.

A build is a YAML file here: the law, what is broken, the file, the text to replace (`old`, which stands there once) and
by what (`new`), and the tests that must fail. It is made in a copy of the sources, never in the checkout.
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
class Broken:
    """One build. `tests` are pytest's names, relative to the checkout."""

    name: str
    law: str
    breaks: str
    file: str
    old: str
    new: str
    tests: Sequence[str]

    def applied(self) -> str:
        """The file's text with the law broken. Raises ValueError if the place is no longer there."""
        text = (ROOT / self.file).read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: its old text stands {text.count(self.old)} times in {self.file}, not once")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`green` are the tests that passed all the same. `said` is the end of what pytest printed."""

    build: Broken
    green: Sequence[str]
    said: str

    @property
    def red(self) -> bool:
        return not self.green


def read(path: Path) -> Broken:
    facts = YAML(typ="safe").load(path)
    return Broken(name=path.stem, **facts)


def judge(build: Broken) -> Verdict:
    """Run the build's tests in a copy of the sources in which its law is broken."""
    with tempfile.TemporaryDirectory(prefix="ds-broken-") as folder:
        copy = Path(folder)
        _copy_sources(copy)
        (copy / build.file).write_text(build.applied())
        said = _run_tests(copy, build.tests)
    green = [test for test in build.tests if f"FAILED {test}" not in said]
    return Verdict(build=build, green=green, said=said[-2000:])


def _copy_sources(to: Path) -> None:
    without = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=without)
        elif source.exists():
            shutil.copy(source, to / name)


def _run_tests(copy: Path, tests: Sequence[str]) -> str:
    """What pytest says in the copy, which must come before whatever is installed."""
    options = ["-p", "no:cacheprovider", "--tb=line", "-rf", "--timeout=60"]
    command = [sys.executable, "-c", RUN, str(copy), *options, *tests]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


BUILDS = tuple(read(path) for path in sorted(Path(__file__).parent.glob("*.yaml")))
