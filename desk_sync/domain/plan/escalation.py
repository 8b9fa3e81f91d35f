"""The context of a ticket's escalation at one look, and the triggers that start it (R33–R36)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.account.partner import Partner, TicketWriter
from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.history import History, HistoryEventKind, WorkState
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.escalation.escalate import EscalationOutcome, EscalationState, LadderContext, escalate
from desk_sync.domain.escalation.ladder import LadderSignal, Signals
from desk_sync.domain.escalation.matrix import location_of
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.requests import EscalationRequest, EscalationRequests, Requester
from desk_sync.domain.escalation.triggers import (
    EscalationTrigger,
    ReviewRequest,
    SevereTicket,
    breaches,
    clusters,
    overrun,
    requested,
    security,
)
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationContext:
    """The facts that escalation depends on. `severity` is the level that counts, `reading` the present clocks."""

    ticket: Ticket
    reading: ClockReading
    severity: int
    decision: Decision
    writer: TicketWriter
    related: RelatedFacts
    requests: EscalationRequests
    policy: Policy
    now: datetime

    @property
    def number(self) -> str:
        """The number that people use for the ticket."""
        return self.ticket.number or self.ticket.ticket_id

    @property
    def partner(self) -> str:
        return self.writer.partner.name if self.writer.partner else "unknown"

    @property
    def ladder(self) -> LadderContext:
        """The location of the ladder (C17), and the calendar by which it waits."""
        regions = self.policy.commitment.regions
        located = regions.locate(self.related.origin, regions.ladder_by)
        return LadderContext(
            location=location_of(located, self.writer.partner),
            severity=self.severity,
            calendar=regions.calendar(located),
            policy_version=self.policy.version,
        )

    @property
    def signals(self) -> Signals:
        """The instants and spans to which a ladder may respond."""
        return {**signals(self.reading.history), LadderSignal.TAKE_OVER: self.requests.taken_over}

    @property
    def settled(self) -> frozenset[str]:
        """The keys of the clocks that are not breached, or not any more: what is known now may correct the past."""
        return frozenset(clock.key for clock in self.reading.clocks if clock.state is not ClockState.BREACHED)

    @property
    def severe_at(self) -> datetime | None:
        """The instant since which the severity is 1; None if it is another."""
        return self.reading.history.severe_at

    @property
    def calendar(self) -> BusinessCalendar:
        """The calendar of the ticket's clocks, by which its own time counts."""
        return next((clock.calendar for clock in self.reading.clocks), self.ladder.calendar)

    @property
    def response_due_at(self) -> datetime | None:
        """When the response time of the commitment ends (R33)."""
        answers = (clock for clock in self.reading.clocks if clock.milestone is Milestone.ACKNOWLEDGEMENT)
        return next((clock.due_at for clock in answers), None)


def requests_after(
    ticket: Ticket, before: EscalationRequests, events: Iterable[Event], policy: Policy, now: datetime
) -> EscalationRequests:
    """Return the open requests. An event names the requester; without one, it is the partner."""
    rules = policy.escalation.requests
    made = rules.made_by(ticked=ticket.escalation_request, status=ticket.status, tags=ticket.tags)
    request = _request(ticket, events, now) if made else None
    return before.then(request, taken_over=ticket.taken_over, now=now)


def _request(ticket: Ticket, events: Iterable[Event], now: datetime) -> EscalationRequest:
    made = [event for event in events if event.changed & {Field.ESCALATION_REQUEST, Field.STATUS}]
    first = min(made, key=lambda event: event.occurred_at, default=None)
    if first is None or first.actor_id in (None, ticket.contact_id):
        return EscalationRequest(by=Requester.PARTNER, at=first.occurred_at if first else now)
    return EscalationRequest(by=Requester.AGENT, at=first.occurred_at)


def advance(before: EscalationState, context: EscalationContext) -> EscalationOutcome:
    """Return the steps that are due now. What happened before the portal was activated raises nothing."""
    fired, reviews = _fired(context)
    outcome = escalate(
        before,
        [trigger for trigger in fired if trigger.at <= context.now],
        context.signals,
        context.ladder,
        context.policy.escalation,
        now=context.now,
        since=context.related.active_since,
        settled=context.settled,
    )
    coming = [trigger.at for trigger in fired if trigger.at > context.now]
    return replace(outcome, next_at=min(filter(None, (outcome.next_at, *coming)), default=None), reviews=reviews)


def record_only(before: EscalationState, context: EscalationContext) -> EscalationOutcome:
    """Return the state in which all that happened is known: it raises nothing, even if escalation is enabled later."""
    fired, reviews = _fired(context)
    happened = {trigger.key for trigger in fired if trigger.at <= context.now}
    return EscalationOutcome(state=replace(before, known=before.known | happened), reviews=reviews)


def fired_triggers(context: EscalationContext) -> Sequence[EscalationTrigger]:
    """Return the triggers that start a ladder, now or later."""
    return _fired(context)[0]


def _fired(context: EscalationContext) -> tuple[Sequence[EscalationTrigger], tuple[ReviewRequest, ...]]:
    """Return the triggers that start a ladder, now or later; and the requests that a person must decide instead."""
    found = tuple(_triggers(context))
    triggers = [each for each in found if isinstance(each, EscalationTrigger)]
    return triggers, tuple(each for each in found if isinstance(each, ReviewRequest))


def _triggers(context: EscalationContext) -> Iterator[EscalationTrigger | ReviewRequest]:
    """Yield the triggers, some of which lie ahead (R33–R36)."""
    ticket, policy = context.ticket, context.policy.escalation
    yield from breaches(context.reading.clocks)
    words = [each.issue_type for each in ticket.inferred] if policy.infers_security else []
    if report := security(ticket.issue_type, words, context.now):
        yield report
    if request := context.requests.request:
        partner = context.writer.partner or Partner(name="unknown")
        yield requested(request, policy.requests.gate(request.by), partner, context.response_due_at)
    if policy.overrun and not ticket.closed:
        late = overrun(policy.overrun, ticket.issue_type, context.reading.history.created_at, context.calendar)
        yield from (late,) if late else ()
    for complete in _clusters(context):
        yield from (trigger for ticket_id, trigger in complete.items() if ticket_id == ticket.ticket_id)


def _clusters(context: EscalationContext) -> Iterator[Mapping[str, EscalationTrigger]]:
    """Yield, for each rule, the tickets that complete a cluster with this one (R36c)."""
    if context.severe_at is None:
        return
    own = SevereTicket(
        ticket_id=context.ticket.ticket_id,
        at=context.severe_at,
        account_id=context.decision.account_id,
        product=context.ticket.product,
    )
    for rule in context.policy.escalation.clusters:
        yield clusters((*context.related.severe, own), rule)


def last_of_clusters(context: EscalationContext) -> frozenset[str]:
    """Return the tickets that complete a cluster."""
    return frozenset(ticket_id for complete in _clusters(context) for ticket_id in complete)


def signals(history: History) -> Signals:
    """Return the instants and spans of a history to which a ladder may respond."""
    replies = [(event.at, event.at) for event in history.events if event.kind is HistoryEventKind.REPLY]
    return {
        LadderSignal.REPLY: replies,
        LadderSignal.CLOSING: [*history.solved, *history.spans({WorkState.ENDED})],
        LadderSignal.HOLDING: list(history.spans({WorkState.PAUSED})),
    }
