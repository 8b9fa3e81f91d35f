"""Observed tickets, memories and policies for tests of the plan, and a look at them without Desk or a store.

The late ticket was opened on Monday 23 November 2026 at 6:00 in Berlin, four hours before `NOW`, by a large user
account, and has no answer: its acknowledgement was due an hour ago.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from desk_sync.domain.account.identity import AccountCandidate, EvidencePlace, Lookup
from desk_sync.domain.account.partner import Partner, PartnerOrigin, TicketWriter
from desk_sync.domain.commitment.clock_fields import CLOCK_FIELDS
from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.escalation.basic_questions import BasicQuestion
from desk_sync.domain.escalation.policy import EscalationPolicy, LevelAction
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.staff import DutyPeriod, NoticeAddress, NoticeChannel, StaffMember, StaffRoster
from desk_sync.domain.escalation.triggers import ClusterBy, ClusterRule, SevereTicket
from desk_sync.domain.plan.draft import PlanDraft, draft_plan
from desk_sync.domain.plan.education import EducationOccasion
from desk_sync.domain.plan.escalation_actions import ESCALATION_FIELDS
from desk_sync.domain.plan.memory import AppliedValue, Memory, Override
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.plan import Plan
from desk_sync.domain.plan.policy import Mode, Policy
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.ticket import Field, Ticket
from desk_sync.domain.ticket.waiting_comment import CommentsOutcome
from desk_sync.domain.ticket.written_request import RequestKind, WrittenRequest
from tests.support.clock_scenes import HOUR, events
from tests.support.makers import (
    ADMIN,
    EDUCATION,
    ESCALATION,
    NOW,
    PERSON,
    POLICY,
    QUESTIONS,
    ROBOT,
    TICKETS,
    make_account,
    make_evidence,
    make_item,
    make_lookup,
    make_memory,
    make_ticket,
    make_updates,
)

LARGE = make_lookup(make_account(88))
SMALL = make_lookup(make_account(12))
UNKNOWN = make_lookup()
UNPROVEN = make_lookup(
    candidates=(AccountCandidate(account=make_account(88), evidence=make_evidence(ADMIN, place=EvidencePlace.QUOTED)),)
)
UNDECIDED = make_lookup(make_account(items=(make_item(88, status="unpaid"),)))
STALE = make_lookup(make_account(12), age=timedelta(days=8))
NO_DATA = make_lookup(snapshot=None)

EMAIL, BOX, SEVERITY = Field.CUSTOMER_PRIMARY_EMAIL, Field.LARGE_USER, Field.SEVERITY
LARGE_BASIS = "A1:PRIORITY"
OURS = {
    BOX: AppliedValue(value=True, before=False, basis=LARGE_BASIS),
    SEVERITY: AppliedValue(value="S1-Critical", before="S2-Moderate", basis=LARGE_BASIS),
}
TREATED: dict[str, Any] = {"large_user": True, "severity": "S1-Critical"}
"""Box and severity of a ticket after our write."""

PRAIRIE = TicketWriter(
    partner=Partner(name="Prairie", country="DE", domains=frozenset({"prairie.example"})), origin=PartnerOrigin.DESK
)
ADA = StaffMember(
    name="ada", agent="ada@desk.example", addresses=(NoticeAddress(NoticeChannel.MAIL, "ada@desk.example"),)
)
BOB = StaffMember(name="bob", team="600", addresses=(NoticeAddress(NoticeChannel.MAIL, "bob@desk.example"),))
FALLBACK = "duty@desk.example"
STAFFED = replace(
    ESCALATION,
    staff=StaffRoster(
        people={"ada": ADA, "bob": BOB},
        roles={"desk": (DutyPeriod("ada"),), "lead": (DutyPeriod("bob"),), "manager": (), "pam": ()},
    ),
    actions={1: LevelAction(priority="High", assign=True)},
    fallback_agent=FALLBACK,
    updates=make_updates(en="Your request is escalated to level {level}."),
)
"""Ada answers at level 1, Bob at level 2."""
PAIRS = ClusterRule(by=ClusterBy.ACCOUNT, tickets=2, period=timedelta(days=1))
"""Two severity-1 tickets of one account within a day are a cluster."""
PUBLIC_EDUCATION = replace(
    EDUCATION,
    reply=True,
    texts={
        "en": {EducationOccasion.NO_IDENTIFIER: "name the customer", EducationOccasion.PUBLIC_MAIL: "use your domain"},
        "de": {EducationOccasion.NO_IDENTIFIER: "Kunde?", EducationOccasion.PUBLIC_MAIL: "Domain?"},
    },
)
EVERYTHING = replace(
    POLICY,
    escalation=replace(STAFFED, clusters=(PAIRS,), questions=replace(QUESTIONS, tickets=2, level=1)),
    shown=CLOCK_FIELDS | ESCALATION_FIELDS,
    education=PUBLIC_EDUCATION,
)
"""A policy with everything on: fields for clocks and escalation, clusters, basic questions, public texts."""

LATE_TICKET = make_ticket(**TREATED, created_at=NOW - 4 * HOUR, threads=1)
LATE: dict[str, Any] = {"history": History(created_at=NOW - 4 * HOUR)}


def make_agent(agent_id: str = PERSON, **facts: Any) -> DeskAgent:
    """Return an agent who can be given the tickets of `make_ticket`."""
    departments = frozenset({make_ticket().department_id})
    return DeskAgent(**{"agent_id": agent_id, "zuid": "700", "active": True, "departments": departments} | facts)


def after_ours(**facts: Any) -> Memory:
    """Return the memory after a look that wrote box and severity."""
    return make_memory(written_digest="d1", read_digest="d0", applied=OURS, **facts)


def known_clocks(happened: str = "", hours: float = 4, **facts: Any) -> Memory:
    """Return the memory of a ticket whose clocks were read before; `happened` is as in `clock_scenes`."""
    return make_memory(inputs=ClockInputs(history=past(happened, hours), promise="p", basis=ClockBasis()), **facts)


def past(happened: str = "", hours: float = 4) -> History:
    """Return the history of a ticket that was opened so many hours ago."""
    created_at = NOW - hours * HOUR
    return History(created_at=created_at, events=events(happened, created_at))


def with_rules(policy: Policy = POLICY, **rules: Any) -> Policy:
    return replace(policy, tickets=replace(TICKETS, **rules))


def with_escalation(base: EscalationPolicy = STAFFED, **facts: Any) -> Policy:
    return replace(POLICY, escalation=replace(base, **facts))


def observe(ticket: Ticket | None = None, lookup: Lookup = LARGE, **facts: Any) -> ObservedTicket:
    return ObservedTicket(**{"ticket": ticket or make_ticket(), "lookup": lookup, "now": NOW} | facts)


def draft(
    ticket: Ticket | None = None,
    lookup: Lookup = LARGE,
    memory: Memory | None = None,
    policy: Policy = POLICY,
    **facts: Any,
) -> PlanDraft:
    return draft_plan(observe(ticket, lookup, **facts), memory or Memory(), policy)


def look(
    ticket: Ticket | None = None,
    lookup: Lookup = LARGE,
    memory: Memory | None = None,
    policy: Policy = POLICY,
    **facts: Any,
) -> Plan:
    return draft(ticket, lookup, memory, policy, **facts).finish(agents={}, last_education=None)


def carry_out(plan: Plan, observed: ObservedTicket, memory: Memory) -> tuple[ObservedTicket, Memory]:
    """Return what the next look observes and remembers, if nothing but this plan happens in between."""
    before, reading = observed.ticket, plan.clocks.reading
    writes = {str(name): value for name, value in plan.fields.writes.items()}
    after = replace(before, modified_by=ROBOT, **writes) if writes else before
    next_observed = replace(
        observed,
        ticket=after,
        events=(),
        references=frozenset(each.reference(before.ticket_id) for each in plan.comments),
        history=reading.history if reading else None,
        promise=reading.promise if reading else None,
    )
    return next_observed, plan.memory_after(before, after, memory, CommentsOutcome(made=len(plan.comments)))


def related_at(hours: float) -> RelatedFacts:
    """Return another severity-1 ticket of the account, and another question of the partner, from then."""
    at = NOW + hours * HOUR
    return RelatedFacts(
        severe=(SevereTicket(ticket_id="3", at=at, account_id="A1"),),
        questions=(BasicQuestion(ticket_id="3", at=at, number="#3"),),
    )


tickets = st.builds(
    make_ticket,
    large_user=st.booleans(),
    severity=st.sampled_from([None, "S1-Critical", "S2-Moderate", "S3-Minimal", "odd"]),
    issue_type=st.sampled_from([None, "howto", "limitation", "security"]),
    customer_primary_email=st.sampled_from([None, make_account().super_admin_email]),
    sender=st.sampled_from([None, "ada@gmail.com"]),
    status_type=st.sampled_from(["Open", "Closed"]),
    modified_by=st.sampled_from([ROBOT, "300"]),
    in_bin=st.booleans(),
    escalation_request=st.booleans(),
    not_on_layout=st.sampled_from([frozenset(), frozenset({SEVERITY, Field.PRIORITY, Field.CLOCK_STATE})]),
)
lookups = st.sampled_from([LARGE, SMALL, UNKNOWN, UNDECIDED, STALE, NO_DATA])
observations = st.builds(
    observe,
    ticket=tickets,
    lookup=lookups,
    history=st.sampled_from([None, past(hours=0), past(), past("2h reply"), past("1h paused"), past(hours=30)]),
    writer=st.sampled_from([TicketWriter(), PRAIRIE]),
    related=st.sampled_from([RelatedFacts(), related_at(-5), related_at(-0.5), related_at(1)]),
    requests=st.sampled_from([(), (WrittenRequest(kind=RequestKind.ESCALATION, mail="9", at=NOW),)]),
)
memories = st.sampled_from(
    [
        Memory(),
        after_ours(),
        make_memory(intended=OURS),
        after_ours(consecutive_writes=TICKETS.write_limit),
        after_ours(overrides={SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)}),
        make_memory(
            applied={Field.CLOCK_STATE: AppliedValue(value="on_track", before=None, basis="on_track")},
            inputs=ClockInputs(
                history=past("0h s1"),
                promise="p",
                basis=ClockBasis(large=True, large_since=NOW - 4 * HOUR),
            ),
        ),
    ]
)
modes = st.sampled_from(Mode)
