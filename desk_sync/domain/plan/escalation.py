"""A ticket's escalation at one look: what it goes by, and what sets it off (R33–R36)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.account.partner import Partner, TicketWriter
from desk_sync.domain.commitment.calendar import BusinessCalendar
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
    """What escalation goes by at one look. `severity` is the level that counts, `seen` the clocks as they stand."""

    ticket: Ticket
    seen: ClockReading
    severity: int
    decision: Decision
    writer: TicketWriter
    around: RelatedFacts
    asked: EscalationRequests
    policy: Policy
    now: datetime

    @property
    def number(self) -> str:
        """What people call the ticket by."""
        return self.ticket.number or self.ticket.ticket_id

    @property
    def partner(self) -> str:
        return self.writer.partner.name if self.writer.partner else "unknown"

    @property
    def situation(self) -> LadderContext:
        """Where the ladder is (C17), and by which calendar it waits."""
        regions = self.policy.commitment.regions
        located = regions.locate(self.around.origin, regions.ladder_by)
        return LadderContext(
            location=location_of(located, self.writer.partner),
            severity=self.severity,
            calendar=regions.calendar(located),
            policy_version=self.policy.version,
        )

    @property
    def signals(self) -> Signals:
        """What happened to the ticket that a ladder may answer to."""
        return {**signals(self.seen.history), LadderSignal.TAKE_OVER: self.asked.taken_over}

    @property
    def severe_at(self) -> datetime | None:
        """Since when the ticket is of severity 1; None if it is not."""
        return self.seen.history.severe_at

    @property
    def calendar(self) -> BusinessCalendar:
        """By which the ticket's own time counts: that of its clocks."""
        return next((clock.calendar for clock in self.seen.clocks), self.situation.calendar)

    @property
    def response_due_at(self) -> datetime | None:
        """When the response time of the commitment is over (R33)."""
        answers = (clock for clock in self.seen.clocks if clock.milestone is Milestone.ACKNOWLEDGEMENT)
        return next((clock.due_at for clock in answers), None)


def asked_after(
    ticket: Ticket, before: EscalationRequests, events: Iterable[Event], policy: Policy, now: datetime
) -> EscalationRequests:
    """What people ask of us now. Who asks is told by an event; a request that nobody's is, is the partner's."""
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


def climb(before: EscalationState, scene: EscalationContext) -> EscalationOutcome:
    """What the ticket's escalation owes now. What happened before we were there raises nothing."""
    fired, reviews = _fired(scene)
    owed = escalate(
        before,
        [trigger for trigger in fired if trigger.at <= scene.now],
        scene.signals,
        scene.situation,
        scene.policy.escalation,
        now=scene.now,
        since=scene.around.active_since,
    )
    coming = [trigger.at for trigger in fired if trigger.at > scene.now]
    return replace(owed, next_at=min(filter(None, (owed.next_at, *coming)), default=None), reviews=reviews)


def mute(before: EscalationState, scene: EscalationContext) -> EscalationOutcome:
    """What happened is known from now on and raises nothing, also not when escalation is switched on later."""
    fired, reviews = _fired(scene)
    happened = {trigger.key for trigger in fired if trigger.at <= scene.now}
    return EscalationOutcome(escalation=replace(before, known=before.known | happened), reviews=reviews)


def _fired(scene: EscalationContext) -> tuple[Sequence[EscalationTrigger], tuple[ReviewRequest, ...]]:
    """What sets off a ladder, or will; and what a person must look at instead."""
    found = tuple(_triggers(scene))
    triggers = [each for each in found if isinstance(each, EscalationTrigger)]
    return triggers, tuple(each for each in found if isinstance(each, ReviewRequest))


def _triggers(scene: EscalationContext) -> Iterator[EscalationTrigger | ReviewRequest]:
    """What sets off a ladder, or will at an instant to come (R33–R36)."""
    ticket, policy = scene.ticket, scene.policy.escalation
    yield from breaches(scene.seen.clocks)
    words = [each.issue_type for each in ticket.inferred] if policy.infers_security else []
    if report := security(ticket.issue_type, words, scene.now):
        yield report
    if request := scene.asked.request:
        partner = scene.writer.partner or Partner(name="unknown")
        yield requested(request, policy.requests.gate(request.by), partner, scene.response_due_at)
    if policy.overrun and not ticket.closed:
        late = overrun(policy.overrun, ticket.issue_type, scene.seen.history.created_at, scene.calendar)
        yield from (late,) if late else ()
    for complete in _clusters(scene):
        yield from (trigger for ticket_id, trigger in complete.items() if ticket_id == ticket.ticket_id)


def _clusters(scene: EscalationContext) -> Iterator[Mapping[str, EscalationTrigger]]:
    """Of each rule the tickets that complete a cluster of those around this one (R36c)."""
    if scene.severe_at is None:
        return
    own = SevereTicket(
        ticket_id=scene.ticket.ticket_id,
        at=scene.severe_at,
        account_id=scene.decision.account_id,
        product=scene.ticket.product,
    )
    for rule in scene.policy.escalation.clusters:
        yield clusters((*scene.around.severe, own), rule)


def last_of_clusters(scene: EscalationContext) -> frozenset[str]:
    """The tickets that complete a cluster."""
    return frozenset(ticket_id for complete in _clusters(scene) for ticket_id in complete)


def signals(history: History) -> Signals:
    """What of a ticket's history a ladder may answer to."""
    replies = [(act.at, act.at) for act in history.acts if act.kind is HistoryEventKind.REPLY]
    return {
        LadderSignal.REPLY: replies,
        LadderSignal.CLOSING: [*history.solved, *history.spans({WorkState.ENDED})],
        LadderSignal.HOLDING: list(history.spans({WorkState.PAUSED})),
    }
