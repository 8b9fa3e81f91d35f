"""The folded part of a ticket's history: the cycles that ended long ago, and the state in which the others go on.

Milestones and states are here by their words, as in the keys of clocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

KEPT_CLOCKS = 6
"""The number of ended clocks that are kept besides those that later decisions need, the newest."""


def stamp(at: datetime) -> str:
    """Return the instant in UTC as it stands in keys, cut to the second: "20261123T040000Z"; a later one is greater."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCycle:
    """A cycle that is open: its start, the event that started it, and the number of replies that it still requires."""

    started_at: datetime
    by: str
    replies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedClock:
    """A clock that has ended, as it was read; see `Clock`. Its reasons and pauses are not kept.

    `cycle_at` is None where the clock counts from the start of its cycle. It is `doubtful` if it ended with a breach
    that rests on unknown time.
    """

    key: str
    level: int
    state: str
    started_at: datetime
    cycle_at: datetime | None = None
    target_at: datetime | None = None
    due_at: datetime | None = None
    ended_at: datetime | None = None
    met_at: datetime | None = None
    used: timedelta = timedelta(0)
    paused: timedelta = timedelta(0)
    doubtful: bool = False


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
        """Return True for the key of a clock that ended in this part: it changes no more, and raises no alarm.

        The clock is named by the number of its cycle or by the start of it, to which an instant at which it passed may
        be added.
        """
        milestone, _, cycle = key.partition(":")
        if cycle.isdecimal():
            return int(cycle) <= self.rounds.get(milestone, 0)
        since = self._open_since.get(milestone)
        return since is not None and cycle.partition(":")[0] < stamp(since)

    @property
    def _open_since(self) -> Mapping[str, datetime]:
        """The start of the open cycle of each milestone; each that began before it has ended."""
        return {
            "acknowledgement": self.until if self.acknowledged else self.episode_at,
            "determination": self.determination.started_at if self.determination else self.until,
            "resolution": self.episode_at,
            "update": self.update.started_at if self.update else self.until,
        }
