"""The folded part of a ticket's history: the cycles that ended long ago, and the state in which the others go on.

Milestones and states are here by their words, as in the keys of clocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

KEPT_CLOCKS = 6
"""The number of ended clocks that are kept besides those that later decisions need, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCycle:
    """A cycle that is open: its start, the event that started it, and the number of replies that it still requires."""

    started_at: datetime
    by: str
    replies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedClock:
    """A clock that has ended, as it was read; see `Clock`. Its reasons and pauses are not kept."""

    key: str
    level: int
    state: str
    started_at: datetime
    target_at: datetime | None = None
    due_at: datetime | None = None
    ended_at: datetime | None = None
    met_at: datetime | None = None
    used: timedelta = timedelta(0)
    paused: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedPast:
    """What is kept of the events up to `until`, that instant included.

    The part of the ticket that is counted separately began at `episode_at`; a person has `acknowledged` it or not.
    `determination` and `update` are its open cycles. `rounds` has the number of the ended clocks of each milestone;
    `breached` of them ended late. `clocks` are those of them that are still shown.
    """

    until: datetime
    episode_at: datetime
    acknowledged: bool = False
    determination: OpenCycle | None = None
    update: OpenCycle | None = None
    rounds: Mapping[str, int] = field(default_factory=dict, hash=False)
    breached: int = 0
    clocks: tuple[EndedClock, ...] = ()

    def is_finished(self, key: str) -> bool:
        """Return True for the key of a clock that ended in this part: it changes no more, and raises no alarm."""
        milestone, _, number = key.partition(":")
        return number.isdecimal() and int(number) <= self.rounds.get(milestone, 0)
