"""What should be true of a ticket now, what should happen once, and why: values in, one Plan out.

Nothing here can fail on a checked policy, and the same inputs give the same plan, to the byte (L4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from desk_sync.domain.entitlement import Verdict, entitle
from desk_sync.domain.identity import Lookup, Place
from desk_sync.domain.policy import EmailFill, Mode, Policy, TicketPolicy
from desk_sync.domain.reason import Reason
from desk_sync.domain.subscription import Account, Snapshot
from desk_sync.domain.ticket import Event, Field, Hint, Memory, Override, Ticket, Value, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What we hold true of a ticket. `hands_off`: box and severity stay as they are, whatever they are."""

    verdict: Verdict
    licences: int = 0
    account_id: str | None = None
    snapshot_id: str | None = None
    policy_version: str = ""
    reasons: tuple[Reason, ...] = ()
    hands_off: bool = False

    @property
    def basis(self) -> str:
        """The ground that our values stand on; a person's value holds until it changes (L7)."""
        return f"{self.account_id or '-'}:{self.verdict}"

    def because(self, rule: str, text: str) -> Decision:
        return replace(self, reasons=(*self.reasons, Reason(rule, text)))


class EffectKind(StrEnum):
    """What a comment of ours is for."""

    REVIEW = "review"
    DECISION = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something that must happen once per (ticket, key): a private comment. `text` is plain text."""

    key: str
    kind: EffectKind
    text: str

    def reference(self, ticket_id: str) -> str:
        """The short mark by which the comment is found again in Desk (L6)."""
        return "ds-" + hashlib.sha256(f"{ticket_id}:{self.key}".encode()).hexdigest()[:12]


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
    ticket: Ticket, lookup: Lookup, memory: Memory, events: Sequence[Event], policy: Policy, *, now: datetime
) -> Plan:
    """What should be true of `ticket` at `now`. `events` are the news since the last look: who changed what."""
    rules = policy.tickets
    memory = memory.settled(ticket)
    decision = _decide(ticket, lookup, policy, now)
    overrides = dict(_overrides(ticket, decision, memory, events, rules))
    claims = {name: value for name, value in _claims(ticket, lookup, decision, rules) if name not in overrides}
    withdrawals = dict(_withdrawals(ticket, decision, memory, rules))
    differing = {name: value for name, value in (claims | withdrawals).items() if ticket.value(name) != value}
    streak = 0 if _person_came_by(events, rules) else memory.streak
    looping = bool(differing) and streak >= rules.write_limit
    mode = rules.mode_of(ticket.department_id)
    wanted = differing if mode is Mode.WRITE and not looping else {}
    return Plan(
        decision=_explain(decision, overrides, looping=looping),
        wanted=wanted,
        effects=tuple(_effects(ticket, decision, wanted, looping=looping)) if mode is not Mode.SHADOW else (),
        written=dict(_written(ticket, decision, memory, claims, wanted)),
        overrides=overrides,
        streak=streak + bool(wanted),
        urgency=_urgency(wanted.get(Field.SEVERITY, ticket.severity), rules),
    )


def _decide(ticket: Ticket, lookup: Lookup, policy: Policy, now: datetime) -> Decision:
    """The account's entitlement, seen from this ticket. Stale or missing data are unknown (L8)."""
    snapshot = (lookup.account and lookup.account.origin) or lookup.snapshot
    unknown = Decision(
        verdict=Verdict.UNKNOWN,
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        policy_version=policy.version,
        reasons=lookup.reasons,
        hands_off=True,
    )
    if snapshot is None or lookup.account is None:
        return unknown
    stale_at = snapshot.imported_at + policy.licences.max_age
    if now > stale_at:
        return unknown.because("R45", f"unknown since {stale_at:%F %H:%M}Z: {_origin(lookup.account, snapshot)}")
    found = entitle(lookup.account, policy.licences)
    decision = replace(
        unknown,
        verdict=found.verdict,
        licences=found.licences,
        account_id=lookup.account.account_id,
        reasons=(*lookup.reasons, Reason("R45", _origin(lookup.account, snapshot)), *found.reasons),
        hands_off=found.verdict is Verdict.REVIEW,
    )
    excluded = policy.licences.excluded_service(ticket.product or "")
    if excluded and policy.tickets.exclude_tickets_about_excluded_services:
        aside = replace(decision, verdict=Verdict.NOT_PRIORITY, hands_off=True)
        return aside.because("C16", f"the ticket is about {excluded.name}: box and severity stay as they are")
    return decision


