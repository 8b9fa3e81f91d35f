"""What is known of the ticket that is explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from desk_sync.cli.explain.zone import ReadingZone
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.plan.decision import Decision
from desk_sync.ports.tickets import NamedTicket, TicketHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTicket:
    """A ticket at `now`. `account` is the one that it was last decided for, as the sources have it today, if any has.

    `chosen_zone` is a zone that the reader wants, instead of the one of the ticket's clocks.
    """

    names: NamedTicket
    history: TicketHistory
    account: Account | None
    now: datetime
    chosen_zone: str | None = None

    @property
    def zone(self) -> ReadingZone:
        """The zone of the reader, or that of the ticket's region; UTC for a ticket without clocks."""
        promise = self.history.promise
        return ReadingZone(self.chosen_zone or (promise.calendar.tz if promise else "") or "UTC")

    @property
    def called(self) -> str:
        """The ticket as people call it: by its number; by its id before its first look."""
        return f"ticket #{self.names.number}" if self.names.number else f"ticket {self.names.ticket_id}"

    @property
    def decision(self) -> Decision | None:
        """The last decision; None before the first."""
        return self.history.decisions[-1].decision if self.history.decisions else None

    @property
    def state(self) -> str:
        """The state of our work on the ticket, in one word."""
        history = self.history
        if history.dropped_at:
            return "dropped"
        if history.parked_at:
            return "parked"
        if history.ended_at:
            return "gone"
        if history.missing_at:
            return "missing"
        return "due" if history.look_at else "settled"
