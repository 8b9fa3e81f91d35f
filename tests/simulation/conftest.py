"""Scenarios written by a test, run in a folder with the account files of the worked ones."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desk_sync.simulation import simulate

SCENARIOS = Path(__file__).parents[1] / "cases" / "scenarios"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a scenario into a folder that holds the account files."""
    for file in SCENARIOS.glob("*.csv"):
        shutil.copy(file, tmp_path)

    def write(text: str) -> Path:
        path = tmp_path / "scenario.yaml"
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.fixture
def run(write: Callable[[str], Path]) -> Callable[[str], dict[str, Any]]:
    """Run the scenario with this text, with the start on Friday 20 November 2026, 09:00 UTC."""
    return lambda text: simulate(write("start: 2026-11-20T09:00:00Z\n" + textwrap.dedent(text)))
