"""The escalation of a ticket at one look: its state, what was requested, whom it concerns, when it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.history import History
from desk_sync.domain.escalation.escalate import EscalationOutcome
from desk_sync.domain.escalation.notice import Message
from desk_sync.domain.escalation.public_update import UpdateTexts
from desk_sync.domain.escalation.requests import EscalationRequests
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.escalation import (
    EscalationContext,
    advance,
    last_of_clusters,
    record_only,
    requests_after,
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
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.ticket import Field, Value


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

    `known_history` is the history that the last look left; None at the first look that reads the clocks.
    """

    observed: ObservedTicket
    decision: Decision
    reading: ClockReading | None
    urgency: int
    memory: EscalationMemory
    policy: Policy
    mode: Mode
    known_history: History | None

    @cached_property
    def requests(self) -> EscalationRequests:
        """The requests of people that are open now."""
        observed = self.observed
        return requests_after(observed.ticket, self.memory.requests, observed.events, self.policy, observed.now)

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
        )

    @cached_property
    def outcome(self) -> EscalationOutcome:
        if self.context is None:
            return EscalationOutcome(state=self.memory.state)
        step = record_only if self.mode is Mode.SHADOW else advance
        return step(self.memory.state, self.context)

    @property
    def agents_needed(self) -> frozenset[str]:
        """The agents whom the steps concern, by their addresses: Desk must be asked about them."""
        return agents_needed(self.outcome, self.context) if self.context else frozenset()

    @property
    def fields(self) -> Mapping[Field, DesiredValue]:
        """The values that show the escalation."""
        return dict(escalation_fields(self.outcome, self.context)) if self.context else {}

    def actions(self, agents: Agents) -> Mapping[Field, Value]:
        """Return the values that the levels raised now set once."""
        return actions(self.outcome, self.context, agents) if self.context else {}

    def comments(self, agents: Agents) -> Iterator[Effect]:
        """Yield the comments on the levels raised now; the partner's only in the mode `write`."""
        if self.context:
            updates = self.policy.escalation.updates if self.mode is Mode.WRITE else UpdateTexts()
            yield from comments(self.outcome, self.context, updates, agents)

    def finish(self) -> EscalationPlan:
        speaks = self.context is not None and self.mode is not Mode.SHADOW
        return EscalationPlan(
            memory=EscalationMemory(state=self.outcome.state, requests=self.requests),
            messages=tuple(messages(self.outcome, self.context)) if speaks and self.context else (),
            wakes=self._wakes(),
            next_step_at=self.outcome.next_at,
        )

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
