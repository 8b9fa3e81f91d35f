"""Zones are read from the pinned package, in every process: a machine's own, which may be old, make no difference."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest

from desk_sync.domain.commitment.calendar import time_zone

ROOT = Path(__file__).parents[1]


@pytest.fixture
def old_machine(tmp_path):
    """The environment of a process on a machine in whose database Vancouver has the time of Tokyo."""
    (tmp_path / "America").mkdir()
    tokyo = resources.files("tzdata").joinpath("zoneinfo/Asia/Tokyo").read_bytes()
    (tmp_path / "America" / "Vancouver").write_bytes(tokyo)
    return {**os.environ, "PYTHONTZPATH": str(tmp_path)}


@pytest.mark.parametrize(
    "process",
    [
        pytest.param("desk_sync.cli", id="a command"),
        pytest.param("desk_sync.web.server", id="the receiver"),
        pytest.param("tasks.drain", id="the worker and beat"),
        pytest.param("desk_sync.domain.commitment.calendar", id="another program that uses a part"),
    ],
)
def test_a_process_counts_by_the_pinned_zones(process, old_machine):
    noon = "datetime(2026, 12, 1, 12, tzinfo=timezone.utc).astimezone(ZoneInfo('America/Vancouver'))"
    code = f"from zoneinfo import ZoneInfo; ZoneInfo('America/Vancouver'); import {process}"
    code += f"; from datetime import datetime, timezone; print({noon}.isoformat())"

    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=old_machine, capture_output=True, text=True, check=True, timeout=60
    )

    assert shown.stdout.strip() == "2026-12-01T05:00:00-07:00"


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        pytest.param("America/Vancouver", -7, id="keeps summer time from 2026 on"),
        pytest.param("Africa/Casablanca", 0, id="gives up its hour"),
        pytest.param("Europe/Berlin", 1, id="as ever"),
    ],
)
def test_a_zone_has_the_rules_of_the_pinned_database(zone, hours):
    noon = datetime(2026, 12, 1, 12, tzinfo=UTC).astimezone(time_zone(zone))

    assert noon.utcoffset().total_seconds() == hours * 3600
