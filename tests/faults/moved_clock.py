"""A wall clock for the processes of a trial, which moves while they run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.support.processes import environment

_FOLDER = Path(__file__).parent / "clock"


@dataclass(frozen=True, slots=True)
class Clock:
    """What all of them read: `file` says how many seconds it is ahead of this machine's."""

    file: Path

    @property
    def ahead(self) -> timedelta:
        return timedelta(seconds=float(self.file.read_text()))

    def set(self, ahead: timedelta) -> None:
        """From the next reading on, in all processes at a time."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(ahead.total_seconds()))
        fresh.replace(self.file)


@contextmanager
def clock_for_children(folder: Path) -> Iterator[Clock]:
    """Processes that start within the block have this clock."""
    clock = Clock(folder / "clock")
    clock.set(timedelta(0))
    with environment(DESK_SYNC_CLOCK_AHEAD=str(clock.file), PYTHONPATH=str(_FOLDER)):
        yield clock
