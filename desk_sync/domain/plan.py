"""What should be true of a ticket now, what should happen once, and why: values in, one Plan out.

Nothing here can fail on a checked policy, and the same inputs give the same plan, to the byte (L4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from desk_sync.domain.claims import claims_on, overrides_of, person_came_by, standing_by_us, withdrawals_from
from desk_sync.domain.decision import Decision, decide
from desk_sync.domain.effect import Effect, EffectKind
from desk_sync.domain.entitlement import Verdict
from desk_sync.domain.identity import Lookup
from desk_sync.domain.partner import NOBODY_ASKED, Writer
from desk_sync.domain.policy import Mode, Policy, TicketPolicy
from desk_sync.domain.ticket import Event, Field, Memory, Override, Ticket, Value, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What should be true now, what should happen once, and what to remember.

    `wanted` holds only fields that differ (L5). `urgency` is a severity level, 1 first.
    `next_look_at`: None means "when something tells us to".
    """

    decision: Decision
    wanted: Mapping[Field, Value]
    effects: tuple[Effect, ...]
    written: Mapping[Field, Written]
    overrides: Mapping[Field, Override]
    streak: int
    urgency: int
    next_look_at: datetime | None = None

    @property
    def intended(self) -> Mapping[Field, Written]:
        """What to write down before the fields are written, so that a crash in between leaves no doubt."""
        return {name: self.written[name] for name in self.wanted if name in self.written}


def plan(
    ticket: Ticket,
    lookup: Lookup,
    memory: Memory,
    events: Sequence[Event],
    policy: Policy,
    *,
    writer: Writer = NOBODY_ASKED,
    now: datetime,
) -> Plan:
    """What should be true of `ticket` at `now`. `events` are the news since the last look: who changed what."""
    rules = policy.tickets
    memory = memory.settled(ticket)
    decision = decide(ticket, lookup, writer, policy, now)
    claims = dict(claims_on(ticket, lookup, decision, rules))
    overrides = dict(overrides_of(ticket, decision, claims, memory, events, rules))
    ours = {name: claim for name, claim in claims.items() if name not in overrides}
    values = {name: claim.value for name, claim in ours.items()}
    values |= dict(withdrawals_from(ticket, decision, memory, rules))
    differing = {name: value for name, value in values.items() if ticket.value(name) != value}
    streak = 0 if person_came_by(events, rules) else memory.streak
    looping = bool(differing) and streak >= rules.write_limit
    mode = rules.mode_of(ticket.department_id)
    wanted = differing if mode is Mode.WRITE and not looping else {}
    return Plan(
        decision=_explain(decision, overrides, looping=looping),
        wanted=wanted,
        effects=tuple(_effects(ticket, decision, wanted, looping=looping)) if mode is not Mode.SHADOW else (),
        written=dict(standing_by_us(ticket, memory, ours, wanted)),
        overrides=overrides,
        streak=streak + bool(wanted),
        urgency=_urgency(wanted.get(Field.SEVERITY, ticket.severity), rules),
    )


def _explain(decision: Decision, overrides: Mapping[Field, Override], *, looping: bool) -> Decision:
    for name in overrides:
        decision = decision.because("L7", f"{name} stays as a person set it")
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


def _urgency(severity: Value, rules: TicketPolicy) -> int:
    """The severity level that the ticket will have; without one it counts as the mildest."""
    return rules.level(severity if isinstance(severity, str) else None) or max(rules.severities)
