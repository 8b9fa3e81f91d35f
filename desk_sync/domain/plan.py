"""What should be true of a ticket now, what should happen once, and why: values in, one Plan out.

Nothing here can fail on a checked policy, and the same inputs give the same plan, to the byte (L4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.claims import (
    DECIDED,
    Claim,
    claims_on,
    overrides_of,
    person_came_by,
    standing_by_us,
    withdrawals_from,
)
from desk_sync.domain.climbing import climb, comments, location, mute
from desk_sync.domain.clock_fields import clock_fields
from desk_sync.domain.clock_notes import alarm_text, sheet_text
from desk_sync.domain.commitment import Circumstances
from desk_sync.domain.decision import Decision, asking_where, decide
from desk_sync.domain.effect import Effect, EffectKind
from desk_sync.domain.entitlement import Verdict
from desk_sync.domain.escalation import NO_ESCALATION, Escalation, Owed
from desk_sync.domain.history import History
from desk_sync.domain.identity import Lookup
from desk_sync.domain.partner import NOBODY_ASKED, Writer, customers
from desk_sync.domain.policy import Mode, Policy
from desk_sync.domain.promise import Promise
from desk_sync.domain.public_update import Updates
from desk_sync.domain.regions import Whereabouts
from desk_sync.domain.teaching import teach
from desk_sync.domain.ticket import Event, Field, Memory, Override, Ticket, Value, Written
from desk_sync.domain.watch import Watch, severity_since, watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The comment on a ticket that says where its clocks stand: made once, and edited when its `digest` changes."""

    digest: str
    comment: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What should be true now, what should happen once, and what to remember.

    `wanted` holds only fields that differ (L5). `urgency` is a severity level, 1 first. `watch` is None for a ticket
    without clocks, `sheet` where the standing comment is to stay as it is.
    `next_look_at`: None means "when something tells us to".
    """

    decision: Decision
    wanted: Mapping[Field, Value]
    effects: tuple[Effect, ...]
    written: Mapping[Field, Written]
    overrides: Mapping[Field, Override]
    streak: int
    urgency: int
    watch: Watch | None = None
    sheet: Sheet | None = None
    hushed: frozenset[str] = frozenset()
    escalation: Escalation = NO_ESCALATION
    next_look_at: datetime | None = None

    @property
    def intended(self) -> Mapping[Field, Written]:
        """What to write down before the fields are written, so that a crash in between leaves no doubt."""
        return {name: self.written[name] for name in self.wanted if name in self.written}

    @property
    def comments(self) -> tuple[Effect, ...]:
        """Every comment that stands on the ticket after this plan by what it knows."""
        return (*self.effects, *((self.sheet.comment,) if self.sheet else ()))


NOWHERE = Whereabouts()


def plan(
    ticket: Ticket,
    lookup: Lookup,
    memory: Memory,
    events: Sequence[Event],
    policy: Policy,
    *,
    writer: Writer = NOBODY_ASKED,
    now: datetime,
    history: History | None = None,
    promise: Promise | None = None,
    whereabouts: Whereabouts = NOWHERE,
    active_since: datetime | None = None,
) -> Plan:
    """What should be true of `ticket` at `now`. `events` are the news since the last look: who changed what.

    `promise` is the one that was frozen when the ticket's clocks started; without a `history` there are no clocks.
    What happened before `active_since` sets off no escalation.
    """
    rules = policy.tickets
    memory = memory.settled(ticket)
    decision = decide(ticket, lookup, writer, policy, now)
    claims = dict(claims_on(ticket, lookup, decision, rules))
    overrides = dict(overrides_of(ticket, decision, claims, memory, events, rules, among=DECIDED))
    severity = _severity(ticket, claims, overrides)
    seen = None
    if history:
        level, regions = rules.level(severity), policy.commitment.regions
        past = severity_since(history, level, ticket, events, new=memory.watched is None, now=now)
        promise = promise or policy.commitment.promise(whereabouts, policy.version)
        seen = watch(past, promise, _circumstances(ticket, decision, memory, now), now)
        shown = {name: claim for name, claim in clock_fields(seen.clocks) if name in policy.shown}
        overrides |= dict(overrides_of(ticket, decision, shown, memory, events, rules, among=shown))
        claims |= shown
        decision = decision if ticket.in_bin else asking_where(decision, regions, writer, whereabouts)
    ours = {name: claim for name, claim in claims.items() if name not in overrides}
    values = {name: claim.value for name, claim in ours.items()}
    values |= dict(withdrawals_from(ticket, decision, memory, rules))
    differing = {name: value for name, value in values.items() if ticket.value(name) != value}
    streak = 0 if person_came_by(events, rules) else memory.streak
    looping = bool(differing) and streak >= rules.write_limit
    mode = rules.mode_of(ticket.department_id)
    nameless = lookup.account is None and not customers((*ticket.evidence, *memory.heard), writer.partner)
    wanted = differing if mode is Mode.WRITE and not looping else {}
    hushed = seen.alarms.keys() if seen and memory.watched is None else memory.hushed
    lessons = teach(ticket, nameless=nameless, policy=policy.teaching, may_reply=mode is Mode.WRITE)
    effects = (*_effects(ticket, decision, wanted, looping=looping), *_alarms(seen, hushed), *lessons)
    owed = Owed(escalation=memory.escalation)
    if seen and mode is Mode.SHADOW:
        owed = Owed(escalation=mute(memory.escalation, seen, ticket, now))
    elif seen:
        urgent = rules.level(severity) or max(rules.severities)
        place = location(policy, writer, whereabouts)
        told = policy.escalation.updates if mode is Mode.WRITE else Updates()
        owed = climb(memory.escalation, seen, ticket, urgent, place, policy, since=active_since, now=now)
        effects = (*effects, *comments(owed, seen, ticket, decision, writer, told))
    return Plan(
        decision=_explain(decision, overrides, owed, looping=looping),
        wanted=wanted,
        effects=effects if mode is not Mode.SHADOW else (),
        written=dict(standing_by_us(ticket, memory, ours, wanted)),
        overrides=overrides,
        streak=streak + bool(wanted),
        urgency=rules.level(severity) or max(rules.severities),
        watch=seen,
        sheet=_sheet(seen, memory, now) if mode is not Mode.SHADOW else None,
        hushed=frozenset(hushed),
        escalation=owed.escalation,
        next_look_at=min(filter(None, (seen.next_at if seen else None, owed.next_at)), default=None),
    )


def _severity(ticket: Ticket, claims: Mapping[Field, Claim], overrides: Mapping[Field, Override]) -> str | None:
    """The severity that counts: ours, also where it is not written, unless a person's stands against it (R49, L7)."""
    value = claims[Field.SEVERITY].value if Field.SEVERITY in claims.keys() - overrides.keys() else ticket.severity
    return value if isinstance(value, str) else None


