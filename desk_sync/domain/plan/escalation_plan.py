"""The escalation of a ticket at one look: its state, what was requested, whom it concerns, when it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.folding import NO_LIMITS, FoldingLimits
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.past import FoldedPast
from desk_sync.domain.escalation.escalate import EscalationOutcome, EscalationStep
from desk_sync.domain.escalation.folding import fold_escalation, fold_requests, folding_limits, waits_since
from desk_sync.domain.escalation.ladder import LadderCause, LadderSignal, SignalEffect
from desk_sync.domain.escalation.ladder_position import LadderPosition
from desk_sync.domain.escalation.notice import Message
from desk_sync.domain.escalation.public_update import UpdateTexts
from desk_sync.domain.escalation.requests import EscalationRequests
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.escalation import (
    EscalationContext,
    advance,
    last_of_clusters,
    record_only,
    stands,
)
from desk_sync.domain.plan.escalation_actions import (
    Agents,
    actions,
    agents_needed,
    comments,
    escalation_fields,
    last_of_questions,
    messages,
)
from desk_sync.domain.plan.memory import EscalationMemory
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.policy import Mode, Policy
from desk_sync.domain.plan.requests.open_requests import requests_at
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.ticket import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPlan:
    """The messages for people outside Desk, and the escalation's memory.

    `wakes` are other tickets that this one makes due now; `next_step_at` is when the escalation goes on.
    """

    memory: EscalationMemory = field(default_factory=EscalationMemory)
    messages: tuple[Message, ...] = ()
    wakes: frozenset[str] = frozenset()
    next_step_at: datetime | None = None


@dataclass(frozen=True)
class EscalationDraft:
    """The escalation, before Desk was asked about the agents. Without a `reading` of clocks there is none.

    `known_history` is the history that the last look left; None at the first look that reads the clocks. A level that a
    reply would stop is not raised before `awaited_until`: a reply is being sent.
    """

    observed: ObservedTicket
    decision: Decision
    reading: ClockReading | None
    urgency: int
    memory: EscalationMemory
    policy: Policy
    mode: Mode
    known_history: History | None
    awaited_until: datetime | None = None

    @cached_property
    def requests(self) -> EscalationRequests:
        """The requests of people that are open now."""
        return requests_at(self.observed, self.memory, self.policy)

    @cached_property
    def context(self) -> EscalationContext | None:
        if self.reading is None:
            return None
        return EscalationContext(
            ticket=self.observed.ticket,
            reading=self.reading,
            severity=self.urgency,
            decision=self.decision,
            writer=self.observed.writer,
            related=self.observed.related,
            requests=self.requests,
            policy=self.policy,
            now=self.observed.now,
            is_first=self.known_history is None,
        )

    @cached_property
    def outcome(self) -> EscalationOutcome:
        if self.context is None:
            return EscalationOutcome(state=self.memory.state)
        step = record_only if self.mode is Mode.SHADOW else advance
        outcome = step(self.memory.state, self.context)
        answered = bool(outcome.steps) and all(_stops_at_reply(each) for each in outcome.steps)
        return self._held(outcome) if self.awaited_until and answered else outcome

    def _held(self, outcome: EscalationOutcome) -> EscalationOutcome:
        """Return the outcome without its levels: a look after the sending raises them, if they still hold."""
        held = EscalationOutcome(state=self.memory.state, next_at=self.awaited_until, reviews=outcome.reviews)
        return held.with_reason("R33", "a reply is being sent: no level is raised before its end is known")

    @property
    def levels_due(self) -> Sequence[datetime]:
        """When each level became due that is raised now, except for a report of a security breach."""
        signals, raised = self.context.signals if self.context else {}, self.memory.state.raised
        steps = [each for each in self.outcome.steps if each.because not in _WHATEVER_IS_WRITTEN]
        positions = (LadderPosition(each.ladder, raised, signals, self.observed.now) for each in steps)
        return [rung.at for rung in (each.next_rung for each in positions) if rung and rung.at]

    @property
    def is_running(self) -> bool:
        """True while a ladder stands and its ticket is open: its reason holds, and nothing has stopped it."""
        return self.context is not None and self.context.is_open and stands(self.outcome.state, self.context)

    @property
    def present_breaches(self) -> frozenset[str]:
        """The breach of the clock that the ladder names, by its present window."""
        state = self.outcome.state
        if self.context is None or state.ladder is None or state.ladder.key in state.lapsed:
            return frozenset()
        return frozenset(each.breach_key for each in self.context.reading.clocks if each.name == state.ladder.about)

    @property
    def agents_needed(self) -> frozenset[str]:
        """The agents whom the steps concern, by their addresses: Desk must be asked about them."""
        return agents_needed(self.outcome, self.context) if self.context else frozenset()

    @property
    def fields(self) -> Mapping[Field, DesiredValue]:
        """The values that show the escalation."""
        return dict(escalation_fields(self.outcome, self.context)) if self.context else {}

    def actions(self, agents: Agents) -> Mapping[Field, DesiredValue]:
        """Return the values that the levels raised now set once."""
        return actions(self.outcome, self.context, agents) if self.context else {}

    def comments(self, agents: Agents) -> Iterator[Effect]:
        """Yield the comments on the levels raised now; the partner's only in the mode `write`."""
        if self.context:
            updates = self.policy.escalation.updates if self.mode is Mode.WRITE else UpdateTexts()
            yield from comments(self.outcome, self.context, updates, agents)

    @property
    def folding_limits(self) -> FoldingLimits:
        """What the escalation still needs of the ticket's history."""
        context, state = self.context, self.outcome.state
        if context is None:
            return NO_LIMITS
        since = waits_since(state, context.signals, context.now)
        clocks = [each.name for each in context.reading.clocks if not each.folded]
        return folding_limits(state, clocks, since, context.calendar)

    def finish(self, past: FoldedPast | None = None) -> EscalationPlan:
        """Return the plan; `past` is the part of the history that is folded for the next look."""
        speaks = self.context is not None and self.mode is not Mode.SHADOW
        return EscalationPlan(
            memory=self._folded(past),
            messages=tuple(messages(self.outcome, self.context)) if speaks and self.context else (),
            wakes=self._wakes(),
            next_step_at=self.outcome.next_at,
        )

    def _folded(self, past: FoldedPast | None) -> EscalationMemory:
        """Return the memory of the next look."""
        state, signals, now = self.outcome.state, self.context.signals if self.context else {}, self.observed.now
        requests = fold_requests(self.requests, waits_since(state, signals, now))
        dropped = [span[1] for span in self.requests.taken_over if span not in requests.taken_over]
        until = max((at for at in (past and past.until, *dropped) if at), default=None)
        return EscalationMemory(state=fold_escalation(state, signals, past, until, now), requests=requests)

    def _wakes(self) -> frozenset[str]:
        """Return the tickets that this one, as it is news, makes the last of a cluster, or of too many questions.

        They were looked at before this one was known.
        """
        if self.context is None:
            return frozenset()
        known, none = self.known_history, frozenset[str]()
        newly_severe = known is None or known.level(self.observed.now) != 1
        last = last_of_clusters(self.context) if newly_severe else none
        last |= last_of_questions(self.context) if known is None else none
        return last - {self.observed.ticket.ticket_id}


_WHATEVER_IS_WRITTEN = frozenset({LadderCause.SECURITY})


def _stops_at_reply(step: EscalationStep) -> bool:
    stops = step.ladder.answers.get(LadderSignal.REPLY) is SignalEffect.STOP
    return stops and step.because not in _WHATEVER_IS_WRITTEN
