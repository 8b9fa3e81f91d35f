"""The outage matrix in virtual time, with all of its cells: tests/simulation/test_outages.py at full counts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.support import counts

TESTS = "tests/simulation/test_outages.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """One test. A cell of the matrix has a `kind` of outage, its `length` and `deliveries`, and what was measured."""

    name: str
    passed: bool
    kind: str = ""
    length: str = ""
    deliveries: str = ""
    calls: str = ""
    resumed: str = ""

    @property
    def words(self) -> str:
        """The calls to Desk in the first two hours of the outage, and the seconds until work had resumed."""
        return f"{self.calls} calls, {float(self.resumed):.0f} s" if self.passed else "FAILED"


def run(folder: Path) -> Sequence[MatrixCell]:
    """Run the tests and return their results, in order. A run that broke off is an error, so none is missing."""
    report = folder / "outages.xml"
    command = [sys.executable, "-m", "pytest", TESTS, "-n", str(os.cpu_count()), "--timeout=600", "--show-capture=no"]
    environment = os.environ | {counts.FULL: "1"}
    subprocess.run([*command, f"--junitxml={report}"], env=environment, stdout=sys.stderr, check=False)
    return [_read(case) for case in ElementTree.parse(report).iter("testcase")]  # noqa: S314 - it is our own file


def _read(case: ElementTree.Element) -> MatrixCell:
    measured = {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}
    passed = all(each.tag in ("properties", "system-out", "system-err") for each in case)
    return MatrixCell(name=case.attrib["name"], passed=passed, **measured)
