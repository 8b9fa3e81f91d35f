"""Parked tickets: a person retries or drops them. Those that the portal's failure parked come back by themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk_sync.errors import PermanentError
from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.tickets import ParkedTicket, TicketStore
from desk_sync.services.reconcile.recent_looks import RecentLooks

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """One portal's parked tickets.

    A ticket that the portal's failure parked comes back after a `rest`, when a look has gone well since. While no look
    does, one comes back after a `long_rest`, to find out.
    """

    tickets: TicketStore
    now: Now
    recent: RecentLooks = field(default_factory=RecentLooks)
    rest: timedelta = timedelta(minutes=2)
    long_rest: timedelta = timedelta(minutes=10)

    def bring_back(self, most: int) -> int:
        """Put up to `most` tickets back that a failure of the portal parked; return how many. The portal is well."""
        now, well_at = self.now(), self.recent.last_at()
        if well_at and (brought := self._bring_back(min(well_at, now - self.rest), most)):
            return brought
        return self._bring_back(now - self.long_rest, 1)

    def _bring_back(self, parked_before: datetime, limit: int) -> int:
        brought = self.tickets.bring_back(parked_before=parked_before, now=self.now(), limit=limit)
        if brought:
            log.info("tickets.brought_back", tickets=brought)
        return brought

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
