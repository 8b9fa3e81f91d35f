"""A ticket's clocks at one look, with the inputs that they are read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind
from desk_sync.domain.commitment.past import KEPT_CLOCKS
from desk_sync.domain.commitment.promise import Milestone, Promise
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks
from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Ticket


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
    def inputs(self) -> ClockInputs:
        """The inputs of the reading, to be stored."""
        return ClockInputs(history=self.history, promise=self.promise.digest, basis=self.basis)

    @property
    def folded_rounds(self) -> Mapping[Milestone, int]:
        """The number of the last folded clock of each milestone; the clocks up to it change no more."""
        return {clock.milestone: clock.round for clock in self.clocks if clock.folded}

    @property
    def alarms(self) -> Mapping[str, Clock]:
        """The clocks that are at risk or breached, by the key of the alarm: clock and kind; none that is folded."""
        clocks = (clock for clock in self.clocks if not clock.folded)
        return {f"{clock.key}:{alarm}": clock for clock in clocks if (alarm := _alarm(clock))}

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
        shown = [(each.key, each.state, each.at_risk, each.target_at, each.due_at, each.met_at) for each in clocks]
        others = self.others(clocks)
        return fingerprint((shown, others) if others[0] else shown)


def _late(clocks: Iterable[Clock]) -> int:
    return sum(clock.state is ClockState.BREACHED for clock in clocks)


def _alarm(clock: Clock) -> str | None:
    return "breached" if clock.state is ClockState.BREACHED else "at_risk" if clock.at_risk else None


def take_reading(history: History, promise: Promise, basis: ClockBasis, now: datetime) -> ClockReading:
    """Return the reading of the clocks at `now`."""
    clocks = read_clocks(history, promise, basis, now)
    return ClockReading(history=history, promise=promise, basis=basis, clocks=clocks, coming_at=history.next_after(now))


def severity_since(
    history: History, level: int | None, ticket: Ticket, events: Sequence[Event], *, new: bool, now: datetime
) -> History:
    """Return the history with the severity level that counts now, since the instant from which it counts.

    That is the creation for a ticket that is `new` to us; else the latest event with a change of the severity, or the
    ticket's last change; at the latest `now`.
    """
    if history.level(now) == level:
        return history
    changed_at = [event.occurred_at for event in events if Field.SEVERITY in event.changed]
    since = history.created_at if new else max(changed_at, default=ticket.modified_at or now)
    return history.learn([HistoryEvent(kind=HistoryEventKind.SEVERITY, at=min(since, now), level=level)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockInputs:
    """The inputs of the clocks of a ticket. `promise` is the digest of the promise at their start (L9)."""

    history: History
    promise: str
    basis: ClockBasis
