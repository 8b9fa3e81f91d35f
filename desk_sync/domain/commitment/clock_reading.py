"""A ticket's clocks at one look, with the inputs that they are read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk_sync.domain.backoff import as_long_again
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.past import KEPT_CLOCKS
from desk_sync.domain.commitment.promise import Milestone, Promise
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks
from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Ticket

SHORTEST_DOUBT, LONGEST_DOUBT = timedelta(minutes=1), timedelta(minutes=15)
"""The pauses between two looks at a ticket with a breach that rests on unknown time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """The clocks of a ticket with the history, promise and facts that they were read from.

    `coming_at` is when the first thing of the history happens that lay ahead, which may start or change a clock.
    """

    history: History
    promise: Promise
    basis: ClockBasis
    clocks: tuple[Clock, ...]
    coming_at: datetime | None = None

    @property
    def next_at(self) -> datetime | None:
        """The earliest `next_at` of the clocks, or `coming_at`; None if only a new event can change them."""
        return min(filter(None, (self.coming_at, *(clock.next_at for clock in self.clocks))), default=None)

    @property
    def zone(self) -> str:
        """The IANA name of the zone in which people read the instants: that of the promise's calendar."""
        return self.promise.calendar.tz

    @property
    def inputs(self) -> ClockInputs:
        """The inputs of the reading, to be stored."""
        return ClockInputs(history=self.history, promise=self.promise.digest, basis=self.basis)

    @property
    def doubtful(self) -> Sequence[Clock]:
        """The clocks whose breach rests on unknown time; of folded time nothing more is learnt."""
        return [clock for clock in self.clocks if clock.is_doubtful and not clock.folded]

    def ask_again_at(self, now: datetime) -> datetime | None:
        """Return when to ask again what happened in unknown time, after pauses that double; None if it is certain."""
        if not self.doubtful or not self.history.unknown:
            return None
        return now + as_long_again(now - self.history.unknown[-1][1], SHORTEST_DOUBT, LONGEST_DOUBT)

    @property
    def proven(self) -> ClockReading:
        """The reading in which a breach that rests on unknown time is none: nothing follows from it in public (L8)."""
        clocks = (replace(each, state=ClockState.RUNNING) if each.is_doubtful else each for each in self.clocks)
        return replace(self, clocks=tuple(clocks))

    @property
    def folded_rounds(self) -> Mapping[Milestone, int]:
        """The number of the last folded clock of each milestone; the clocks up to it change no more."""
        return {clock.milestone: clock.round for clock in self.clocks if clock.folded}

    @property
    def alarms(self) -> Mapping[str, Clock]:
        """The clocks at risk, breached, or doubtfully so, by the key of the alarm: what passed when, and its kind.

        None of them is folded.
        """
        clocks = (clock for clock in self.clocks if not clock.folded)
        return {alarm_key(clock, alarm): clock for clock in clocks if (alarm := _alarm(clock))}

    @property
    def shown(self) -> Sequence[Clock]:
        """The open clocks and the newest of the ended ones, which are shown for certain."""
        ended = [clock for clock in self.clocks if not clock.open]
        return [clock for clock in self.clocks if clock.open or clock in ended[-KEPT_CLOCKS:]]

    def others(self, shown: Sequence[Clock]) -> tuple[int, int]:
        """Return the number of ended clocks besides those `shown`, and how many of them ended late."""
        past, folded = self.history.past, [clock for clock in self.clocks if clock.folded]
        left_out = [clock for clock in self.clocks if clock not in shown]
        number, late = len(left_out), _late(left_out)
        if past is None or not folded:
            return number, late
        return number + sum(past.rounds.values()) - len(folded), late + past.breached - _late(folded)

    @property
    def digest(self) -> str:
        """A digest of what the clocks show, without the time that is used."""
        clocks = self.shown
        states = ("doubtful" if each.is_doubtful else each.state for each in clocks)
        shown = [
            (each.key, state, each.at_risk, each.target_at, each.due_at, each.met_at)
            for each, state in zip(clocks, states, strict=True)
        ]
        others = self.others(clocks)
        return fingerprint((shown, others) if others[0] else shown)


def _late(clocks: Iterable[Clock]) -> int:
    return sum(clock.state is ClockState.BREACHED for clock in clocks)


BREACHED, AT_RISK, DOUBTFUL = "breached", "at_risk", "doubtful"


def alarm_key(clock: Clock, alarm: str) -> str:
    """Return the key of an alarm of the clock: a later window, or a clock counted afresh, has an alarm of its own."""
    return f"{clock.passing_key(clock.target_at if alarm == AT_RISK else clock.due_at)}:{alarm}"


def alarm_effect(key: str) -> str:
    """Return the key of a comment on an alarm: on a doubt, or by an older version on any."""
    return f"clock:{key}"


def _alarm(clock: Clock) -> str | None:
    if clock.is_doubtful:
        return DOUBTFUL
    return BREACHED if clock.state is ClockState.BREACHED else AT_RISK if clock.at_risk else None


def take_reading(history: History, promise: Promise, basis: ClockBasis, now: datetime) -> ClockReading:
    """Return the reading of the clocks at `now`."""
    clocks = read_clocks(history, promise, basis, now)
    return ClockReading(history=history, promise=promise, basis=basis, clocks=clocks, coming_at=history.next_after(now))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityLevels:
    """The level of the severity that a ticket has in Desk, and of the one that counts: ours, where we set another.

    A change of ours is made by the look that decides it, at `now`, whatever it was that led to it.
    """

    in_desk: int | None
    counts: int | None

    def after(self, history: History, ticket: Ticket, events: Sequence[Event], *, new: bool, now: datetime) -> History:
        """Return the history with the level that counts now, and since when.

        The level in Desk counts from the creation for a ticket that is `new` to us; else from the latest event with a
        change of the severity, or the ticket's last change; at the latest from `now`.
        """
        if history.level(now) == self.counts:
            return history
        by_us = self.counts != self.in_desk
        if new or not by_us:
            changed_at = [event.occurred_at for event in events if Field.SEVERITY in event.changed]
            since = history.created_at if new else max(changed_at, default=ticket.modified_at or now)
            history = history.with_severity(self.in_desk, min(since, now), by_us=False)
        return history.with_severity(self.counts, now, by_us=True) if by_us else history


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockInputs:
    """The inputs of the clocks of a ticket. `promise` is the digest of the promise at their start (L9)."""

    history: History
    promise: str
    basis: ClockBasis
