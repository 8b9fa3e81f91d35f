"""A ticket's clocks at one look, with the inputs that they are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind
from desk_sync.domain.commitment.promise import Promise
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
    def alarms(self) -> Mapping[str, Clock]:
        """The clocks that are at risk or breached, by the key of the alarm: what passed when, and its kind."""
        return {alarm_key(clock, alarm): clock for clock in self.clocks if (alarm := _alarm(clock))}

    @property
    def digest(self) -> str:
        """A digest of what the clocks show, without the time that is used."""
        shown = [(each.key, each.state, each.at_risk, each.target_at, each.due_at, each.met_at) for each in self.clocks]
        return fingerprint(shown)


BREACHED, AT_RISK = "breached", "at_risk"


def alarm_key(clock: Clock, alarm: str) -> str:
    """Return the key of an alarm of the clock: a later window, or a clock counted afresh, has an alarm of its own."""
    return f"{clock.passing_key(clock.target_at if alarm == AT_RISK else clock.due_at)}:{alarm}"


def _alarm(clock: Clock) -> str | None:
    return BREACHED if clock.state is ClockState.BREACHED else AT_RISK if clock.at_risk else None


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
