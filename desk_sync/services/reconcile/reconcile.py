"""One look at one ticket: read it, decide, write what differs, record what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from desk_sync.domain.account.partner import TicketWriter
from desk_sync.domain.escalation.basic_questions import HOWTO
from desk_sync.domain.plan.memory import Memory, is_news
from desk_sync.domain.plan.plan import Plan
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Ticket, digest, only_ours
from desk_sync.errors import DeskSyncError, Gone, LeaseLost, NotPermitted, PermanentError, TemporaryError, where
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.portal import CallBudget, PortalFacts
from desk_sync.ports.related_tickets import RelatedTickets, TicketTraits
from desk_sync.ports.tickets import Lease, Look, PendingWork, TicketStore
from desk_sync.services.backoff import doubled
from desk_sync.services.reconcile.education import EducationLimiter
from desk_sync.services.reconcile.read import TicketReader

log = structlog.get_logger()


class LookOutcome(StrEnum):
    """How a look ended."""

    RECONCILED = "reconciled"
    NOTHING_NEW = "nothing_new"
    POSTPONED = "postponed"
    PARKED = "parked"
    GONE = "gone"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookLimits:
    """How long a look may hold its ticket, and how often a look that fails is begun again.

    `call` is the longest that a call of Desk takes; `refusal` is the pause after Desk said that we may not.
    """

    lease: timedelta = timedelta(seconds=45)
    call: timedelta = timedelta(seconds=22)
    attempts: int = 5
    pause: timedelta = timedelta(seconds=30)
    refusal: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Keeps one portal's tickets as the policy wants them. Safe to repeat, and to run beside others of its kind."""

    finder: TicketReader
    desk: Desk
    budget: CallBudget
    education: EducationLimiter
    tickets: TicketStore
    portal: PortalFacts
    related_tickets: RelatedTickets
    now: Now
    limits: LookLimits = LookLimits()

    def look(self, lease: Lease) -> LookOutcome:
        """Look at a leased ticket once. Never raises for what is wrong with the ticket, Desk or the sources."""
        try:
            outcome = self._look(lease)
        except LeaseLost:
            outcome = LookOutcome.LEASE_LOST
        log.debug("look.finished", ticket_id=lease.ticket_id, outcome=outcome)
        return outcome

    def _look(self, lease: Lease) -> LookOutcome:
        now = self.now()
        lease = replace(lease, until=now + self.limits.lease)
        pending = self.tickets.begin_look(lease, now=now, until=lease.until)
        if pending.attempts > self.limits.attempts:
            return self._park(lease, f"given up after {self.limits.attempts} attempts")
        news = [event for event in pending.events if is_news(event, pending.memory, pending.references)]
        if not news and not pending.wake_due:
            self.tickets.skip_look(lease, modified_at=_told_up_to(pending.events))
            return LookOutcome.NOTHING_NEW
        try:
            self._reconcile(lease, pending, news)
        except (Gone, TemporaryError, PermanentError) as error:
            return self._set_aside(lease, error)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not hold up other tickets
            log.error("look.failed", ticket_id=lease.ticket_id, error=type(error).__name__, where=where(error))
            return self._try_again(lease, pending, error)
        return LookOutcome.RECONCILED

    def _reconcile(self, lease: Lease, pending: PendingWork, news: Sequence[Event]) -> None:
        self.budget.check(lease.urgency)
        found, memory = self.finder.find(lease.ticket_id, pending, news)
        wish = self.finder.plan(found, memory)
        ticket, writer = found.ticket, found.writer
        wish = self.education.sparing(wish, ticket, writer, pending.references)
        after, commented = self._write(lease, ticket, wish, pending.memory.intending(wish.intended))
        self._record(lease, ticket, after, wish, _remembered(ticket, after, wish, memory, commented), writer)
        self.related_tickets.wake(wish.wakes, now=self.now())

    def _write(self, lease: Lease, ticket: Ticket, wish: Plan, known: Memory) -> tuple[Ticket, int]:
        """Write down what is about to happen, then let it happen (L6). Returns how many comments it made, too."""
        if not wish.wanted and not wish.comments:
            return ticket, 0
        owed = self.tickets.announce(lease, memory=known, effects=wish.comments)
        after = self._write_fields(ticket, wish)
        made = [self._comment(lease, effect, owed[effect]) for effect in wish.effects if effect in owed]
        if wish.sheet:
            made.append(self._keep(lease, wish.sheet.comment, new=owed.get(wish.sheet.comment) is False))
        return after, sum(made)

    def _write_fields(self, ticket: Ticket, wish: Plan) -> Ticket:
        if not wish.wanted:
            return ticket
        after = self.desk.write_ticket(ticket.ticket_id, wish.wanted)
        if after.modified_by and after.modified_by != self.portal.own_agent():
            self.portal.learn_own_agent(after.modified_by)
        return after

    def _comment(self, lease: Lease, effect: Effect, may_have_got_through: bool) -> bool:
        """Make a comment once; whether it was made now."""
        reference = effect.reference(lease.ticket_id)
        if may_have_got_through and self.desk.has_comment(lease.ticket_id, reference):
            return False
        return self._add(lease, effect, reference)

    def _keep(self, lease: Lease, comment: Effect, *, new: bool) -> bool:
        """Make the standing comment say what it has to say; whether it was made now: a person may have deleted it."""
        reference = comment.reference(lease.ticket_id)
        if not new and self.desk.edit_comment(lease.ticket_id, comment.text, reference):
            return False
        return self._add(lease, comment, reference)

    def _add(self, lease: Lease, comment: Effect, reference: str) -> bool:
        """Nobody else may begin with the ticket before this call has ended: no later look mends a comment."""
        now = self.now()
        left = lease.until - now
        if not self.limits.call <= left <= self.limits.lease:  # it takes long, or somebody moved the clock
            self.tickets.renew(lease, until=now + self.limits.lease)
        self.desk.add_comment(lease.ticket_id, comment.text, reference, public=comment.public)
        return True

    def _record(
        self, lease: Lease, found: Ticket, left: Ticket, wish: Plan, memory: Memory, writer: TicketWriter
    ) -> None:
        self.tickets.finish_look(
            lease,
            Look(
                at=self.now(),
                decision=wish.decision,
                memory=memory,
                fields_written=wish.wanted,
                effects_done=wish.comments,
                watch=wish.watch,
                messages=wish.messages,
                traits=_traits(found, wish, writer),
                urgency=wish.urgency,
                next_look_at=wish.next_look_at,
                next_step_at=wish.next_step_at,
                closed=left.closed or left.in_bin,
                # What somebody else changed between our reading and our write is still to be looked at.
                modified_at=(left if only_ours(found, left, wish.wanted) else found).modified_at,
            ),
        )
        log.info(
            "ticket.reconciled",
            ticket_id=lease.ticket_id,
            verdict=wish.decision.verdict,
            licences=wish.decision.licences,
            questions=wish.decision.questions,
            written=sorted(wish.wanted),
            effects=[effect.kind for effect in wish.effects],
            next_look_at=wish.next_look_at,
        )

    def _set_aside(self, lease: Lease, error: DeskSyncError) -> LookOutcome:
        """What a known error means for the ticket: gone, later, or a person's turn."""
        match error:
            case Gone():
                self.tickets.end(lease, now=self.now())
                log.info("ticket.gone", ticket_id=lease.ticket_id)
                return LookOutcome.GONE
            case TemporaryError(retry_after=retry_after):
                return self._later(lease, error, retry_after)
            case NotPermitted():  # the portal's fault, and its people can mend it
                return self._later(lease, error, self.limits.refusal)
            case _:
                return self._park(lease, str(error))

    def _later(self, lease: Lease, error: DeskSyncError, pause: timedelta) -> LookOutcome:
        """Try again after the pause, as often as it takes: it is not the ticket's fault."""
        look_at = self.now() + pause
        self.tickets.postpone(lease, look_at=look_at, error=str(error), refund=True)
        log.warning("look.postponed", ticket_id=lease.ticket_id, error=str(error), look_at=look_at)
        return LookOutcome.POSTPONED

    def _try_again(self, lease: Lease, pending: PendingWork, error: Exception) -> LookOutcome:
        look_at = self.now() + doubled(self.limits.pause, pending.attempts)
        self.tickets.postpone(lease, look_at=look_at, error=type(error).__name__)
        return LookOutcome.POSTPONED

    def _park(self, lease: Lease, error: str) -> LookOutcome:
        self.tickets.park(lease, now=self.now(), error=error)
        log.error("ticket.parked", ticket_id=lease.ticket_id, error=error)
        return LookOutcome.PARKED


