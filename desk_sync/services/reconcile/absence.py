"""Tickets that Desk does not have (404). It has been seen to answer so for tickets that exist, one or all of them.

So at every such answer another ticket is read, the witness. Desk does not have it either: the portal is ill, and no
ticket is to blame. Desk has it: the ticket is missing, and is gone once it was missing at two looks, hours apart. A
delivery that says that it was deleted stands for the first of them, never for the reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.errors import DeskSyncError, Gone
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.portal import CallBudget
from desk_sync.ports.tickets import PendingWork, TicketStore
from desk_sync.services.reconcile.recent_looks import RecentLooks

log = get_logger()

TURN = 3
"""Minutes in which one ticket is the first witness. A portal that is ill is asked for one in one of them only: hours of
it must cost few calls."""
RECENTLY = timedelta(minutes=1)
CANDIDATES = 5
"""How many tickets take turns as the witness: one of them may be gone too."""


class AbsenceVerdict(StrEnum):
    """What it means that Desk does not have a ticket: it is gone, or missing so far, or the portal may be ill."""

    GONE = "gone"
    MISSING = "missing"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceJudge:
    """Judges the absent tickets of one portal. A ticket must be missing at two looks that are `apart`.

    An id that Desk has never shown may be invented by whoever has a leaked token: it is gone at once, for one reading,
    and a witness is needed at most once a minute. If it was a real one, the next sweep finds that it exists.
    """

    desk: Desk
    tickets: TicketStore
    budget: CallBudget
    now: Now
    recent: RecentLooks
    apart: timedelta = timedelta(hours=3)
    witnesses: int = 3

    def judge(self, ticket_id: str, pending: PendingWork) -> AbsenceVerdict:
        """Return the meaning of a 404; a failure of the portal is recorded in its budget."""
        ill = self.budget.is_ill
        if not pending.exists and not ill and self._desk_has_others():
            return AbsenceVerdict.GONE
        if not self._has_another(ticket_id, self._while_ill(pending) if ill else self.witnesses):
            self.budget.failed("status 404", f"tickets/{ticket_id}")
            return AbsenceVerdict.DOUBTFUL
        return AbsenceVerdict.GONE if self._is_confirmed(pending) else AbsenceVerdict.MISSING

    def _is_confirmed(self, pending: PendingWork) -> bool:
        since: datetime | None = pending.missing_at
        for_long = since is not None and self.now() - since >= self.apart
        return for_long or pending.says_deleted or not pending.exists

    def _has_another(self, ticket_id: str, most: int) -> bool:
        """Return True if Desk has one of up to `most` other tickets. Any failure but a 404 ends the search for one."""
        known = self.tickets.witnesses(ticket_id, limit=CANDIDATES)
        try:
            return any(self._has(each) for each in self._in_turn(known)[:most])
        except DeskSyncError as error:
            log.info("witness.not_read", ticket_id=ticket_id, error=str(error))
            return False

    def _desk_has_others(self) -> bool:
        """Return True if Desk showed a ticket in the last minute, or never had one that we know."""
        shown = self.recent.showed_since(self.now() - RECENTLY)
        return shown or not self.tickets.witnesses("", limit=1)

    def _while_ill(self, pending: PendingWork) -> int:
        """Return how many witnesses an ill portal is asked for: 1 or 0.

        Without one, a ticket that is gone, as the only one that is due, would keep a portal paused that is well again.
        """
        return int(not pending.exists or self._minutes() % TURN == 0)

    def _in_turn(self, known: Sequence[str]) -> Sequence[str]:
        """Return the tickets, beginning with another one in each turn."""
        first = self._minutes() // TURN % max(len(known), 1)
        return [*known[first:], *known[:first]]

    def _minutes(self) -> int:
        return int(self.now().timestamp()) // 60

    def _has(self, ticket_id: str) -> bool:
        try:
            self.desk.read_ticket(ticket_id)
        except Gone:
            return False
        self.recent.show(self.now())
        return True