def _circumstances(ticket: Ticket, decision: Decision, memory: Memory, now: datetime) -> Circumstances:
    """What decides on the promises. What is unknown takes nothing back (L8)."""
    before = memory.watched.circumstances if memory.watched else Circumstances()
    unknown = decision.verdict is Verdict.UNKNOWN
    large = before.large if unknown else decision.verdict is Verdict.PRIORITY
    return Circumstances(
        large=large,
        large_since=(before.large_since or now) if large else None,
        issue_type=ticket.issue_type,
        request_type=ticket.request_type,
    )


def _alarms(seen: Watch | None, hushed: Collection[str]) -> Iterator[Effect]:
    """A note for each clock that has come to be at risk or breached since we know the ticket, once each."""
    for key, clock in (seen.alarms if seen else {}).items():
        if key not in hushed:
            yield Effect(key=f"clock:{key}", kind=EffectKind.UPDATE, text=alarm_text(clock))


def _sheet(seen: Watch | None, memory: Memory, now: datetime) -> Sheet | None:
    """The standing comment, from the first alarm on, where what it says has changed."""
    if seen is None or seen.standing == memory.sheet or not (seen.alarms or memory.sheet):
        return None
    comment = Effect(key="clocks", kind=EffectKind.UPDATE, text=sheet_text(seen, now))
    return Sheet(digest=seen.standing, comment=comment)


def _explain(decision: Decision, overrides: Mapping[Field, Override], owed: Owed, *, looping: bool) -> Decision:
    for name in overrides:
        decision = decision.because("L7", f"{name} stays as a person set it")
    decision = replace(decision, reasons=(*decision.reasons, *owed.reasons))
    return decision.because("L14", _LOOP) if looping else decision


_LOOP = (
    "another program seems to undo what is written here, so nothing more is written until a person changes the ticket"
)


def _effects(ticket: Ticket, decision: Decision, wanted: Mapping[Field, Value], *, looping: bool) -> Iterator[Effect]:
    """The private notes that this plan owes the agents."""
    if decision.verdict is Verdict.REVIEW:
        said = "\n".join(f"- {reason}" for reason in decision.reasons)
        text = f"desk-sync cannot decide whether account {decision.account_id} is a large user account.\n{said}"
        yield Effect(key=f"review:{decision.basis}", kind=EffectKind.REVIEW, text=text)
    if looping:
        yield Effect(key=f"loop:{decision.basis}", kind=EffectKind.REVIEW, text=f"desk-sync stopped: {_LOOP}.")
    if Field.CUSTOMER_PRIMARY_EMAIL in wanted and ticket.customer_primary_email:
        text = (
            f"Customer Primary Email Address was {ticket.customer_primary_email}; it now names the super admin (R53)."
        )
        yield Effect(key=f"address:{decision.basis}", kind=EffectKind.DECISION, text=text)
