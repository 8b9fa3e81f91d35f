"""What should be true of a ticket now, what should happen once, and why: values in, one Plan out.

Nothing here can fail on a checked policy, and the same inputs give the same plan, to the byte (L4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import Lookup
from desk_sync.domain.account.partner import NOBODY_ASKED, TicketWriter, customers
from desk_sync.domain.commitment.clock_comments import StandingComment, alarms, sheet
from desk_sync.domain.commitment.clock_fields import clock_fields
from desk_sync.domain.commitment.clock_reading import ClockReading, severity_since, watch
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.promise import Promise
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.escalation.escalate import NO_ESCALATION, EscalationOutcome, EscalationState
from desk_sync.domain.escalation.notice import Message
from desk_sync.domain.escalation.public_update import UpdateTexts
from desk_sync.domain.escalation.related_tickets import NOTHING_KNOWN, RelatedFacts
from desk_sync.domain.escalation.requests import NOTHING_ASKED, EscalationRequests
from desk_sync.domain.plan import escalation as climbing
from desk_sync.domain.plan import escalation_actions as steps
from desk_sync.domain.plan.comments import LOOP, notes
from desk_sync.domain.plan.decision import Decision, asking_where, decide
from desk_sync.domain.plan.education import educate
from desk_sync.domain.plan.escalation import EscalationContext
from desk_sync.domain.plan.memory import AppliedValue, Memory, Override
from desk_sync.domain.plan.ownership import (
    DECIDED,
    applied_after,
    changed_by_person,
    desired_values,
    overrides_of,
    reverts,
)
from desk_sync.domain.plan.policy import Mode, Policy
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Ticket, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTicket:
    """What a look found. `events` are the news since the last one: who changed what.

    `promise` is the one that was frozen when the ticket's clocks started; without a `history` there are no clocks.
    """

    ticket: Ticket
    lookup: Lookup
    events: Sequence[Event] = ()
    writer: TicketWriter = NOBODY_ASKED
    history: History | None = None
    promise: Promise | None = None
    around: RelatedFacts = NOTHING_KNOWN
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What should be true now, what should happen once, and what to remember.

    `wanted` holds only fields that differ (L5). `urgency` is a severity level, 1 first. `watch` is None for a ticket
    without clocks, `sheet` where the standing comment is to stay as it is; `messages` are for people outside Desk.
    `asked` is what people asked of us. `asks` are the addresses of agents of whom Desk must be asked before the plan is
    carried out; it is then made again. `wakes` are other tickets that owe a look now. `next_step_at` is when the
    escalation goes on. `next_look_at`: None means "when something tells us to".
    """

    decision: Decision
    wanted: Mapping[Field, Value]
    effects: tuple[Effect, ...]
    written: Mapping[Field, AppliedValue]
    overrides: Mapping[Field, Override]
    consecutive_writes: int
    urgency: int
    watch: ClockReading | None = None
    sheet: StandingComment | None = None
    suppressed: frozenset[str] = frozenset()
    escalation: EscalationState = NO_ESCALATION
    messages: tuple[Message, ...] = ()
    asked: EscalationRequests = NOTHING_ASKED
    asks: frozenset[str] = frozenset()
    wakes: frozenset[str] = frozenset()
    next_step_at: datetime | None = None
    next_look_at: datetime | None = None

    @property
    def intended(self) -> Mapping[Field, AppliedValue]:
        """What to write down before the fields are written, so that a crash in between leaves no doubt."""
        return {name: self.written[name] for name in self.wanted if name in self.written}

    @property
    def comments(self) -> tuple[Effect, ...]:
        """Every comment that stands on the ticket after this plan by what it knows."""
        return (*self.effects, *((self.sheet.comment,) if self.sheet else ()))


def plan(found: ObservedTicket, memory: Memory, policy: Policy) -> Plan:
    """What follows from what was found, what is remembered, and what the admin wants."""
    return _Planning(found, memory.settled(found.ticket), policy).plan()


