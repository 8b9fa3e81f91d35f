"""Numbers of repetitions and cases: few in `./dev test`, all in `./dev faults`."""

from __future__ import annotations

import os

FULL = "DESK_SYNC_FULL_COUNTS"


def count(few: int, all_: int) -> int:
    return all_ if os.environ.get(FULL) else few
