"""The actions of a person on parked tickets: retry them, or drop them. Neither happens automatically."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from desk_sync.errors import PermanentError
from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.tickets import ParkedTicket, TicketStore

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """One portal's parked tickets."""

    tickets: TicketStore
    now: Now

    def choose(self, ticket_ids: Collection[str] | None) -> Sequence[ParkedTicket]:
        """Return the parked tickets with these ids, or all for None. Raises PermanentError if some are not parked."""
        parked = self.tickets.parked()
        if ticket_ids is None:
            return parked
        if not_parked := sorted(set(ticket_ids) - {each.ticket_id for each in parked}):
            raise PermanentError(f"not parked: {', '.join(not_parked)}", hint="see `desk-sync parked list`")
        return [each for each in parked if each.ticket_id in ticket_ids]

    def retry(self, chosen: Sequence[ParkedTicket]) -> None:
        """Put tickets back into the queue, due now, with new attempts."""
        self.tickets.look_now([each.ticket_id for each in chosen], now=self.now())

    def drop(self, chosen: Sequence[ParkedTicket]) -> None:
        """End tickets for good. Their rows keep the time and the error, and each is logged."""
        self.tickets.drop([each.ticket_id for each in chosen], now=self.now())
        for each in chosen:
            log.warning("ticket.dropped", ticket_id=each.ticket_id, error=each.error, events=each.events)
