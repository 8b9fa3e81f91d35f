"""The note of one look: whether the ticket gets one, what it says, and whether it differs from the one in Desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from desk_sync.domain.account.entitlement import Verdict, entitle, thresholds_of
from desk_sync.domain.account.licence_policy import Threshold
from desk_sync.domain.commitment.clock_reading import ClockReading, alarm_effect
from desk_sync.domain.escalation.ladder import RaisedLevel
from desk_sync.domain.plan.clocks_plan import ClocksDraft
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.escalation_plan import EscalationDraft
from desk_sync.domain.plan.fields_plan import FieldsDraft, FieldsPlan
from desk_sync.domain.plan.memory import NoteMemory
from desk_sync.domain.plan.note.clock_lines import doubt, has_passed_its_target
from desk_sync.domain.plan.note.explanation import sentence
from desk_sync.domain.plan.note.facts import NoteFacts
from desk_sync.domain.plan.note.note import KeptNote, write_note
from desk_sync.domain.plan.note_policy import Explain, NoteWords
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.ownership import DECIDED, severity_left_alone
from desk_sync.domain.plan.policy import Mode, Policy
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.held_back import HeldBack
from desk_sync.domain.ticket.ticket import Field

LONGEST_EXPLANATION = 255
"""Characters of a line of text in Desk."""


@dataclass(frozen=True)
class NoteDraft:
    """The note of a ticket, from the drafts of its decision, fields, clocks and escalation."""

    observed: ObservedTicket
    decision: Decision
    fields: FieldsDraft
    clocks: ClocksDraft
    escalation: EscalationDraft
    memory: NoteMemory
    policy: Policy
    mode: Mode

    @property
    def shown(self) -> Mapping[Field, DesiredValue]:
        """The sentence, for the field that shows it; none where nothing is to be explained."""
        if not self._explains:
            return {}
        text = sentence(self.facts.with_held_back(self._held_back), self._words)[:LONGEST_EXPLANATION]
        return {Field.EXPLANATION: DesiredValue(text, text)}

    def finish(self, fields: FieldsPlan) -> KeptNote | None:
        """Return the note that the ticket should have; None if it needs none, or if it waits for a reply being sent."""
        facts = self._facts(fields)
        if not self._is_wanted(facts) or self.clocks.waits_for_a_reply:
            return None
        return write_note(facts, self._words)

    def questions(self, note: KeptNote | None) -> Iterator[Effect]:
        """Yield the question of a note as a comment of its own, if the note was made without it."""
        if note and note.question and self.memory.digest and not note.asked <= self.memory.asked:
            yield note.question

    def doubts(self) -> Iterator[Effect]:
        """Yield a comment for each breach that rests on unknown time: a person should check it (L8)."""
        for key, clock in self.clocks.to_be_checked.items():
            text = doubt(clock, self._zone, self._words)
            yield Effect(key=alarm_effect(key), kind=EffectKind.UPDATE, text=text)

    @cached_property
    def facts(self) -> NoteFacts:
        """The facts of the note, if Desk accepts every value."""
        observed = self.observed
        ticket, excluded = observed.ticket, self.policy.licences.excluded_service(observed.ticket.product or "")
        return NoteFacts(
            ticket=ticket,
            lookup=observed.lookup,
            decision=self.decision,
            now=observed.now,
            zone=self._zone,
            verdict=self._verdict,
            thresholds=self._thresholds,
            service=excluded.name if excluded else "",
            severe=self._is_severe,
            left_alone=severity_left_alone(ticket, self.policy.tickets),
            by_people=frozenset(name for name in self.fields.decided_by_people if self.decision.account_id),
            replaced=self.fields.replaced_address if self.mode is Mode.WRITE else None,
            reading=self._reading,
            level=self._level,
        )

    def _facts(self, fields: FieldsPlan) -> NoteFacts:
        held = {name: each for name, each in self._held_back.items() if name not in fields.writes}
        facts = replace(self.facts, unplaceable=frozenset(self.fields.never_placed(fields)), looping=fields.looping)
        return facts.with_held_back(held)

    @property
    def _words(self) -> NoteWords:
        return self.policy.notes.words(self.observed.ticket.department_id)

    def _is_wanted(self, facts: NoteFacts) -> bool:
        """Return True for a note that exists, too: it is kept up to date."""
        if self.mode is Mode.SHADOW or self.policy.notes.explain is Explain.NEVER:
            return False
        asks = facts.asks or facts.looping or bool(facts.unplaceable or facts.suspected)
        alarmed = facts.reading is not None and bool(facts.reading.alarms)
        in_field = Field.EXPLANATION in self.policy.shown and Field.EXPLANATION not in facts.ticket.not_on_layout
        return bool(self.memory.digest) or asks or alarmed or (self._explains and not in_field)

    @property
    def _explains(self) -> bool:
        """True if the setting wants the verdict on this ticket to be explained."""
        explain, facts = self.policy.notes.explain, self.facts
        if explain is Explain.CHANGED and not facts.ticket.in_bin:
            touched = self.mode is Mode.WRITE and bool(self.fields.touched)
            return touched or facts.verdict is Verdict.PRIORITY or facts.asks
        return explain is Explain.ALL or (explain is Explain.ASKED and facts.asks)

    @property
    def _zone(self) -> str:
        if self.clocks.reading:
            return self.clocks.reading.zone
        regions = self.policy.commitment.regions
        return regions.calendar(regions.locate(self.observed.related.origin, regions.calendar_by)).tz

    @property
    def _verdict(self) -> Verdict | None:
        """The verdict on the account alone; it is worked out anew only where the decision may have set it aside."""
        account = self.observed.lookup.account
        if account is None or not self.decision.hands_off:
            return self.decision.verdict if account else None
        return entitle(account, self.policy.licences, self.observed.writer).verdict

    @property
    def _thresholds(self) -> Mapping[str, Threshold]:
        account = self.observed.lookup.account
        return thresholds_of(account, self.policy.licences, self.observed.writer) if account else {}

    @property
    def _is_severe(self) -> bool:
        """True if the ticket has severity 1 in Desk after this look, if Desk accepts it."""
        severity = self.fields.severity if self.mode is Mode.WRITE else self.observed.ticket.severity
        return isinstance(severity, str) and self.policy.tickets.level(severity) == 1

    @property
    def _held_back(self) -> Mapping[Field, HeldBack]:
        """The decided fields that Desk did not accept, for which somebody must do something."""
        held = self.fields.memory.held_back.items() if self.mode is Mode.WRITE else ()
        lasting = {name: each for name, each in held if name in DECIDED and not each.refusal.is_brief}
        return {name: each for name, each in lasting.items() if name in self.fields.touched}

    @property
    def _reading(self) -> ClockReading | None:
        """The clocks, where they matter: of a large account, and of a ticket that was late or nearly so."""
        reading = self.clocks.reading
        if reading is None:
            return None
        large = self.decision.verdict is Verdict.PRIORITY
        return reading if large or reading.alarms or any(map(has_passed_its_target, reading.clocks)) else None

    @property
    def _level(self) -> RaisedLevel | None:
        """The last level of the running escalation."""
        ladder = self.escalation.outcome.state.ladder
        if not self.escalation.is_running or ladder is None:
            return None
        raised = [each for each in self.escalation.outcome.state.raised if each.ladder == ladder.key]
        return max(raised, key=lambda each: each.level, default=None)
