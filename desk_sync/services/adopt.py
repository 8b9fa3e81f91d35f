"""Adopt our traces in a portal as a whole: after a restore, a loss, or a new name, before anything else is done.

It searches for the tickets that were modified since an instant, and marks them for a look that reads our traces.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_sync.errors import DeskSyncError
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk, ModifiedTickets
from desk_sync.ports.desk_clock import ONE_CLOCK, DeskTime
from desk_sync.ports.now import Now
from desk_sync.ports.portal import CallBudget, PortalFacts
from desk_sync.ports.tickets import TicketStore

log = get_logger()

CREDITS = 13
"""The credits of a look that adopts: one for the ticket, three each for mails, comments, status and history."""
AHEAD = timedelta(days=1)
"""Desk's clock may be ahead of ours."""
RECENT = timedelta(days=3)
"""How far back our last writes are searched for at a first start."""
_URGENCY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionEstimate:
    """The tickets that were modified since `since`, and about how many credits their looks cost.

    `ours` is the number of those that our agent modified last, `last_at` when it last did.
    """

    since: datetime
    ticket_ids: tuple[str, ...]
    ours: int
    last_at: datetime | None

    @property
    def credits(self) -> int:
        return CREDITS * len(self.ticket_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPortal:
    """Adopts the traces of one portal."""

    desk: Desk
    budget: CallBudget
    tickets: TicketStore
    portal: PortalFacts
    now: Now
    clock: DeskTime = ONE_CLOCK

    def estimate(self, since: datetime) -> AdoptionEstimate:
        """Return what an adoption would look at; the search costs three credits a hundred tickets."""
        self.budget.check(_URGENCY)
        own, found = self.desk.read_own_agent(), list[ModifiedTickets]()
        agents = self.portal.own_agents() | frozenset(filter(None, [own]))
        for page in self.desk.modified_between(since, self.now() + AHEAD):
            found += page
            self.budget.check(_URGENCY)
        ours = [each for each in found if each.by in agents]
        return AdoptionEstimate(
            since=since,
            ticket_ids=tuple(dict.fromkeys(each.ticket_id for each in found)),
            ours=len({each.ticket_id for each in ours}),
            last_at=max((each.at for each in ours if each.at), default=None),
        )

    def run(self, estimate: AdoptionEstimate) -> int:
        """Mark the tickets for a look that reads our traces; return how many.

        Escalation counts as active since our last write: what has happened since then was not told by anybody.
        """
        now, active = self.now(), self.portal.active_since(self.clock.offset)
        if estimate.last_at and (active is None or estimate.last_at < active):
            self.portal.activate(estimate.last_at)
        self.portal.want_traces(now)
        marked = self.tickets.look_now(estimate.ticket_ids, now=now)
        log.info("portal.adopting", since=estimate.since, tickets=marked, credits=estimate.credits)
        return marked

    def check_first_start(self) -> str:
        """Return what a new database means for the portal. Raises DeskSyncError if Desk has traces of ours."""
        if not self.portal.is_new():
            return "tickets are known"
        found = self.estimate(self.now() - RECENT)
        if found.ours:
            raise DeskSyncError(
                f"no ticket is known, but our agent has modified {found.ours} tickets in the last {RECENT.days} days",
                hint="`desk-sync adopt --dry-run` says what it costs to adopt what was done before",
            )
        return "no ticket is known yet, and Desk has no traces of ours"
