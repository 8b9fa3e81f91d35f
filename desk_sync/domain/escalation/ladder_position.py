"""The position of a ladder at an instant: the levels that it raised, its end, and its next level.

It is computed at each look from the levels that were raised and the signals of the ticket. A wait counts from the
instant at which the level before was really raised, so a ladder that is detected late does not rush through its levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from desk_sync.domain.commitment.calendar import Pause
from desk_sync.domain.escalation.ladder import Ladder, LadderRung, LadderSignal, RaisedLevel, SignalEffect, Signals

REOPENED_WITHIN = timedelta(hours=24)
"""Wall-clock time after which a ladder that closing pauses has stopped for good."""


@dataclass(frozen=True, slots=True)
class NextRung:
    """The next rung of a ladder; `at` is when it is due, None while the ladder is paused."""

    rung: LadderRung
    at: datetime | None

    def is_due(self, now: datetime) -> bool:
        return self.at is not None and self.at <= now


@dataclass(frozen=True)
class LadderPosition:
    """The position of a ladder at `now`. `raised` are the levels of all ladders of the ticket."""

    ladder: Ladder
    raised: Sequence[RaisedLevel]
    signals: Signals
    now: datetime

    @cached_property
    def own(self) -> Sequence[RaisedLevel]:
        """The levels that this ladder raised, in the order in which they were raised."""
        return [each for each in self.raised if each.ladder == self.ladder.key]

    @property
    def rung(self) -> LadderRung | None:
        """The rung after the highest level that was raised; None after the last."""
        reached = max((each.level for each in self.own), default=0)
        return next((rung for rung in self.ladder.rungs if rung.level > reached), None)

    @property
    def next_rung(self) -> NextRung | None:
        """The next rung with its instant; None if the ladder has stopped or its last level was raised."""
        rung = self.rung
        if rung is None or self.stopped_at is not None:
            return None
        return NextRung(rung, self.ladder.calendar.due(self.waits_since, rung.wait, self._pauses()))

    @property
    def waits_since(self) -> datetime:
        """The instant from which the wait for the next rung counts: the last level, or the start."""
        return max((each.at for each in self.own), default=self.ladder.started_at)

    @property
    def is_running(self) -> bool:
        """True if a level is still to be raised, now, later, or after a pause."""
        return self.rung is not None and self.stopped_at is None

    @property
    def finished_at(self) -> datetime | None:
        """The instant at which the last level was raised; None before it."""
        return None if self.rung else self.own[-1].at

    @property
    def is_held(self) -> bool:
        """True if nothing may be raised now: the ticket is closed, or on hold before the first level was raised."""
        on_hold = not self.own and self.ladder.answers.get(LadderSignal.HOLDING) is SignalEffect.PAUSE
        return any(map(self._lasts_now, (LadderSignal.CLOSING, *((LadderSignal.HOLDING,) if on_hold else ()))))

    @cached_property
    def stopped_at(self) -> datetime | None:
        """The instant at which the ladder stopped: the first stopping signal since its start; None if it did not.

        A signal that began before and still lasts stops it at once, except a take-over: it was of another escalation.
        Closing stops or pauses only what was raised: a breach that was not is looked at again after a reopening. A
        signal that is folded stopped it then, or never does: of folded spans only the sum is right.
        """
        if self.ladder.stopped:
            return self.ladder.stopped
        stops = (at for at in (*self._stops(), *self._closings()) if at <= self.now)
        return min(stops, default=None)

    @property
    def stops_at(self) -> datetime | None:
        """When the ladder stops for good if its ticket stays closed; None if it is open, or the ladder has stopped."""
        closed = [begins for begins, ends in self.signals.get(LadderSignal.CLOSING, ()) if ends is None]
        return closed[-1] + REOPENED_WITHIN if closed and self.own and self.is_running else None

    def _stops(self) -> Iterator[datetime]:
        started_at = self.ladder.started_at
        for signal, effect in self.ladder.answers.items():
            if effect is SignalEffect.STOP and signal is not LadderSignal.CLOSING:
                for begins, ends in self._spans(signal):
                    lasts = signal is not LadderSignal.TAKE_OVER and (ends is None or ends > started_at)
                    if begins >= started_at or lasts:
                        yield max(begins, started_at)

    def _closings(self) -> Iterator[datetime]:
        """Yield when each closing since the first level stops the ladder; a pause does so after a day.

        A pause is for a ladder that no person has answered.
        """
        effect = self.ladder.answers.get(LadderSignal.CLOSING, SignalEffect.NOTHING)
        if not self.own or effect is SignalEffect.NOTHING:
            return
        first_at, answered_at = self.own[0].at, self.answered_at
        for begins, ends in self._spans(LadderSignal.CLOSING):
            if ends is None or ends > first_at:
                at = max(begins, first_at)
                answered = effect is SignalEffect.STOP or (answered_at is not None and answered_at <= at)
                if answered or (ends or self.now) - begins >= REOPENED_WITHIN:
                    yield at if answered else begins + REOPENED_WITHIN

    @property
    def answered_at(self) -> datetime | None:
        """The instant of a person's first reply since the first level."""
        if self.ladder.answered or not self.own:
            return self.ladder.answered
        replies = (at for at, _ in self._spans(LadderSignal.REPLY) if at >= self.own[0].at)
        return min(replies, default=None)

    def _spans(self, signal: LadderSignal) -> Iterable[Pause]:
        """Yield the spans of a signal that are not folded."""
        folded_until = self.ladder.folded_until
        for begins, ends in self.signals.get(signal, ()):
            if ends is None or folded_until is None or ends > folded_until:
                yield begins, ends

    def _lasts_now(self, signal: LadderSignal) -> bool:
        spans = self.signals.get(signal, ())
        return any(begins <= self.now and (ends is None or ends > self.now) for begins, ends in spans)

    def _pauses(self) -> Iterable[Pause]:
        """Return the spans that do not count towards a wait."""
        pausing = (signal for signal, effect in self.ladder.answers.items() if effect is SignalEffect.PAUSE)
        return [span for signal in pausing for span in self.signals.get(signal, ())]
