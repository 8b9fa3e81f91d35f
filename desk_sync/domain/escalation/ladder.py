"""A ladder: the levels that one cause goes through, the wait before each, and the signals that stop or pause it.

It is frozen when it starts, not when the clock that it names was: its waits, calendar and roles stay the same when the
mapping changes. Its position (`ladder_position.py`) is computed at each look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.commitment.calendar import BusinessCalendar, Pause
from desk_sync.domain.escalation.matrix import Chain
from desk_sync.domain.reason import Reason


class LadderCause(StrEnum):
    """The cause of a ladder: a missed milestone of the commitment, or another trigger (R33–R36)."""

    ACKNOWLEDGEMENT = "acknowledgement"
    DETERMINATION = "determination"
    RESOLUTION = "resolution"
    REQUEST = "request"
    OVERRUN = "overrun"
    CLUSTER = "cluster"
    SECURITY = "security"


class LadderSignal(StrEnum):
    """Something on the ticket that can stop or pause a ladder. Each lasts for a span; a reply is an instant."""

    REPLY = "reply"
    CLOSING = "closing"
    HOLDING = "holding"
    TAKE_OVER = "take_over"


class SignalEffect(StrEnum):
    """The effect of a signal on a ladder: stop it for good, pause it while the signal lasts, or nothing."""

    STOP = "stop"
    PAUSE = "pause"
    NOTHING = "nothing"


Signals = Mapping[LadderSignal, Sequence[Pause]]
"""The spans of each signal, in any order; the end is None while it lasts."""


@dataclass(frozen=True, slots=True)
class LadderRung:
    """A level, and the time to wait before it since the level before, or since the start."""

    level: int
    wait: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.wait < timedelta(0):
            raise ValueError(f"level {self.level} waits {self.wait}: must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A frozen ladder. `key`, `about` and `reason` are those of its trigger; the key is unique within the ticket.

    `about` names the clock whose breach started it, or the overrun: it raises a level only while that holds; "" for a
    ladder with another cause. `started_at` is the instant of the breach or other cause, not of the look that detected
    it. What signals up to `folded_until` did, which are folded, is known by two instants: it `stopped`, and a person
    `answered` it first.
    """

    key: str
    because: LadderCause
    reason: Reason
    started_at: datetime
    rungs: tuple[LadderRung, ...]
    chain: Chain
    calendar: BusinessCalendar
    answers: Mapping[LadderSignal, SignalEffect] = field(hash=False)
    policy_version: str = ""
    about: str = ""
    stopped: datetime | None = None
    answered: datetime | None = None
    folded_until: datetime | None = None

    def __post_init__(self) -> None:
        levels = [rung.level for rung in self.rungs]
        if not levels or levels != sorted(set(levels)):
            raise ValueError(f"levels {levels}: a ladder climbs, and has a rung at least")

    @property
    def foot(self) -> int:
        return self.rungs[0].level

    @property
    def top(self) -> int:
        return self.rungs[-1].level

    def reached(self, raised: Iterable[RaisedLevel]) -> int:
        """Return the highest level that this ladder raised; before that its lowest level, which is due at once."""
        return max((step.level for step in raised if step.ladder == self.key), default=self.foot)

    def covers(self, other: Ladder, raised: Iterable[RaisedLevel]) -> bool:
        """Return True if this ladder notifies everyone that `other` would notify, already or later."""
        return self.top >= other.top and self.reached(raised) >= other.foot

    def extended_by(self, other: Ladder) -> Ladder:
        """Return this ladder with the levels of `other` above its top added."""
        return replace(self, rungs=self.rungs + tuple(rung for rung in other.rungs if rung.level > self.top))


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedLevel:
    """A level that was really raised: the key of its ladder, the instant, and the roles that were notified."""

    ladder: str
    because: LadderCause
    level: int
    at: datetime
    roles: tuple[str, ...] = ()