def _origin(account: Account, snapshot: Snapshot) -> str:
    others = f"; {', '.join(account.also_in)} has it too and comes later" if account.also_in else ""
    return f"source {snapshot.source} was last read in full at {snapshot.imported_at:%F %H:%M}Z{others}"


def _overrides(
    ticket: Ticket, decision: Decision, memory: Memory, events: Iterable[Event], rules: TicketPolicy
) -> Iterator[tuple[Field, Override]]:
    """Our values that a person has replaced (L7), for as long as ours would stand on the same ground."""
    for name, ours in memory.written.items():
        current = ticket.value(name)
        same_ground = decision.verdict is Verdict.UNKNOWN or ours.basis == decision.basis
        replaced = current != ours.value
        known = name in memory.overrides
        if same_ground and replaced and (known or _set_by_person(name, ticket, memory, events, rules)):
            yield name, Override(value=current, basis=ours.basis)


def _set_by_person(name: Field, ticket: Ticket, memory: Memory, events: Iterable[Event], rules: TicketPolicy) -> bool:
    """Whether a person changed the field: by the events, else by who wrote the ticket last (§0: who is a person).

    Where a loop was cut (L14) the value stood there before, so whoever wrote last is not to blame for it.
    """
    last = [] if memory.streak >= rules.write_limit else [ticket.modified_by]
    actors = [event.actor_id for event in events if name in event.changed] or last
    return any(actor not in rules.automation_agents for actor in actors)


def _person_came_by(events: Iterable[Event], rules: TicketPolicy) -> bool:
    return any(event.hint is Hint.STATE and event.actor_id not in rules.automation_agents for event in events)


def _claims(ticket: Ticket, lookup: Lookup, decision: Decision, rules: TicketPolicy) -> Iterator[tuple[Field, Value]]:
    """The values that are ours to set: address (C3, R53), box and severity (R49, R54)."""
    if ticket.in_bin or decision.account_id is None or lookup.account is None:
        return
    if _may_fill_email(ticket, lookup, rules):
        yield Field.CUSTOMER_PRIMARY_EMAIL, lookup.account.super_admin_email
    if decision.verdict is Verdict.PRIORITY and not decision.hands_off:
        yield Field.LARGE_USER, True
        if not _severity_left_alone(ticket, rules):
            yield Field.SEVERITY, rules.severities[1]


def _may_fill_email(ticket: Ticket, lookup: Lookup, rules: TicketPolicy) -> bool:
    """A value that stands there is replaced only where it leads to exactly this account (C3)."""
    if ticket.customer_primary_email is None:
        return rules.email_fill is not EmailFill.NEVER
    return rules.email_fill is EmailFill.ALWAYS and Place.FIELD in lookup.led_by


def _severity_left_alone(ticket: Ticket, rules: TicketPolicy) -> bool:
    """C5: kinds of tickets of a large account whose severity is not raised."""
    return (
        ticket.issue_type in rules.severity_left_for_issues
        or ticket.request_type in rules.severity_left_for_requests
        or (ticket.request_type is None and rules.severity_left_without_request)
    )


def _withdrawals(
    ticket: Ticket, decision: Decision, memory: Memory, rules: TicketPolicy
) -> Iterator[tuple[Field, Value]]:
    """Box and severity back to what stood there before ours, once a fresh look-up says "not large" (§0, L8)."""
    if decision.verdict is not Verdict.NOT_PRIORITY or decision.hands_off or not rules.untick or ticket.in_bin:
        return
    for name in (Field.LARGE_USER, Field.SEVERITY):
        ours = memory.written.get(name)
        if ours and ticket.value(name) == ours.value:
            yield name, ours.before


def _written(
    ticket: Ticket, decision: Decision, memory: Memory, claims: Mapping[Field, Value], wanted: Mapping[Field, Value]
) -> Iterator[tuple[Field, Written]]:
    """What stands in the ticket by our hand after this plan, and what stood there before."""
    for name in Field:
        ours = memory.written.get(name)
        if name in claims and name in wanted:
            before = ours.before if ours and ours.value == ticket.value(name) else ticket.value(name)
            yield name, Written(value=claims[name], before=before, basis=decision.basis)
        elif ours and name in claims:
            yield name, replace(ours, basis=decision.basis)
        elif ours and name not in wanted:
            yield name, ours


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
