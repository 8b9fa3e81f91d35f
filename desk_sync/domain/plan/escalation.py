"""The context of a ticket's escalation at one look, and the triggers that start it (R33–R36)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.account.partner import Partner, TicketWriter
from desk_sync.domain.commitment import cycles
from desk_sync.domain.commitment.calendar import BusinessCalendar, Pause
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import AT_RISK, ClockReading, alarm_key
from desk_sync.domain.commitment.history import History, HistoryEventKind, WorkState
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.escalation.escalate import EscalationOutcome, EscalationState, LadderContext, escalate
from desk_sync.domain.escalation.ladder import LadderSignal, Signals
from desk_sync.domain.escalation.ladder_position import LadderPosition
from desk_sync.domain.escalation.matrix import location_of
from desk_sync.domain.escalation.older_keys import with_present_keys
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.requests import EscalationRequest, EscalationRequests, Requester
from desk_sync.domain.escalation.triggers import (
    OVERRUN,
    WITH_LADDER,
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

CLOSED = frozenset({WorkState.SOLVED, WorkState.ENDED})
"""The states of the work in which nothing is raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationContext:
    """The facts that escalation depends on. `severity` is the level that counts, `reading` the present clocks.

    `is_first`: the ticket's clocks were not read before.
    """

    ticket: Ticket
    reading: ClockReading
    severity: int
    decision: Decision
    writer: TicketWriter
    related: RelatedFacts
    requests: EscalationRequests
    policy: Policy
    now: datetime
    is_first: bool = False

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
    def is_open(self) -> bool:
        """True unless the ticket is closed or in the bin."""
        return not self.ticket.closed and self.reading.history.stage not in CLOSED

    @property
    def severe_at(self) -> datetime | None:
        """The instant since which the severity is 1; None if it is another."""
        return self.reading.history.severe_at

    @property
    def calendar(self) -> BusinessCalendar:
        """The calendar of the ticket's clocks, by which its own time counts."""
        return next((clock.calendar for clock in self.reading.clocks), self.ladder.calendar)

    @property
    def began_at(self) -> datetime:
        """The instant from which the problem counts: the creation, or the last reopening where that counts afresh."""
        history, promise = self.reading.history, self.reading.promise
        return cycles.episodes(history, promise.terms.reopened)[-1].started_at

    @property
    def not_its_own(self) -> Sequence[Pause]:
        """The spans that are not the problem's own time: on hold, closed, in the bin."""
        return tuple(self.reading.history.spans({WorkState.PAUSED, *CLOSED}))

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
    happened = [trigger for trigger in fired if trigger.at <= context.now]
    outcome = escalate(
        _present(before, happened, context),
        happened,
        context.signals,
        context.ladder,
        context.policy.escalation,
        now=context.now,
        since=context.related.active_since,
        holding=_holding(context, happened),
    )
    coming = [trigger.at for trigger in fired if trigger.at > context.now]
    outcome = replace(outcome, next_at=min(filter(None, (outcome.next_at, *coming)), default=None), reviews=reviews)
    return _warned(outcome, context)


def _holding(context: EscalationContext, happened: Iterable[EscalationTrigger]) -> frozenset[str] | None:
    """Return the names of what is broken now; None in the bin, where every clock reads as cancelled."""
    if context.reading.history.stage is WorkState.ENDED:
        return None
    unjudged = {OVERRUN} if not context.is_open or context.policy.escalation.overrun is None else set()
    folded = {each.name for each in context.reading.clocks if each.folded and each.state is ClockState.BREACHED}
    return frozenset({each.about for each in happened if each.about} | unjudged | folded)


def _present(
    state: EscalationState, happened: Iterable[EscalationTrigger], context: EscalationContext
) -> EscalationState:
    names = {clock.key: clock.name for clock in context.reading.clocks}
    return with_present_keys(state, happened, names, is_open=context.is_open)


def stands(state: EscalationState, context: EscalationContext) -> bool:
    """Return True if the ladder has a reason, and nothing has stopped it."""
    ladder = state.ladder
    if ladder is None or ladder.key in state.lapsed:
        return False
    return LadderPosition(ladder, state.raised, context.signals, context.now).stopped_at is None


def _warned(outcome: EscalationOutcome, context: EscalationContext) -> EscalationOutcome:
    """Return the outcome with the clocks whose target passed, each once, to be told in time (R36b).

    A state of an older version has no such clocks: what had passed long before is not notified now.
    """
    warned, passed, since = outcome.state.warned, targets_passed(context), context.related.active_since
    if warned is None and not context.is_first:
        since = max(filter(None, (since, context.now - context.policy.escalation.late)))
    news = {key: clock for key, clock in passed.items() if key not in (warned or ()) and clock.at_risk}
    at_risk = [each for each in news.values() if each.certain and (since is None or _target(each) >= since)]
    over = {alarm_key(clock, AT_RISK) for clock in context.reading.clocks if clock.met_at}
    known = (warned or frozenset()).union(passed if warned is None else news) - over
    return replace(outcome, at_risk=tuple(at_risk), state=replace(outcome.state, warned=known))


def _target(clock: Clock) -> datetime:
    return clock.target_at or clock.started_at


def targets_passed(context: EscalationContext) -> Mapping[str, Clock]:
    """Return the clocks whose target has passed, if they are of a severity that is told of it, by their alarm's key."""
    severities = context.policy.escalation.at_risk
    unfolded = (each for each in context.reading.clocks if each.milestone in WITH_LADDER and not each.folded)
    clocks = (each for each in unfolded if each.level in severities)
    return {alarm_key(each, AT_RISK): each for each in clocks if each.target_at and each.target_at <= context.now}


def record_only(before: EscalationState, context: EscalationContext) -> EscalationOutcome:
    """Return the state in which all that happened is known: it raises nothing, even if escalation is enabled later."""
    fired, reviews = _fired(context)
    happened = [trigger for trigger in fired if trigger.at <= context.now]
    state = _present(before, happened, context)
    known = state.known | {trigger.key for trigger in happened}
    return EscalationOutcome(
        state=replace(state, known=known, warned=frozenset(targets_passed(context))), reviews=reviews
    )


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
    if policy.overrun and context.is_open:
        own_time = (context.calendar, context.not_its_own)
        late = overrun(policy.overrun, ticket.issue_type, context.began_at, *own_time)
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
        LadderSignal.CLOSING: list(history.spans(CLOSED)),
        LadderSignal.HOLDING: list(history.spans({WorkState.PAUSED})),
    }
