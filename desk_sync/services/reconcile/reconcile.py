"""One look at one ticket: read it, decide, write what differs, record what was done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from desk_sync.domain.account.partner import TicketWriter
from desk_sync.domain.backoff import as_long_again, doubled
from desk_sync.domain.escalation.basic_questions import HOWTO
from desk_sync.domain.plan.adoption.traces import is_adopted
from desk_sync.domain.plan.education import LastEducation
from desk_sync.domain.plan.fields_plan import FieldsOutcome
from desk_sync.domain.plan.memory import Memory, is_news
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.plan import Plan
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.held_back import HeldBack
from desk_sync.domain.ticket.ticket import Field, Ticket, only_ours
from desk_sync.domain.ticket.waiting_comment import CommentsOutcome
from desk_sync.errors import (
    DeskSyncError,
    Gone,
    LeaseLost,
    NotPermitted,
    PartMissing,
    PermanentError,
    TemporaryError,
    Unreadable,
    where,
)
from desk_sync.logs import get_logger
from desk_sync.ports.held_back import HeldBackOnTicket
from desk_sync.ports.now import Now
from desk_sync.ports.partners import EducationLog
from desk_sync.ports.portal import CallBudget
from desk_sync.ports.related_tickets import RelatedTickets, TicketTraits
from desk_sync.ports.tickets import Lease, Look, ParkCause, PendingWork, TicketStore
from desk_sync.services.reconcile.absence import AbsenceJudge, AbsenceVerdict
from desk_sync.services.reconcile.adoption import TraceAdoption
from desk_sync.services.reconcile.read import TicketReader
from desk_sync.services.reconcile.recent_looks import RecentLooks
from desk_sync.services.reconcile.report_facts import report_facts
from desk_sync.services.reconcile.write_comments import CommentsWriter
from desk_sync.services.reconcile.write_fields import FieldsWriter

log = get_logger()


class LookOutcome(StrEnum):
    """The end of a look."""

    RECONCILED = "reconciled"
    NOTHING_NEW = "nothing_new"
    POSTPONED = "postponed"
    PARKED = "parked"
    MISSING = "missing"
    GONE = "gone"
    LEASE_LOST = "lease_lost"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookLimits:
    """How long a look may hold its ticket, and how often a look that fails is started again.

    `call` is the longest duration of a call to Desk. A failure for which the portal may be the cause is tried again
    after a `moment`, then after ever longer pauses up to `illness`. One that repeats while looks at other tickets go
    well is the ticket's own: its pauses grow from `pause` up to `refusal`, and after `attempts` the ticket is parked.
    They grow alike, without a limit on the number, where Desk answers for the ticket and not for all that it needs; up
    to `absence`, where Desk does not have the ticket.
    """

    lease: timedelta = timedelta(seconds=45)
    call: timedelta = timedelta(seconds=22)
    attempts: int = 5
    moment: timedelta = timedelta(seconds=5)
    illness: timedelta = timedelta(seconds=90)
    pause: timedelta = timedelta(seconds=30)
    refusal: timedelta = timedelta(minutes=10)
    absence: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Keeps one portal's tickets as the policy wants them. It can be repeated, and run in several processes."""

    reader: TicketReader
    budget: CallBudget
    education_log: EducationLog
    tickets: TicketStore
    fields: FieldsWriter
    comments: CommentsWriter
    related_tickets: RelatedTickets
    now: Now
    adoption: TraceAdoption
    limits: LookLimits = LookLimits()
    recent: RecentLooks = field(default_factory=RecentLooks)

    def look(self, lease: Lease) -> LookOutcome:
        """Look at a leased ticket once. It never raises an error: what cannot be recorded waits for the lease's end."""
        try:
            outcome = self._look(lease)
        except LeaseLost:
            outcome = LookOutcome.LEASE_LOST
        except Exception as error:  # noqa: BLE001 - usually the store: the lease runs out, and the look is repeated
            log.error("look.unrecorded", ticket_id=lease.ticket_id, error=type(error).__name__, where=where(error))
            outcome = LookOutcome.UNRECORDED
        log.debug("look.finished", ticket_id=lease.ticket_id, outcome=outcome)
        return outcome

    def _look(self, lease: Lease) -> LookOutcome:
        now = self.now()
        lease = replace(lease, until=now + self.limits.lease)
        pending = self.tickets.begin_look(lease, now=now, until=lease.until)
        if pending.attempts > self.limits.attempts:
            return self._park(lease, pending, _given_up(self.limits.attempts, pending.error))
        references = pending.references | pending.memory.traces.references
        agents = self.adoption.own_agents.known()
        news = [event for event in pending.events if is_news(event, pending.memory, references, agents)]
        if not news and not pending.wake_due:
            self.tickets.skip_look(lease, modified_at=_newest_modification(pending.events))
            return LookOutcome.NOTHING_NEW
        try:
            self._reconcile(lease, pending, news)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not hold up other tickets
            return self._set_aside(lease, pending, error)
        self.recent.add(lease.ticket_id, self.now())
        return LookOutcome.RECONCILED

    def _policy(self, lease: Lease) -> Policy:
        """Return the policy in force, if the budget allows a look. No error here is the ticket's: it was not read."""
        try:
            self.budget.check(lease.urgency)
            return self.reader.current_policy()
        except DeskSyncError:
            raise
        except Exception as error:
            log.error("look.not_begun", ticket_id=lease.ticket_id, error=type(error).__name__, where=where(error))
            raise TemporaryError(f"{type(error).__name__} before the ticket was read") from error

    def _reconcile(self, lease: Lease, pending: PendingWork, news: Sequence[Event]) -> None:
        """Read, decide, write: nothing is written to a ticket before the last step."""
        policy, read_at = self._policy(lease), self.now()
        observed, memory = self.reader.observe(lease.ticket_id, pending, news, policy)
        observed, memory, draft = self.adoption.catch_up(observed, memory, policy)
        if draft.needs_conversation:
            observed, memory = self.reader.observe_conversation(observed, memory, policy)
            observed, memory, draft = self.adoption.catch_up(observed, memory, policy)
        plan = draft.finish(
            agents=self.reader.agents(draft.agents_needed), last_education=self._last_education(draft.partner_key)
        )
        adopted = {each for each in plan.comments if is_adopted(each, observed, memory)}
        plan, outcome, comments = self._write(
            lease, observed.ticket, plan, pending.memory, adopted=adopted, read_at=read_at
        )
        remembered = plan.memory_after(observed.ticket, outcome.ticket, memory, comments)
        fields = plan.fields.memory_after(observed.ticket, outcome, now=self.now(), mapping=policy.version)
        self._record(lease, observed, outcome, plan, replace(remembered, fields=fields), pending.memory)
        self._report(lease, observed.ticket, outcome, plan, pending.memory.fields.held_back)
        self.related_tickets.wake(plan.escalation.wakes, now=self.now())

    def _last_education(self, partner_key: str | None) -> LastEducation | None:
        return self.education_log.last(partner_key) if partner_key else None

    def _write(
        self,
        lease: Lease,
        ticket: Ticket,
        plan: Plan,
        memory: Memory,
        *,
        adopted: Collection[Effect],
        read_at: datetime,
    ) -> tuple[Plan, FieldsOutcome, CommentsOutcome]:
        """Store what is about to happen, then do it (L6). Return the plan as it was done, and its outcomes.

        Comments do not wait until Desk accepts a field: the note says if it does not (L16). Those that were `adopted`
        are done.
        """
        if not plan.fields.writes and not plan.comments:
            return plan, FieldsOutcome(ticket=ticket), CommentsOutcome()
        intended = replace(
            memory,
            fields=memory.fields.intending(plan.fields.intended, ticket),
            note=plan.note_about_to_be_written(memory.note),
            comments=memory.comments.announcing(plan.effects),
        )
        pending = self.tickets.announce(lease, memory=intended, effects=plan.comments, education=plan.education)
        mapping, renew = plan.decision.policy_version, partial(self._renew, lease)
        outcome = self.fields.write(ticket, plan.fields, mapping=mapping, read_at=read_at, renew=renew)
        due = {effect.key: may_exist for effect, may_exist in pending.items() if effect not in adopted}
        plan = plan.with_refused(outcome, now=self.now())
        return plan, outcome, self.comments.write(lease.ticket_id, plan, due, memory, renew=renew)

    def _renew(self, lease: Lease) -> None:
        """Renew the lease if it could expire during a call to Desk."""
        now = self.now()
        left = lease.until - now
        if not self.limits.call <= left <= self.limits.lease:  # more than a lease is left if the clock was put back
            self.tickets.renew(lease, until=now + self.limits.lease)

    def _record(
        self,
        lease: Lease,
        observed: ObservedTicket,
        outcome: FieldsOutcome,
        plan: Plan,
        memory: Memory,
        former: Memory,
    ) -> None:
        before, after, writes = observed.ticket, outcome.ticket, plan.fields.writes
        accepted = {name: value for name, value in writes.items() if name not in outcome.refused}
        in_host_time = observed.offset.in_host_time
        planned = plan.next_look_at and in_host_time(plan.next_look_at)
        next_look_at = memory.next_look_at(planned, self.now())
        self.tickets.finish_look(
            lease,
            Look(
                at=self.now(),
                decision=plan.decision,
                memory=memory,
                fields_written=accepted,
                effects_done=[effect for effect in plan.comments if effect.key not in memory.comments.waiting],
                clocks=plan.clocks.reading,
                messages=[replace(each, at=in_host_time(each.at)) for each in plan.escalation.messages],
                traits=_traits(before, plan, observed.writer),
                facts=report_facts(before, plan, observed.writer, observed.now),
                urgency=plan.urgency,
                next_look_at=next_look_at,
                next_step_at=plan.escalation.next_step_at,
                closed=after.closed or after.in_bin,
                held_back=_held_back(before, memory, former),
                # What somebody else changed between our reading and our write is still to be looked at.
                modified_at=(after if only_ours(before, after, writes) else before).changed_at,
                written_at=after.modified_at if accepted else None,
            ),
        )
        log.info(
            "ticket.reconciled",
            ticket_id=lease.ticket_id,
            verdict=plan.decision.verdict,
            licences=plan.decision.licences,
            questions=plan.decision.questions,
            written=sorted(accepted),
            effects=[effect.kind for effect in plan.effects],
            next_look_at=next_look_at,
        )

    def _report(
        self,
        lease: Lease,
        ticket: Ticket,
        outcome: FieldsOutcome,
        plan: Plan,
        known: Mapping[Field, HeldBack],
    ) -> None:
        """Raise an alarm for each field that is held back for a new reason; one for all tickets of a department."""
        for name, refusal in outcome.refused.items():
            if refusal.sent and not (name in known and known[name].reason == refusal.reason):
                write = log.warning if refusal.is_brief else log.error
                write(
                    "field.held_back",
                    ticket_id=lease.ticket_id,
                    field=name,
                    mapping_key=f"fields.{name}",
                    reason=refusal.reason,
                )
        self.fields.spread(ticket, outcome, mapping=plan.decision.policy_version)

    def _set_aside(self, lease: Lease, pending: PendingWork, error: Exception) -> LookOutcome:
        """End, postpone or park the ticket, as the error requires. Only a portal that is well can speak against it."""
        match error:
            case Gone():
                return self._absent(lease, pending, error)
            case PartMissing(retry_after=retry_after):
                longer = as_long_again(self._waited(pending), self.limits.pause, self.limits.refusal)
                return self._postpone(lease, error, max(retry_after, longer))
            case TemporaryError(retry_after=retry_after):
                return self._postpone(lease, error, retry_after)
            case PermanentError() if self.budget.is_ill and not isinstance(error, NotPermitted | Unreadable):
                return self._postpone(lease, error, self._while_ill(pending))
            case PermanentError():
                return self._doubt(lease, pending, error)
            case DeskSyncError():  # a fault of the installation, which its administrators can repair
                return self._postpone(lease, error, self._while_ill(pending))
            case _:
                log.error("look.failed", ticket_id=lease.ticket_id, error=type(error).__name__, where=where(error))
                return self._try_again(lease, pending, error)

    def _absent(self, lease: Lease, pending: PendingWork, error: Gone) -> LookOutcome:
        """End the ticket, or look for it again, or blame the portal."""
        now = self.now()
        match self._absence.judge(lease.ticket_id, pending):
            case AbsenceVerdict.GONE:
                self.tickets.end(lease, now=now)
                log.info("ticket.gone", ticket_id=lease.ticket_id)
                return LookOutcome.GONE
            case AbsenceVerdict.MISSING:
                look_at = now + as_long_again(self._missed_for(pending), self.limits.pause, self.limits.absence)
                self.tickets.miss(lease, now=now, look_at=look_at, error=str(error))
                log.warning("ticket.missing", ticket_id=lease.ticket_id, error=str(error), look_at=look_at)
                return LookOutcome.MISSING
        return self._postpone(lease, error, self._while_ill(pending))

    @property
    def _absence(self) -> AbsenceJudge:
        desk, recent = self.reader.desk, self.recent
        return AbsenceJudge(desk=desk, tickets=self.tickets, budget=self.budget, now=self.now, recent=recent)

    def _missed_for(self, pending: PendingWork) -> timedelta:
        return self.now() - pending.missing_at if pending.missing_at else timedelta(0)

    def _postpone(self, lease: Lease, error: DeskSyncError, pause: timedelta, *, refund: bool = True) -> LookOutcome:
        """Try again after the pause; with `refund` without a limit on the number: the ticket is not the cause."""
        look_at = self.now() + pause
        self.tickets.postpone(lease, look_at=look_at, error=str(error), refund=refund)
        log.warning("look.postponed", ticket_id=lease.ticket_id, error=str(error), look_at=look_at)
        return LookOutcome.POSTPONED

    def _doubt(self, lease: Lease, pending: PendingWork, error: DeskSyncError) -> LookOutcome:
        """Postpone: the portal or this ticket is the cause; the ticket, if others go well between its failures."""
        failed_at = pending.failed_at
        if failed_at is None or not self.recent.another_since(lease.ticket_id, failed_at):
            return self._postpone(lease, error, self._while_ill(pending))
        pause = as_long_again(self._waited(pending), self.limits.pause, self.limits.refusal)
        return self._postpone(lease, error, pause, refund=False)

    def _try_again(self, lease: Lease, pending: PendingWork, error: Exception) -> LookOutcome:
        """Postpone after an unexpected error, which counts as an attempt unless the portal is ill."""
        ill = self.budget.is_ill
        pause = doubled(self.limits.pause, pending.attempts, self.limits.refusal)
        look_at = self.now() + (self._while_ill(pending) if ill else pause)
        self.tickets.postpone(lease, look_at=look_at, error=type(error).__name__, refund=ill)
        return LookOutcome.POSTPONED

    def _while_ill(self, pending: PendingWork) -> timedelta:
        return as_long_again(self._waited(pending), self.limits.moment, self.limits.illness)

    def _waited(self, pending: PendingWork) -> timedelta:
        return self.now() - pending.owed_at if pending.owed_at else timedelta(0)

    def _park(self, lease: Lease, pending: PendingWork, error: str) -> LookOutcome:
        """Park the ticket: for good only if a look at another one went well since this one is due."""
        now = self.now()
        others = self.recent.another_since(lease.ticket_id, pending.owed_at or now)
        cause = ParkCause.TICKET if others else ParkCause.PORTAL
        self.tickets.park(lease, now=now, error=error, cause=cause)
        log.error("ticket.parked", ticket_id=lease.ticket_id, error=error, cause=cause)
        return LookOutcome.PARKED


def _given_up(attempts: int, error: str | None) -> str:
    return f"given up after {attempts} attempts" + (f": {error}" if error else "")


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


def _held_back(ticket: Ticket, memory: Memory, former: Memory) -> HeldBackOnTicket | None:
    """Return the fields that are held back now; None if there are none, and were none."""
    held = memory.fields.held_back
    if not held and not former.fields.held_back:
        return None
    return HeldBackOnTicket(department_id=ticket.department_id, fields=held)


def _newest_modification(events: Sequence[Event]) -> datetime | None:
    return max((event.modified_at for event in events if event.modified_at), default=None)
