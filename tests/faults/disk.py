"""A disk of a few megabytes, which can really be full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path

MEGABYTES = 64


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """The mounted disk; `folder` is its mount point."""

    folder: Path

    @property
    def words(self) -> str:
        return f"a tmpfs of {MEGABYTES} MB"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no free byte on the disk within the block."""
        filler = self.folder / "filler"
        try:
            _write_until_full(filler)
            yield
        finally:
            filler.unlink(missing_ok=True)


@contextmanager
def mounted(folder: Path) -> Iterator[SmallDisk | None]:
    """Mount a disk at a new folder; None without the permission. All its writers must have ended with the block."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "desk-sync-faults", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _write_until_full(file: Path) -> None:
    with file.open("wb", buffering=0) as output:
        try:
            while output.write(bytes(4096)):
                pass
        except OSError as error:
            if error.errno != ENOSPC:
                raise
