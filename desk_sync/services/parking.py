"""What a person does about parked tickets: try them again, or end them. Neither happens by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from desk_sync.errors import PermanentError
from desk_sync.ports.now import Now
from desk_sync.ports.tickets import ParkedTicket, TicketStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """One portal's parked tickets."""

    tickets: TicketStore
    now: Now

    def choose(self, ticket_ids: Collection[str] | None) -> Sequence[ParkedTicket]:
        """Those of these ids, or all for None. Raises PermanentError, and names them, if some are not parked."""
        parked = self.tickets.parked()
        if ticket_ids is None:
            return parked
        if strangers := sorted(set(ticket_ids) - {each.ticket_id for each in parked}):
            raise PermanentError(f"not parked: {', '.join(strangers)}", hint="see `desk-sync parked list`")
        return [each for each in parked if each.ticket_id in ticket_ids]

    def retry(self, chosen: Sequence[ParkedTicket]) -> None:
        """Put tickets back into the queue, due now, with new attempts."""
        self.tickets.look_now([each.ticket_id for each in chosen], now=self.now())

    def drop(self, chosen: Sequence[ParkedTicket]) -> None:
        """End tickets for good. Their rows keep when and why, and each is a line in the log."""
        self.tickets.drop([each.ticket_id for each in chosen], now=self.now())
        for each in chosen:
            log.warning("ticket.dropped", ticket_id=each.ticket_id, error=each.error, events=each.events)
