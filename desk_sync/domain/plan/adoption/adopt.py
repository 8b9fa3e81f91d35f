"""The adoption of a ticket's traces: facts and memory as they would be if no look had been forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import ClockInputs, ClockReading
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.plan.adoption.past_fields import adopted_fields, last_changes
from desk_sync.domain.plan.adoption.past_ladders import PastLadders
from desk_sync.domain.plan.adoption.traces import TicketTraces, news_of
from desk_sync.domain.plan.draft import PlanDraft, draft_plan
from desk_sync.domain.plan.memory import ClocksMemory, EscalationMemory, FieldsMemory, Memory, NoteMemory, TracesMemory
from desk_sync.domain.plan.note.note import NOTE
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.ownership import DECIDED
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.domain.ticket.ticket import Field, Value

_FORGOTTEN = "forgotten"
"""The digest of a note that exists, and whose digest is not known."""


def adopt(
    observed: ObservedTicket, memory: Memory, traces: TicketTraces, policy: Policy
) -> tuple[ObservedTicket, Memory]:
    """Return the facts and the memory with what the traces show as done."""
    seen = TracesMemory(
        references=memory.traces.references | (traces.references - frozenset(observed.references)),
        read_at=observed.host_now,
    )
    if memory.read_digest is None and traces.first_at is None:
        return observed, replace(memory, traces=seen)
    return _Adoption(observed, memory, traces, policy, seen).finish()


@dataclass(frozen=True)
class _Adoption:
    """One adoption. Of a ticket with a memory only what came after it is adopted."""

    observed: ObservedTicket
    memory: Memory
    traces: TicketTraces
    policy: Policy
    seen: TracesMemory

    @property
    def is_new(self) -> bool:
        return self.memory.read_digest is None

    @property
    def since(self) -> datetime | None:
        """The instant after which the past is not known; None if nothing of it is."""
        return None if self.is_new or self.memory.traces.again else self.memory.clocks.left_at

    def finish(self) -> tuple[ObservedTicket, Memory]:
        observed = self._observed()
        memory = replace(self.memory, traces=self.seen, clocks=self._clocks(observed))
        memory = replace(memory, escalation=self._escalation(draft_plan(observed, memory, self.policy)))
        draft = draft_plan(observed, memory, self.policy)
        fields = adopted_fields(
            self._unjudged(memory.fields), self.traces, self.policy.tickets, _Basis(draft).of, self.since
        )
        memory = replace(memory, fields=fields)
        unknown = draft.decision.account_id is None and bool(DECIDED & fields.applied.keys())
        memory = replace(memory, traces=replace(self.seen, again=unknown))
        draft = draft_plan(observed, memory, self.policy)
        reading = draft.clocks.reading
        clocks = self._with_alerts(memory.clocks, reading) if reading else memory.clocks
        return observed, replace(memory, clocks=clocks, note=self._note(draft))

    def _observed(self) -> ObservedTicket:
        observed, first_at = self.observed, self.traces.first_at
        since = first_at if self.is_new else self.since
        just_before, doubtful = since and since - timedelta(microseconds=1), self.memory.fields.set_by_rules
        events = last_changes(observed.ticket, self.traces, just_before, doubtful)
        active = min(filter(None, (observed.related.active_since, first_at)), default=None)
        return replace(
            observed,
            events=news_of((*observed.events, *events)),
            references=frozenset(observed.references) | self.traces.references,
            related=replace(observed.related, active_since=active) if self.is_new else observed.related,
            history=observed.history and observed.history.learn(self._severities(observed.history)),
        )

    def _severities(self, history: History) -> Iterator[HistoryEvent]:
        """Yield the changes of the severity level; the one before our first look counts since the change before it."""
        level, first_at, agents = self.policy.tickets.level, self.traces.first_at, self.traces.agents
        changes = self.traces.changes_of(Field.SEVERITY, self.since)
        if self.is_new and first_at:
            at_first = changes[0].before if changes else self.observed.ticket.severity
            earlier = [each.at for each in self.traces.past.changes if each.at < first_at]
            at = max(earlier, default=history.created_at)
            yield HistoryEvent(kind=HistoryEventKind.SEVERITY, at=at, level=level(_text(at_first)))
        for each in changes:
            by_us = each.by in agents
            yield HistoryEvent(kind=HistoryEventKind.SEVERITY, at=each.at, level=level(_text(each.after)), by_us=by_us)

    def _clocks(self, observed: ObservedTicket) -> ClocksMemory:
        clocks = replace(self.memory.clocks, in_doubt=False)
        if observed.history is None:
            return clocks
        inputs = clocks.inputs or ClockInputs(history=observed.history, promise="", basis=ClockBasis())
        large_since = inputs.basis.large_since or self._large_since()
        basis = replace(inputs.basis, large=inputs.basis.large or large_since is not None, large_since=large_since)
        return replace(clocks, inputs=replace(inputs, basis=basis))

    def _large_since(self) -> datetime | None:
        """Return when we first ticked the box."""
        ticked = (each.at for each in self.traces.ours if each.name == Field.LARGE_USER and each.after is True)
        return min(ticked, default=None)

    def _escalation(self, draft: PlanDraft) -> EscalationMemory:
        context, memory = draft.escalation.context, self.memory.escalation
        if context is None:
            return memory
        return PastLadders(context, self.traces, memory, self.traces.first_at if self.is_new else None).adopted()

    def _with_alerts(self, clocks: ClocksMemory, reading: ClockReading) -> ClocksMemory:
        """Return the memory with the alerts from before our first act."""
        first_at = self.traces.first_at
        if self.is_new and first_at:
            early = {key for key, clock in reading.alarms.items() if _since(clock) < first_at}
            clocks = replace(clocks, suppressed=frozenset(early))
        return clocks

    def _note(self, draft: PlanDraft) -> NoteMemory:
        """Return the memory of the note, as Desk has it: one that a person edited stands until there is news (L7)."""
        former, found = self.memory.note, self.traces.comment(reference_of(self.observed.ticket.ticket_id, NOTE))
        if found is None or not self._is_news(found.edited_at or found.at):
            return former
        if former.digest is not None and former.words == found.words:
            return former
        note = draft.note.finish(draft.fields.finish({}, {}, draft.mode))
        theirs = note is not None and self.traces.is_edited_by_others(found)
        return NoteMemory(
            digest=note.digest if note and theirs else _FORGOTTEN,
            words=found.words,
            asked=former.asked | (note.asked if note else frozenset()),
        )

    def _is_news(self, at: datetime) -> bool:
        return self.since is None or at > self.since

    def _unjudged(self, fields: FieldsMemory) -> FieldsMemory:
        """Return it without the overrides that were found while the account was unknown: they are found again."""
        if not self.memory.traces.again:
            return fields
        return replace(fields, overrides={name: each for name, each in fields.overrides.items() if name not in DECIDED})


def _since(clock: Clock) -> datetime:
    """Return when the clock's alert became active."""
    at = clock.due_at if clock.state is ClockState.BREACHED else clock.target_at
    return at or clock.started_at


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


class _Basis:
    """The basis that a value of ours would have today."""

    def __init__(self, draft: PlanDraft) -> None:
        self._draft = draft
        self._desired = {**draft.fields.decided, **draft.shown}

    def of(self, name: Field) -> str:
        desired = self._desired.get(name)
        return desired.basis if desired else self._draft.decision.basis
