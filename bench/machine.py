"""The machine of a measurement, and the CPU time of the processes under test."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from tests.support.processes import children_of

_OURS = ("desk-sync", "sqlalchemy", "psycopg", "uvicorn", "starlette", "celery", "redis")
_TICK = os.sysconf("SC_CLK_TCK")


def describe() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in _OURS)
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; load before: {os.getloadavg()[0]:.1f}\n{versions}"
    )


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and its descendants so far, in user and kernel (Linux)."""
    pids = [pid, *(child.pid for child in children_of(pid))]
    return sum(_ticks(each) for each in pids) / _TICK


def _ticks(pid: int) -> int:
    """Return the sum of `utime` and `stime` of /proc/PID/stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