def _remembered(found: Ticket, left: Ticket, wish: Plan, memory: Memory, commented: int) -> Memory:
    """What the next look has to know. Comments that others made during this one are counted by it."""
    return Memory(
        left=digest(left),
        found=digest(found),
        written=wish.written,
        overrides=wish.overrides,
        consecutive_writes=wish.consecutive_writes,
        heard=memory.heard,
        threads_read=memory.threads_read,
        mailboxes=memory.mailboxes,
        watched=wish.watch.watched if wish.watch else memory.watched,
        threads_heard=found.threads,
        comments_heard=found.comments + commented,
        suppressed=wish.suppressed,
        escalation=wish.escalation,
        asked=wish.asked,
        sheet=wish.sheet.digest if wish.sheet else memory.sheet,
    )


def _traits(ticket: Ticket, wish: Plan, writer: TicketWriter) -> TicketTraits:
    """By what the looks at other tickets know this one."""
    history = wish.watch.history if wish.watch else None
    return TicketTraits(
        number=ticket.number,
        product=ticket.product,
        partner=writer.partner.name if writer.partner else None,
        severe_at=history.severe_at if history else None,
        howto_at=history.created_at if history and ticket.issue_type == HOWTO else None,
    )


def _told_up_to(events: Sequence[Event]) -> datetime | None:
    return max((event.modified_at for event in events if event.modified_at), default=None)
