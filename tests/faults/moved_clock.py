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
class MovedClock:
    """The clock of all processes; `file` holds the seconds by which it is ahead of this machine's.

    `host` holds those by which the product's clock is further ahead than the simulated Desk's.
    """

    file: Path

    @property
    def host(self) -> Path:
        return self.file.with_name("host_clock")

    @property
    def ahead(self) -> timedelta:
        return timedelta(seconds=float(self.file.read_text()))

    @property
    def host_ahead(self) -> timedelta:
        return timedelta(seconds=float(self.host.read_text()))

    def set(self, ahead: timedelta) -> None:
        """Set the offset, for all processes from their next reading on."""
        _write(self.file, ahead)

    def set_host(self, ahead: timedelta) -> None:
        """Set the offset of the product's clock from the simulated Desk's."""
        _write(self.host, ahead)


def _write(file: Path, ahead: timedelta) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(str(ahead.total_seconds()))
    fresh.replace(file)


@contextmanager
def moved_clock_for_children(folder: Path) -> Iterator[MovedClock]:
    """Give this clock to the processes that start within the block."""
    clock = MovedClock(folder / "clock")
    clock.set(timedelta(0))
    clock.set_host(timedelta(0))
    with environment(DESK_SYNC_CLOCK_AHEAD=str(clock.file), PYTHONPATH=str(_FOLDER)):
        yield clock
