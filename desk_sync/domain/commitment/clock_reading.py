"""A ticket's clocks at one look, and what they are read from."""

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
    """The clocks of a ticket, and everything that they were read from."""

    history: History
    promise: Promise
    circumstances: ClockBasis
    clocks: tuple[Clock, ...]

    @property
    def next_at(self) -> datetime | None:
        """When the first of the clocks changes by itself."""
        return min((clock.next_at for clock in self.clocks if clock.next_at), default=None)

    @property
    def watched(self) -> ClockInputs:
        return ClockInputs(history=self.history, promise=self.promise.digest, circumstances=self.circumstances)

    @property
    def alarms(self) -> Mapping[str, Clock]:
        """The clocks that are at risk or breached, by a key that stands for this alarm and no other."""
        return {f"{clock.key}:{alarm}": clock for clock in self.clocks if (alarm := _alarm(clock))}

    @property
    def standing(self) -> str:
        """A digest of what the clocks show: how much time is used is no part of it."""
        shown = [(each.key, each.state, each.at_risk, each.target_at, each.due_at, each.met_at) for each in self.clocks]
        return fingerprint(shown)


def _alarm(clock: Clock) -> str | None:
    return "breached" if clock.state is ClockState.BREACHED else "at_risk" if clock.at_risk else None


def watch(history: History, promise: Promise, circumstances: ClockBasis, now: datetime) -> ClockReading:
    """The clocks as they stand at `now`."""
    clocks = read_clocks(history, promise, circumstances, now)
    return ClockReading(history=history, promise=promise, circumstances=circumstances, clocks=clocks)


def severity_since(
    history: History, level: int | None, ticket: Ticket, events: Sequence[Event], *, new: bool, now: datetime
) -> History:
    """The history with the severity level that counts now, since when it counts.

    A person's change is told by an event or by the ticket's last change; a ticket that is `new` to us had it from the
    start.
    """
    if history.level(now) == level:
        return history
    told = [event.occurred_at for event in events if Field.SEVERITY in event.changed]
    since = history.created_at if new else max(told, default=ticket.modified_at or now)
    return history.learn([HistoryEvent(kind=HistoryEventKind.SEVERITY, at=min(since, now), level=level)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockInputs:
    """What the clocks of a ticket are read from. `promise` is the digest of what was promised at their start (L9)."""

    history: History
    promise: str
    circumstances: ClockBasis
