"""The tests of many tickets, at their full counts: an outage of ours, a backfill, a rush on the budget."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.support import counts

NAME = "crowds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """One of the tests: its name in words, and whether it passed."""

    words: str
    passed: bool


def run(folder: Path) -> Sequence[Crowd]:
    """Run them; their outcomes, in their order. None are missing from it: a run that broke off is an error."""
    report = folder / "crowds.xml"
    command = [sys.executable, "-m", "pytest", "-m", "crowd", "--show-capture=no", f"--junitxml={report}"]
    subprocess.run([*command, "tests/services"], env=os.environ | {counts.FULL: "1"}, stdout=sys.stderr, check=False)
    return [_read(case) for case in ElementTree.parse(report).iter("testcase")]  # noqa: S314 - we wrote it


def _read(case: ElementTree.Element) -> Crowd:
    return Crowd(words=case.attrib["name"].removeprefix("test_").replace("_", " "), passed=not list(case))
