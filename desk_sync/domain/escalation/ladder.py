"""A ladder: the levels that one cause goes through, the wait before each, and the signals that stop or pause it.

It is frozen when it starts (L9): its waits, calendar and roles stay the same when the mapping changes. Its position is
computed at each look from the levels that were raised and the signals of the ticket. A wait counts from the instant at
which the level before was really raised, so a ladder that is detected late does not rush through its levels.
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
    """A frozen ladder. `key` and `reason` are those of its trigger; the key is unique within the ticket.

    `started_at` is the instant of the breach or other cause, not of the look that detected it. `stopped` is when it
    stopped, if the signal that stopped it is folded and not known any more.
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
    stopped: datetime | None = None

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

    def stopped_at(self, signals: Signals) -> datetime | None:
        """Return when the ladder stopped: at the first stopping signal since its start; None if it did not.

        A signal that began before and still lasts stops it at once, except a take-over: it was of another escalation.
        """
        stops = (
            max(begins, self.started_at)
            for signal, effect in self.answers.items()
            for begins, ends in signals.get(signal, ())
            if effect is SignalEffect.STOP and (begins >= self.started_at or self._lasts(signal, ends))
        )
        return self.stopped or min(stops, default=None)

    def _lasts(self, signal: LadderSignal, ends: datetime | None) -> bool:
        return signal is not LadderSignal.TAKE_OVER and (ends is None or ends > self.started_at)

    def pauses(self, signals: Signals) -> Iterable[Pause]:
        """Return the spans that do not count towards a wait."""
        pausing = (signal for signal, effect in self.answers.items() if effect is SignalEffect.PAUSE)
        return [span for signal in pausing for span in signals.get(signal, ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedLevel:
    """A level that was really raised: the key of its ladder, the instant, and the roles that were notified."""

    ladder: str
    because: LadderCause
    level: int
    at: datetime
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NextRung:
    """The next rung of a ladder; `at` is when it is due, None while the ladder is paused."""

    rung: LadderRung
    at: datetime | None

    def is_due(self, now: datetime) -> bool:
        return self.at is not None and self.at <= now


def last_raised(ladder: Ladder, raised: Iterable[RaisedLevel]) -> tuple[int, datetime]:
    """Return the highest level that the ladder raised, and when; before that 0 and its start."""
    own = ((step.level, step.at) for step in raised if step.ladder == ladder.key)
    return max(own, default=(0, ladder.started_at))


def next_rung(ladder: Ladder, raised: Iterable[RaisedLevel], signals: Signals) -> NextRung | None:
    """Return the next rung of the ladder; None if it has stopped or its last level was raised."""
    reached, since = last_raised(ladder, raised)
    rung = next((rung for rung in ladder.rungs if rung.level > reached), None)
    if rung is None or ladder.stopped_at(signals) is not None:
        return None
    return NextRung(rung, ladder.calendar.due(since, rung.wait, ladder.pauses(signals)))
