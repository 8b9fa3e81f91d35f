"""Inspecting other processes (Linux)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 120.0
"""The time limit for the start of a process on a busy machine; it is not a measurement."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process; its start time distinguishes it from a later one with the same id."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """True while the process runs. A zombie counts as dead: only its exit status is left."""
        fields = _fields(self.pid)
        return fields is not None and fields[0] != "Z" and fields[19] == self.started


def is_suspended(pid: int) -> bool:
    """Return True while the process is suspended by a signal."""
    fields = _fields(pid)
    return fields is not None and fields[0] == "T"


def children_of(pid: int) -> list[Process]:
    """Return all living descendants."""
    parents = {int(path.name): _fields(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()}
    found: list[Process] = []
    generation = {pid}
    while generation:
        born = {child: facts for child, facts in parents.items() if facts and int(facts[1]) in generation}
        found += [Process(child, facts[19]) for child, facts in born.items() if facts and facts[0] != "Z"]
        generation = set(born)
    return found


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Set these variables for processes that start within the block."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def wait_until(condition: Callable[[], object], *, seconds: float) -> None:
    """Wait until the condition is true; fail if it is not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def _fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the third on: state, parent, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
