"""One look at one ticket: read it, decide, write what differs, record what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.account.partner import TicketWriter
from desk_sync.domain.escalation.basic_questions import HOWTO
from desk_sync.domain.plan.draft import draft_plan
from desk_sync.domain.plan.education import LastEducation
from desk_sync.domain.plan.memory import Memory, is_news
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.plan import Plan
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Ticket, Value, only_ours
from desk_sync.errors import DeskSyncError, Gone, LeaseLost, NotPermitted, PermanentError, TemporaryError, where
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.partners import EducationLog
from desk_sync.ports.portal import CallBudget, PortalFacts
from desk_sync.ports.related_tickets import RelatedTickets, TicketTraits
from desk_sync.ports.tickets import Lease, Look, PendingWork, TicketStore
from desk_sync.services.backoff import doubled
from desk_sync.services.reconcile.read import TicketReader

log = get_logger()


class LookOutcome(StrEnum):
    """The end of a look."""

    RECONCILED = "reconciled"
    NOTHING_NEW = "nothing_new"
    POSTPONED = "postponed"
    PARKED = "parked"
    GONE = "gone"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookLimits:
    """How long a look may hold its ticket, and how often a look that fails is started again.

    `call` is the longest duration of a call to Desk; `refusal` is the pause after Desk refused permission.
    """

    lease: timedelta = timedelta(seconds=45)
    call: timedelta = timedelta(seconds=22)
    attempts: int = 5
    pause: timedelta = timedelta(seconds=30)
    refusal: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Keeps one portal's tickets as the policy wants them. It can be repeated, and run in several processes."""

    reader: TicketReader
    desk: Desk
    budget: CallBudget
    education_log: EducationLog
    tickets: TicketStore
    portal: PortalFacts
    related_tickets: RelatedTickets
    now: Now
    limits: LookLimits = LookLimits()

    def look(self, lease: Lease) -> LookOutcome:
        """Look at a leased ticket once. It never raises for a fault of the ticket, of Desk or of the sources."""
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
            self.tickets.skip_look(lease, modified_at=_newest_modification(pending.events))
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
        """Read, decide, write: nothing is written to a ticket before the last step."""
        self.budget.check(lease.urgency)
        policy = self.reader.current_policy()
        observed, memory = self.reader.observe(lease.ticket_id, pending, news, policy)
        draft = draft_plan(observed, memory, policy)
        plan = draft.finish(
            agents=self.reader.agents(draft.agents_needed), last_education=self._last_education(draft.partner_key)
        )
        after, comments_made = self._write(lease, observed.ticket, plan, pending.memory)
        remembered = plan.memory_after(observed.ticket, after, memory, comments_made=comments_made)
        self._record(lease, observed, after, plan, remembered)
        self.related_tickets.wake(plan.escalation.wakes, now=self.now())

    def _last_education(self, partner_key: str | None) -> LastEducation | None:
        return self.education_log.last(partner_key) if partner_key else None

    def _write(self, lease: Lease, ticket: Ticket, plan: Plan, memory: Memory) -> tuple[Ticket, int]:
        """Store what is about to happen, then do it (L6). Return the ticket after it and the number of new comments."""
        if not plan.fields.writes and not plan.comments:
            return ticket, 0
        intended = replace(memory, fields=memory.fields.intending(plan.fields.intended))
        pending = self.tickets.announce(lease, memory=intended, effects=plan.comments, education=plan.education)
        after = self._write_fields(ticket, plan.fields.writes)
        made = [self._comment(lease, effect, pending[effect]) for effect in plan.effects if effect in pending]
        if standing := plan.clocks.comment:
            made.append(self._keep_current(lease, standing.comment, new=pending.get(standing.comment) is False))
        return after, sum(made)

    def _write_fields(self, ticket: Ticket, writes: Mapping[Field, Value]) -> Ticket:
        if not writes:
            return ticket
        after = self.desk.write_ticket(ticket.ticket_id, writes)
        if after.modified_by and after.modified_by != self.portal.own_agent():
            self.portal.learn_own_agent(after.modified_by)
        return after

    def _comment(self, lease: Lease, effect: Effect, may_exist: bool) -> bool:
        """Make a comment once; return True if it was made now."""
        reference = effect.reference(lease.ticket_id)
        if may_exist and self.desk.has_comment(lease.ticket_id, reference):
            return False
        return self._add(lease, effect, reference)

    def _keep_current(self, lease: Lease, comment: Effect, *, new: bool) -> bool:
        """Edit the standing comment, or make it if it is `new` or was deleted; return True if it was made now."""
        reference = comment.reference(lease.ticket_id)
        if not new and self.desk.edit_comment(lease.ticket_id, comment.text, reference):
            return False
        return self._add(lease, comment, reference)

    def _add(self, lease: Lease, comment: Effect, reference: str) -> bool:
        """Renew the lease first if it could expire during the call: a duplicate comment cannot be repaired later."""
        now = self.now()
        left = lease.until - now
        if not self.limits.call <= left <= self.limits.lease:  # more than a lease is left if the clock was put back
            self.tickets.renew(lease, until=now + self.limits.lease)
        self.desk.add_comment(lease.ticket_id, comment.text, reference, public=comment.public)
        return True

    def _record(self, lease: Lease, observed: ObservedTicket, after: Ticket, plan: Plan, memory: Memory) -> None:
        before, writes = observed.ticket, plan.fields.writes
        self.tickets.finish_look(
            lease,
            Look(
                at=self.now(),
                decision=plan.decision,
                memory=memory,
                fields_written=writes,
                effects_done=plan.comments,
                clocks=plan.clocks.reading,
                messages=plan.escalation.messages,
                traits=_traits(before, plan, observed.writer),
                urgency=plan.urgency,
                next_look_at=plan.next_look_at,
                next_step_at=plan.escalation.next_step_at,
                closed=after.closed or after.in_bin,
                # What somebody else changed between our reading and our write is still to be looked at.
                modified_at=(after if only_ours(before, after, writes) else before).modified_at,
            ),
        )
        log.info(
            "ticket.reconciled",
            ticket_id=lease.ticket_id,
            verdict=plan.decision.verdict,
            licences=plan.decision.licences,
            questions=plan.decision.questions,
            written=sorted(writes),
            effects=[effect.kind for effect in plan.effects],
            next_look_at=plan.next_look_at,
        )

    def _set_aside(self, lease: Lease, error: DeskSyncError) -> LookOutcome:
        """End, postpone or park the ticket, as a known error requires."""
        match error:
            case Gone():
                self.tickets.end(lease, now=self.now())
                log.info("ticket.gone", ticket_id=lease.ticket_id)
                return LookOutcome.GONE
            case TemporaryError(retry_after=retry_after):
                return self._postpone(lease, error, retry_after)
            case NotPermitted():  # a fault of the portal, which its administrators can repair
                return self._postpone(lease, error, self.limits.refusal)
            case _:
                return self._park(lease, str(error))

    def _postpone(self, lease: Lease, error: DeskSyncError, pause: timedelta) -> LookOutcome:
        """Try again after the pause, without a limit on the number: the ticket is not the cause."""
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


def _traits(ticket: Ticket, plan: Plan, writer: TicketWriter) -> TicketTraits:
    """Return the facts by which the looks at other tickets find this one."""
    history = plan.clocks.reading.history if plan.clocks.reading else None
    return TicketTraits(
        number=ticket.number,
        product=ticket.product,
        partner=writer.partner.name if writer.partner else None,
        severe_at=history.severe_at if history else None,
        howto_at=history.created_at if history and ticket.issue_type == HOWTO else None,
    )


def _newest_modification(events: Sequence[Event]) -> datetime | None:
    return max((event.modified_at for event in events if event.modified_at), default=None)
