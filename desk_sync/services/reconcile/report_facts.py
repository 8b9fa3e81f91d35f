"""The facts of a ticket that reports need, taken from a look."""

from __future__ import annotations

from datetime import datetime

from desk_sync.domain.account.partner import TicketWriter
from desk_sync.domain.commitment.history import History
from desk_sync.domain.plan.plan import Plan
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.ports.tickets import ReportFacts


def report_facts(ticket: Ticket, plan: Plan, writer: TicketWriter, now: datetime) -> ReportFacts:
    """Return the facts; of a ticket without clocks only those that do not depend on them."""
    department_id, tier = ticket.department_id, writer.partner.tier if writer.partner else None
    reading = plan.clocks.reading
    if reading is None:
        return ReportFacts(department_id=department_id, tier=tier)
    return ReportFacts(
        department_id=department_id,
        region=reading.promise.region,
        tier=tier,
        severity=reading.history.level(now),
        large=reading.basis.large,
        solved_at=_solved_at(reading.history),
    )


def _solved_at(history: History) -> datetime | None:
    """Return when the ticket was solved; None if it is not solved now."""
    return next((at for at, reopened_at in reversed(history.solved) if reopened_at is None), None)
