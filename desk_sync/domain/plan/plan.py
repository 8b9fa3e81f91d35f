"""The plan for a ticket: what should be true of it now, what should happen once, when to look next, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from desk_sync.domain.plan.clocks_plan import ClocksPlan
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.education import EducationClaim
from desk_sync.domain.plan.escalation_plan import EscalationPlan
from desk_sync.domain.plan.fields_plan import FieldsOutcome, FieldsPlan
from desk_sync.domain.plan.memory import CommentsMemory, Memory, NoteMemory
from desk_sync.domain.plan.note.note import KeptNote
from desk_sync.domain.plan.ownership import DECIDED
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.ticket import Ticket, digest
from desk_sync.domain.ticket.waiting_comment import CommentsOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A finished plan, which can be carried out.

    `urgency` is a severity level, 1 first. `effects` are the comments that are made once; `education` is the claim that
    one of them needs, if the partner is to be educated in public. `note` is the one that the ticket should have, None
    if it is as it should be. `next_look_at` is in Desk's time, and None for "when an event comes".
    """

    decision: Decision
    urgency: int
    fields: FieldsPlan = field(default_factory=FieldsPlan)
    clocks: ClocksPlan = field(default_factory=ClocksPlan)
    escalation: EscalationPlan = field(default_factory=EscalationPlan)
    effects: tuple[Effect, ...] = ()
    note: KeptNote | None = None
    education: EducationClaim | None = None
    next_look_at: datetime | None = None

    @property
    def comments(self) -> tuple[Effect, ...]:
        """Every comment that the ticket has after this plan, as far as the plan knows."""
        return (*self.effects, *((self.note.comment,) if self.note else ()))

    def with_refused(self, outcome: FieldsOutcome, *, now: datetime) -> Plan:
        """Return the plan with a note that says which decided fields Desk did not accept; without one if that is brief.

        Then the next try is likely to succeed, and the note tells its outcome.
        """
        refused = DECIDED & outcome.refused.keys()
        if self.note is None or not refused:
            return self
        if any(outcome.refused[name].is_brief for name in refused):
            return replace(self, note=None)
        held = self.fields.held_back_after(outcome, now=now, mapping=self.decision.policy_version)
        return replace(self, note=self.note.with_held_back({name: held[name] for name in refused}))

    def memory_after(self, before: Ticket, after: Ticket, memory: Memory, comments: CommentsOutcome) -> Memory:
        """Return what the next look has to know. Comments that others made during this look are not counted yet."""
        return Memory(
            written_digest=digest(after),
            read_digest=digest(before),
            fields=self.fields.memory,
            clocks=replace(
                self.clocks.memory,
                threads_counted=before.threads,
                comments_counted=before.comments + comments.made,
                left_at=after.modified_at,
            ),
            escalation=self.escalation.memory,
            evidence=memory.evidence,
            comments=CommentsMemory(waiting=comments.waiting),
            note=self._note_after(memory.note, comments),
            traces=memory.traces,
        )

    def note_about_to_be_written(self, former: NoteMemory) -> NoteMemory:
        """Return the memory of the note to store before it is written."""
        return former.intending(self.note.digest, self.note.comment.text) if self.note else former

    def _note_after(self, former: NoteMemory, comments: CommentsOutcome) -> NoteMemory:
        """Return the memory of the note; of one that was not written, the former one is known."""
        if self.note is None:
            return replace(former, intended=None)
        if self.note.comment.key in comments.waiting:
            return self.note_about_to_be_written(former)
        text, asked = self.note.comment.text, self.note.asked
        return former.after(self.note.digest, text, asked=asked, comment_id=comments.note_id)
