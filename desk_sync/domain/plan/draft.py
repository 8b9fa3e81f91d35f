"""From the facts of one look to a plan: pure, in two steps, because some facts are read only where they matter.

`draft_plan` says which facts are still missing; `PlanDraft.finish` takes them and returns the plan. Nothing here can
fail on a checked policy, and the same inputs give the same plan, to the byte (L4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from desk_sync.domain.account.partner import customer_evidence
from desk_sync.domain.plan.clocks_plan import ClocksDraft
from desk_sync.domain.plan.decision import Decision, asking_where, decide
from desk_sync.domain.plan.education import EducationDraft, LastEducation
from desk_sync.domain.plan.escalation_actions import Agents
from desk_sync.domain.plan.escalation_plan import EscalationDraft
from desk_sync.domain.plan.fields_plan import FieldsDraft, FieldsPlan
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.plan.note.note import KeptNote
from desk_sync.domain.plan.note.note_plan import NoteDraft
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.ownership import own_fields
from desk_sync.domain.plan.plan import Plan
from desk_sync.domain.plan.policy import Mode, Policy
from desk_sync.domain.plan.requests.suggestion import RequestSuggestion, suggest
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.ticket import Field

IDLE = timedelta(days=1)
"""The longest time between two looks at an open ticket of which nothing is expected."""


def draft_plan(observed: ObservedTicket, memory: Memory, policy: Policy) -> PlanDraft:
    """Return what follows from the facts, the memory and the policy, as far as it follows without further facts."""
    fields = own_fields(memory.fields, observed.ticket, observed.events, policy.tickets)
    return PlanDraft(observed, replace(memory, fields=fields), policy)


@dataclass(frozen=True)
class PlanDraft:
    """A plan that lacks two facts: who Desk's agents are, and when the partner was last educated.

    A third is outdated where `needs_conversation`: then the conversation is read, and a new draft made.
    """

    observed: ObservedTicket
    memory: Memory
    policy: Policy

    @property
    def needs_conversation(self) -> bool:
        """True if a breach or a level is about to be told that was not due yet when the conversation was last read."""
        if self.mode is Mode.SHADOW:
            return False
        due = (*self.escalation.levels_due, *self.clocks.breaches(self._escalated))
        return not all(map(self.memory.clocks.read_since, due))

    @property
    def replaced(self) -> frozenset[Field]:
        """The fields in which a value is about to be replaced that a person may have set meanwhile."""
        return self.fields.replaced(self.shown) if self.mode is Mode.WRITE else frozenset()

    @property
    def agents_needed(self) -> frozenset[str]:
        """The addresses of the agents that Desk must be asked about."""
        return self.escalation.agents_needed

    @property
    def partner_key(self) -> str | None:
        """The partner whose last education must be looked up; None if no public reply depends on it."""
        return self.education.partner_key

    def finish(self, *, agents: Agents, last_education: LastEducation | None) -> Plan:
        """Return the plan. `agents` are Desk's agents by address, None for an address without one."""
        fields = self.fields.finish(self.shown, self._actions(agents), self.mode)
        silent = self.mode is Mode.SHADOW
        educated = self.education.finish(last_education, self.observed.host_now)
        clocks = self.clocks.finish(self.escalation.folding_limits)
        announced, note = self.memory.comments.as_announced, self.note.finish(fields)
        return Plan(
            decision=self._explained(fields),
            urgency=self.clocks.urgency,
            fields=fields,
            clocks=clocks,
            escalation=self.escalation.finish(clocks.past),
            effects=() if silent else tuple(map(announced, self._effects(note, educated.effects, agents))),
            note=note if note and note.digest != self.memory.note.digest else None,
            education=educated.claim,
            next_look_at=self._next_look_at(),
        )

    @property
    def mode(self) -> Mode:
        return self.policy.tickets.mode_of(self.observed.ticket.department_id)

    @cached_property
    def decision(self) -> Decision:
        observed = self.observed
        decision = decide(observed.ticket, observed.lookup, observed.writer, self.policy, observed.host_now)
        if observed.history is None or observed.ticket.in_bin:
            return decision
        return asking_where(decision, self.policy.commitment.regions, observed.writer, observed.related.origin)

    @cached_property
    def fields(self) -> FieldsDraft:
        return FieldsDraft(self.observed, self.decision, self.memory.fields, self.policy.tickets)

    @cached_property
    def clocks(self) -> ClocksDraft:
        return ClocksDraft(self.observed, self.decision, self.fields.severity, self.memory.clocks, self.policy)

    @cached_property
    def escalation(self) -> EscalationDraft:
        inputs = self.memory.clocks.inputs
        return EscalationDraft(
            observed=self.observed,
            decision=self.decision,
            reading=self.clocks.proven,
            urgency=self.clocks.urgency,
            memory=self.memory.escalation,
            policy=self.policy,
            mode=self.mode,
            known_history=inputs.history if inputs else None,
            awaited_until=self.clocks.awaited_until,
        )

    @cached_property
    def note(self) -> NoteDraft:
        return NoteDraft(
            observed=self.observed,
            decision=self.decision,
            fields=self.fields,
            clocks=self.clocks,
            escalation=self.escalation,
            memory=self.memory.note,
            policy=self.policy,
            mode=self.mode,
        )

    @cached_property
    def education(self) -> EducationDraft:
        observed = self.observed
        evidence = (*observed.ticket.evidence, *self.memory.evidence.from_threads)
        return EducationDraft(
            ticket=observed.ticket,
            writer=observed.writer,
            references=observed.references,
            nameless=observed.lookup.account is None and not customer_evidence(evidence, observed.writer.partner),
            policy=self.policy.education,
            may_reply=self.mode is Mode.WRITE,
        )

    @cached_property
    def suggestion(self) -> RequestSuggestion:
        """The requests in the partner's words that are left to a person."""
        reading = self.clocks.reading
        return suggest(self.observed, self.escalation.outcome.state, self.escalation.requests, self.policy, reading)

    @property
    def shown(self) -> Mapping[Field, DesiredValue]:
        """Return the values that show clocks, escalation and verdict, where the portal has fields for them."""
        values = {**self.clocks.fields, **self.escalation.fields, **self.note.shown}
        return {name: value for name, value in values.items() if name in self.policy.shown}

    def _actions(self, agents: Agents) -> Mapping[Field, DesiredValue]:
        """Return the values that the levels raised now set, and those of a running ladder that Desk did not accept."""
        held = self.fields.held_actions() if self.escalation.is_running else {}
        return {**held, **self.escalation.actions(agents)}

    def _effects(self, note: KeptNote | None, education: tuple[Effect, ...], agents: Agents) -> Iterator[Effect]:
        """Yield every comment that is made once, with those of earlier looks that Desk did not accept."""
        yield from self.memory.comments.kept(escalating=self.escalation.is_running)
        yield from self.note.questions(note)
        yield from self.note.doubts()
        yield from education
        yield from self.escalation.comments(agents)
        yield from self.suggestion.notes()

    @property
    def _escalated(self) -> frozenset[str]:
        """The breaches that an escalation reports: those that started one, and the present one of its clock."""
        raised = frozenset(raised.ladder for raised in self.escalation.outcome.state.raised)
        return raised | self.escalation.present_breaches

    def _next_look_at(self) -> datetime | None:
        """Return when the first clock changes by itself, the escalation goes on, or a reply may have been sent.

        What lies ahead in the ticket's history is looked at when it happens. An open ticket for which nothing of this
        is due is looked at once in `IDLE`, whatever deliveries and sweeps miss.
        """
        sent_at = self.memory.clocks.threads_seen.read_again_at
        due = min(filter(None, (self.clocks.next_at, self.escalation.outcome.next_at, sent_at)), default=None)
        ticket = self.observed.ticket
        return due or (None if ticket.closed or ticket.in_bin else self.observed.now + IDLE)

    def _explained(self, fields: FieldsPlan) -> Decision:
        """Return the decision with the reasons why the ticket differs from it, and the state of the escalation."""
        decision, outcome = self.decision, self.escalation.outcome
        for name in fields.memory.overrides:
            decision = decision.because(
                "L7", f"{name} stays as a person set it, until what ours is based on changes later"
            )
        for each in self.memory.comments.waiting.values():
            decision = decision.because("L16", f"the comment {each.comment.key} waits: {each.reason}")
        for name in fields.unplaceable:
            decision = decision.because("L8", f"{name} is not written: the ticket's layout has no place for it")
        doubts = self.clocks.doubts
        reasons = (*decision.reasons, *outcome.reasons, *(each.reason for each in outcome.reviews), *doubts)
        asked = (*(ESCALATION_REQUESTED for _ in outcome.reviews), *([DOUBTFUL] if doubts else []))
        asked = (*asked, *self.suggestion.questions)
        questions = (*decision.questions, *asked, *map(_question, self.fields.never_placed(fields)))
        decision = replace(decision, reasons=reasons, questions=questions)
        return decision.because("L14", LOOP) if fields.looping else decision


LOOP = (
    "another program seems to undo what is written here, so nothing more is written until a person changes the ticket"
)
DOUBTFUL = "whether the commitment is broken, as part of the ticket's past is not known"
ESCALATION_REQUESTED = "whether to escalate, as somebody asked"


def _question(unplaceable: Field) -> str:
    return f"whether the ticket's layout should have {unplaceable}"
