"""The builds in which a law is broken on purpose. `./dev faults broken` runs all of them; here the quickest."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.mutants.build import BUILDS, judge

QUICK = ("echo", "token-host")


@pytest.mark.parametrize("build", [pytest.param(each, id=each.name) for each in BUILDS])
def test_the_text_that_it_replaces_is_still_there(build):
    assert build.applied() != build.old


@pytest.mark.parametrize("build", [pytest.param(each, id=each.name) for each in BUILDS])
def test_it_uses_only_names_that_exist(build):
    """A build that does not even run would turn any test red."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "F821",
        "--stdin-filename",
        build.file,
        "-",
    ]
    checked = subprocess.run(command, input=build.applied(), capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("build", [pytest.param(each, id=each.name) for each in BUILDS if each.name in QUICK])
def test_its_tests_turn_red(build):
    verdict = judge(build)

    assert verdict.red, verdict.output
