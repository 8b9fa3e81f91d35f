"""The tests of many tickets or trials, at their full counts: our own outage, a rush, a large source."""

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
class CrowdResult:
    """The result of one test; `words` is its name in words."""

    words: str
    passed: bool


def run(folder: Path) -> Sequence[CrowdResult]:
    """Run the tests and return their results, in order. A run that broke off is an error, so none is missing."""
    report = folder / "crowds.xml"
    command = [sys.executable, "-m", "pytest", "-m", "crowd", "--show-capture=no", f"--junitxml={report}"]
    subprocess.run(
        [*command, "tests/services", "tests/simulation"],
        env=os.environ | {counts.FULL: "1"},
        stdout=sys.stderr,
        check=False,
    )
    return [_read(case) for case in ElementTree.parse(report).iter("testcase")]  # noqa: S314 - it is our own file


def _read(case: ElementTree.Element) -> CrowdResult:
    return CrowdResult(words=case.attrib["name"].removeprefix("test_").replace("_", " "), passed=not list(case))
