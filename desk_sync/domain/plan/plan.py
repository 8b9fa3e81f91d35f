"""The plan for a ticket: what should be true of it now, what should happen once, when to look next, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from desk_sync.domain.plan.clocks_plan import ClocksPlan
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.education import EducationClaim
from desk_sync.domain.plan.escalation_plan import EscalationPlan
from desk_sync.domain.plan.fields_plan import FieldsPlan
from desk_sync.domain.plan.memory import ClocksMemory, CommentsMemory, Memory
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.ticket import Ticket, digest
from desk_sync.domain.ticket.waiting_comment import CommentsOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A finished plan, which can be carried out.

    `urgency` is a severity level, 1 first. `effects` are the comments that are made once; `education` is the claim that
    one of them needs, if the partner is to be educated in public. `next_look_at` is in Desk's time, and None for
    "when an event comes".
    """

    decision: Decision
    urgency: int
    fields: FieldsPlan = field(default_factory=FieldsPlan)
    clocks: ClocksPlan = field(default_factory=ClocksPlan)
    escalation: EscalationPlan = field(default_factory=EscalationPlan)
    effects: tuple[Effect, ...] = ()
    education: EducationClaim | None = None
    next_look_at: datetime | None = None

    @property
    def comments(self) -> tuple[Effect, ...]:
        """Every comment that the ticket has after this plan, as far as the plan knows."""
        standing = self.clocks.comment
        return (*self.effects, *((standing.comment,) if standing else ()))

    def memory_after(self, before: Ticket, after: Ticket, memory: Memory, comments: CommentsOutcome) -> Memory:
        """Return what the next look has to know. Comments that others made during this look are not counted yet."""
        return Memory(
            written_digest=digest(after),
            read_digest=digest(before),
            fields=self.fields.memory,
            clocks=replace(
                self._clocks_after(memory.clocks, comments),
                threads_counted=before.threads,
                comments_counted=before.comments + comments.made,
                left_at=after.modified_at,
            ),
            escalation=self.escalation.memory,
            evidence=memory.evidence,
            comments=CommentsMemory(
                waiting=comments.waiting, states={**memory.comments.states, **self._states(comments)}
            ),
            traces=memory.traces,
        )

    def _states(self, comments: CommentsOutcome) -> Mapping[str, str]:
        """Return the states that the comments have after this look, without those that Desk did not accept."""
        return {
            each.key: each.state for each in self.effects if each.state is not None and each.key not in comments.waiting
        }

    def _clocks_after(self, former: ClocksMemory, comments: CommentsOutcome) -> ClocksMemory:
        """Return the memory of the clocks; of a standing comment that was not accepted, the former one is known."""
        standing = self.clocks.comment
        if standing is None or standing.comment.key not in comments.waiting:
            return self.clocks.memory
        return replace(
            self.clocks.memory,
            standing_comment=former.standing_comment,
            standing_words=former.standing_words,
            intended_comment=self.clocks.intended,
        )
