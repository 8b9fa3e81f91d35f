"""A ladder: the levels that one cause climbs, how long each waits, and what stops or pauses it.

It is frozen when it starts (L9): waits, calendar and roles stay as they were, whatever becomes of the mapping. What
was raised is data, what happened to the ticket is data; where the ladder stands is worked out from both at each look.
A wait counts from the instant at which the level before was really raised, so a ladder that was seen late never runs.
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
    """Why a ladder started: a milestone of the commitment, or a trigger (R33–R36)."""

    ACKNOWLEDGEMENT = "acknowledgement"
    DETERMINATION = "determination"
    RESOLUTION = "resolution"
    REQUEST = "request"
    OVERRUN = "overrun"
    CLUSTER = "cluster"
    SECURITY = "security"


class LadderSignal(StrEnum):
    """What happens to a ticket that a ladder may answer to. Each is a span; a reply is an instant."""

    REPLY = "reply"
    CLOSING = "closing"
    HOLDING = "holding"
    TAKE_OVER = "take_over"


class SignalEffect(StrEnum):
    """What a signal does to a ladder: end it for good, hold it until the signal is over, or nothing."""

    STOP = "stop"
    PAUSE = "pause"
    NOTHING = "nothing"


Signals = Mapping[LadderSignal, Sequence[Pause]]
"""When each signal began and ended, in any order; None where it still lasts."""


@dataclass(frozen=True, slots=True)
class LadderRung:
    """A level, and how much time passes between the level before it, or the start, and this one."""

    level: int
    wait: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.wait < timedelta(0):
            raise ValueError(f"level {self.level} waits {self.wait}: must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One cause's ladder as it was frozen. `key` is its trigger's, one in the ticket, as `reason` is.

    `started_at` is the instant of the breach, or of whatever else the cause is, not that of the look that found it.
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
        """The highest level that it raised; its lowest, which is owed at once, before it raised any."""
        return max((step.level for step in raised if step.ladder == self.key), default=self.foot)

    def tells_of(self, other: Ladder, raised: Iterable[RaisedLevel]) -> bool:
        """Whether whoever the other ladder would tell is told by this one anyway, now or later."""
        return self.top >= other.top and self.reached(raised) >= other.foot

    def and_on(self, other: Ladder) -> Ladder:
        """This ladder, and above its top the levels to which the other one would have climbed."""
        return replace(self, rungs=self.rungs + tuple(rung for rung in other.rungs if rung.level > self.top))

    def stopped_at(self, signals: Signals) -> datetime | None:
        """When it ended: at the first stopping signal since it started.

        What still lasts from before ends it at once, except a person who took on an earlier escalation.
        """
        stops = (
            max(begins, self.started_at)
            for signal, answer in self.answers.items()
            for begins, ends in signals.get(signal, ())
            if answer is SignalEffect.STOP and (begins >= self.started_at or self._lasts(signal, ends))
        )
        return min(stops, default=None)

    def _lasts(self, signal: LadderSignal, ends: datetime | None) -> bool:
        return signal is not LadderSignal.TAKE_OVER and (ends is None or ends > self.started_at)

    def pauses(self, signals: Signals) -> Iterable[Pause]:
        """The spans that do not count."""
        pausing = (signal for signal, answer in self.answers.items() if answer is SignalEffect.PAUSE)
        return [span for signal in pausing for span in signals.get(signal, ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedLevel:
    """A level that was really raised, by which ladder, and who was told (role names)."""

    ladder: str
    because: LadderCause
    level: int
    at: datetime
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NextRung:
    """The next rung of a ladder and when it is due; None while that cannot be told: the ladder is paused."""

    rung: LadderRung
    at: datetime | None

    def owed(self, now: datetime) -> bool:
        return self.at is not None and self.at <= now


def following(ladder: Ladder, raised: Iterable[RaisedLevel], signals: Signals) -> NextRung | None:
    """The next step of the ladder; None when it has stopped, or its last level was raised."""
    own = [step for step in raised if step.ladder == ladder.key]
    reached, since = max(((step.level, step.at) for step in own), default=(0, ladder.started_at))
    rung = next((rung for rung in ladder.rungs if rung.level > reached), None)
    if rung is None or ladder.stopped_at(signals) is not None:
        return None
    return NextRung(rung, ladder.calendar.due(since, rung.wait, ladder.pauses(signals)))
