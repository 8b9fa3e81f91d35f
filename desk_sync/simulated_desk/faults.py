"""Injected faults of REST calls and of deliveries.

Faults are a value, and chance is a generator with a seed, so that a run can be repeated. A fault of a call takes effect
before the call is executed, or after it: then Desk has executed the call, but the client gets no success response.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInjector:
    """The faults to inject. Shares are from 0 to 1, times in seconds.

    A `share` of the calls named in `calls` (`PATCH /tickets/{id}`; empty: all calls) gets every call fault that is
    set: `status` (with Desk's error code), `latency`, `reset` (the connection is closed without a response), `half`
    (half the body, then closed), `drip` (the body byte by byte, with this wait after each).
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
        """Return the faults of a JSON document. Raises ValueError for an unknown key."""
        unknown = document.keys() - {each.name for each in fields(cls)}
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
        return cls(**{**document, "calls": tuple(document.get("calls", ()))})


NONE = FaultInjector()


class FaultChance:
    """The faults that are set now, and the random generator that applies them."""

    def __init__(self, faults: FaultInjector = NONE) -> None:
        self.set(faults)

    def set(self, faults: FaultInjector) -> None:
        """Replace the faults, and restart the generator from their seed."""
        self.faults = faults
        self._random = random.Random(faults.seed)  # noqa: S311 -- chance that can be repeated

    def draw_faults(self, call: str) -> FaultInjector:
        """Return the faults of a call: those that are set, or none."""
        named = not self.faults.calls or call in self.faults.calls
        return self.faults if named and self._happens(self.faults.share) else NONE

    def copies(self) -> int:
        """Return how often the next delivery is sent: 0 if it is dropped, 2 if it is duplicated."""
        if self._happens(self.faults.drop):
            return 0
        return 2 if self._happens(self.faults.duplicate) else 1

    def next_of(self, waiting: int) -> int:
        """Return the index of the next delivery among the waiting ones."""
        return self._random.randrange(waiting) if self.faults.reorder else 0

    def _happens(self, share: float) -> bool:
        return share > 0 and self._random.random() < share