@dataclass(frozen=True)
class _Planning:
    """One plan in the making. Each part is worked out once, from those above it."""

    found: ObservedTicket
    memory: Memory
    policy: Policy

    def plan(self) -> Plan:
        shadow = self.mode is Mode.SHADOW
        return Plan(
            decision=self._explained(),
            wanted=self.wanted,
            effects=() if shadow else tuple(self._effects()),
            written=dict(applied_after(self.found.ticket, self.memory, self.ours, self.wanted)),
            overrides=self.overrides,
            consecutive_writes=self.consecutive_writes + bool(self.wanted),
            urgency=self.urgency,
            watch=self.seen,
            sheet=sheet(self.seen, self.memory.sheet, self.found.now) if self.seen and not shadow else None,
            suppressed=self.suppressed,
            escalation=self.owed.escalation,
            messages=tuple(steps.messages(self.owed, self.scene)) if self.scene and not shadow else (),
            asked=self.asked,
            asks=steps.asks(self.owed, self.scene) if self.scene else frozenset(),
            wakes=self._wakes(),
            next_step_at=self.owed.next_at,
            next_look_at=self._next_look_at(),
        )

    @property
    def mode(self) -> Mode:
        return self.policy.tickets.mode_of(self.found.ticket.department_id)

    @cached_property
    def decision(self) -> Decision:
        found = self.found
        decision = decide(found.ticket, found.lookup, found.writer, self.policy, found.now)
        if found.history is None or found.ticket.in_bin:
            return decision
        return asking_where(decision, self.policy.commitment.regions, found.writer, found.around.origin)

    @cached_property
    def decided(self) -> Mapping[Field, DesiredValue]:
        """The values that follow from the decision."""
        return dict(desired_values(self.found.ticket, self.found.lookup, self.decision, self.policy.tickets))

    @cached_property
    def decided_by_people(self) -> Mapping[Field, Override]:
        return self._overrides(self.decided, among=DECIDED)

    @cached_property
    def level(self) -> int | None:
        """Of the severity that counts: ours, also where it is not written, unless a person's stands (R49, L7).

        Where the layout has no place for one, the last that was known (L8).
        """
        claim = self.decided.get(Field.SEVERITY)
        value = claim.value if claim and Field.SEVERITY not in self.decided_by_people else self.found.ticket.severity
        if value is None and Field.SEVERITY in self.found.ticket.not_on_layout and self.memory.watched:
            return self.memory.watched.history.level(self.found.now)
        return self.policy.tickets.level(value) if isinstance(value, str) else None

    @property
    def urgency(self) -> int:
        """A ticket without a known severity waits behind the others."""
        return self.level or max(self.policy.tickets.severities)

    @cached_property
    def seen(self) -> ClockReading | None:
        """The clocks, by what was promised when they started (L9)."""
        found = self.found
        if found.history is None:
            return None
        new = self.memory.watched is None
        past = severity_since(found.history, self.level, found.ticket, found.events, new=new, now=found.now)
        promise = found.promise or self.policy.commitment.promise(found.around.origin, self.policy.version)
        return watch(past, promise, self._circumstances(), found.now)

    @cached_property
    def asked(self) -> EscalationRequests:
        """What people ask of us now."""
        found = self.found
        return climbing.asked_after(found.ticket, self.memory.asked, found.events, self.policy, found.now)

    @cached_property
    def scene(self) -> EscalationContext | None:
        """What escalation goes by."""
        if self.seen is None:
            return None
        return EscalationContext(
            ticket=self.found.ticket,
            seen=self.seen,
            severity=self.urgency,
            decision=self.decision,
            writer=self.found.writer,
            around=self.found.around,
            asked=self.asked,
            policy=self.policy,
            now=self.found.now,
        )

    @cached_property
    def owed(self) -> EscalationOutcome:
        """What the escalation owes."""
        if self.scene is None:
            return EscalationOutcome(escalation=self.memory.escalation)
        step = climbing.mute if self.mode is Mode.SHADOW else climbing.climb
        return step(self.memory.escalation, self.scene)

    @cached_property
    def shown(self) -> Mapping[Field, DesiredValue]:
        """The values that tell of clocks and escalation, where the portal has fields for them."""
        if self.seen is None or self.scene is None:
            return {}
        told = (*clock_fields(self.seen.clocks), *steps.escalation_fields(self.owed, self.scene))
        return {name: claim for name, claim in told if name in self.policy.shown}

    @cached_property
    def overrides(self) -> Mapping[Field, Override]:
        """The values of people that stand against ours (L7)."""
        return {**self.decided_by_people, **self._overrides(self.shown, among=frozenset(self.shown))}

    @cached_property
    def ours(self) -> Mapping[Field, DesiredValue]:
        """The values that are ours to set."""
        claims = {**self.decided, **self.shown}
        return {name: claim for name, claim in claims.items() if name not in self.overrides}

    @cached_property
    def differing(self) -> Mapping[Field, Value]:
        """What stands in the ticket otherwise than it should (L5)."""
        ticket = self.found.ticket
        values = {name: claim.value for name, claim in self.ours.items()}
        values |= dict(reverts(ticket, self.decision, self.memory, self.policy.tickets))
        values |= steps.acts(self.owed, self.scene) if self.scene else {}
        placed = {name: value for name, value in values.items() if name not in ticket.not_on_layout}
        return {name: value for name, value in placed.items() if ticket.value(name) != value}

    @cached_property
    def unplaceable(self) -> tuple[Field, ...]:
        """Values of ours that the ticket's layout has no place for."""
        return tuple(sorted(self.ours.keys() & self.found.ticket.not_on_layout))

    @property
    def consecutive_writes(self) -> int:
        """How often we wrote since a person last changed something."""
        return 0 if changed_by_person(self.found.events, self.policy.tickets) else self.memory.consecutive_writes

    @property
    def looping(self) -> bool:
        return bool(self.differing) and self.consecutive_writes >= self.policy.tickets.write_limit

    @property
    def wanted(self) -> Mapping[Field, Value]:
        return self.differing if self.mode is Mode.WRITE and not self.looping else {}

    @property
    def suppressed(self) -> frozenset[str]:
        """What was so before we first looked: nobody is told of it."""
        return frozenset(self.seen.alarms) if self.seen and self.memory.watched is None else self.memory.suppressed

    def _overrides(self, claims: Mapping[Field, DesiredValue], *, among: frozenset[Field]) -> Mapping[Field, Override]:
        found = self.found
        kept = overrides_of(
            found.ticket, self.decision, claims, self.memory, found.events, self.policy.tickets, among=among
        )
        return dict(kept)

    def _circumstances(self) -> ClockBasis:
        """What decides on the promises. What is unknown takes nothing back (L8)."""
        before = self.memory.watched.circumstances if self.memory.watched else ClockBasis()
        verdict = self.decision.verdict
        large = before.large if verdict is Verdict.UNKNOWN else verdict is Verdict.PRIORITY
        return ClockBasis(
            large=large,
            large_since=(before.large_since or self.found.now) if large else None,
            issue_type=self.found.ticket.issue_type,
            request_type=self.found.ticket.request_type,
            inferred_issue_type=self._inferred(),
        )

    def _inferred(self) -> str | None:
        """What the words suggest that may add the weekend exception (R21)."""
        known = self.policy.commitment.terms.weekend.issue_types
        return next((each.issue_type for each in self.found.ticket.inferred if each.issue_type in known), None)

    def _effects(self) -> Iterator[Effect]:
        """Every comment that is owed."""
        yield from notes(self.found.ticket, self.decision, self.wanted, looping=self.looping)
        if self.seen:
            escalated = {raised.ladder for raised in self.owed.escalation.raised}
            yield from alarms(self.seen, suppressed=self.suppressed, escalated=escalated)
        yield from self._education()
        if self.scene:
            updates = self.policy.escalation.updates if self.mode is Mode.WRITE else UpdateTexts()
            yield from steps.comments(self.owed, self.scene, updates)

    def _education(self) -> Iterator[Effect]:
        """What the partner could do better next time."""
        ticket, partner = self.found.ticket, self.found.writer.partner
        evidence = (*ticket.evidence, *self.memory.heard)
        nameless = self.found.lookup.account is None and not customers(evidence, partner)
        may_reply = self.mode is Mode.WRITE
        yield from educate(ticket, nameless=nameless, policy=self.policy.education, may_reply=may_reply)

    def _wakes(self) -> frozenset[str]:
        """The tickets that this one, as it is news, makes the last of a cluster, or of too many questions.

        They were looked at before anybody knew of this one.
        """
        if self.scene is None:
            return frozenset()
        watched, none = self.memory.watched, frozenset[str]()
        severe = watched is None or watched.history.level(self.found.now) != 1
        last = climbing.last_of_clusters(self.scene) if severe else none
        last |= steps.last_of_questions(self.scene) if watched is None else none
        return last - {self.found.ticket.ticket_id}

    def _next_look_at(self) -> datetime | None:
        """When the first clock changes by itself, or the escalation goes on."""
        clocks = self.seen.next_at if self.seen else None
        return min(filter(None, (clocks, self.owed.next_at)), default=None)

    def _explained(self) -> Decision:
        """The decision, with why the ticket is not as it says, and where the escalation stands."""
        decision = self.decision
        for name in self.overrides:
            decision = decision.because("L7", f"{name} stays as a person set it")
        for name in self.unplaceable:
            decision = decision.because("L8", f"{name} is not written: the ticket's layout has no place for it")
        reasons = (*decision.reasons, *self.owed.reasons, *(each.reason for each in self.owed.reviews))
        never = [name for name in self.unplaceable if name in DECIDED and name not in self.memory.written]
        questions = (*decision.questions, *(ESCALATION_ASKED for _ in self.owed.reviews), *map(_place_asked, never))
        decision = replace(decision, reasons=reasons, questions=questions)
        return decision.because("L14", LOOP) if self.looping else decision


ESCALATION_ASKED = "whether to escalate, as somebody asked"


def _place_asked(name: Field) -> str:
    return f"whether the ticket's layout should have {name}"
