"""What goes wrong on purpose: on the way of REST calls, and on the way of deliveries.

Faults are a value, and chance is a die with a seed, so that a run can be repeated. A fault of a call strikes before the
call is carried out, or after it: then Desk has done what was asked, and the client does not hear of it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInjector:
    """Shares are from 0 to 1, times in seconds.

    `share` of the calls named in `calls` (`PATCH /tickets/{id}`; none named: all) meet every fault of a call that is
    set: a `status` with Desk's error code, `latency`, `reset` (the connection is closed without an answer), `half`
    (and then closed), `drip` (the body byte by byte, with so long a wait after each).
    `drop` and `duplicate` are shares of the deliveries; with `reorder` the next one is any of those that wait.
    """

    seed: int = 0
    share: float = 1.0
    calls: tuple[str, ...] = ()
    after: bool = False
    status: int | None = None
    latency: float = 0.0
    reset: bool = False
    half: bool = False
    drip: float = 0.0
    drop: float = 0.0
    duplicate: float = 0.0
    reorder: bool = False

    def __post_init__(self) -> None:
        if not all(0 <= share <= 1 for share in (self.share, self.drop, self.duplicate)):
            raise ValueError("a share is from 0 to 1")
        if self.latency < 0 or self.drip < 0:
            raise ValueError("a time is not negative")

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> FaultInjector:
        """From JSON. Raises ValueError for a key that is none."""
        unknown = document.keys() - {each.name for each in fields(cls)}
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
        return cls(**{**document, "calls": tuple(document.get("calls", ()))})


NONE = FaultInjector()


class FaultChance:
    """The faults that are set now, and the die that they are thrown with."""

    def __init__(self, faults: FaultInjector = NONE) -> None:
        self.set(faults)

    def set(self, faults: FaultInjector) -> None:
        """Other faults from now on; the die starts again from their seed."""
        self.faults = faults
        self._die = random.Random(faults.seed)  # noqa: S311 -- chance that can be repeated

    def strike(self, call: str) -> FaultInjector:
        """The faults that a call meets: those that are set, or none."""
        named = not self.faults.calls or call in self.faults.calls
        return self.faults if named and self._happens(self.faults.share) else NONE

    def copies(self) -> int:
        """How often the next delivery is sent: 0 if it is dropped, 2 if it is doubled."""
        if self._happens(self.faults.drop):
            return 0
        return 2 if self._happens(self.faults.duplicate) else 1

    def next_of(self, waiting: int) -> int:
        """Which of the waiting deliveries goes next."""
        return self._die.randrange(waiting) if self.faults.reorder else 0

    def _happens(self, share: float) -> bool:
        return share > 0 and self._die.random() < share
