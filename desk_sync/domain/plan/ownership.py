"""Which of a ticket's fields are ours to set, which were ours, and which a person took back (L7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace, Lookup
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import AppliedValue, Memory, Override
from desk_sync.domain.plan.policy import EmailFill, TicketPolicy
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.domain.ticket.ticket import Field, Ticket, Value

DECIDED = frozenset({Field.CUSTOMER_PRIMARY_EMAIL, Field.LARGE_USER, Field.SEVERITY})


def overrides_of(
    ticket: Ticket,
    decision: Decision,
    claims: Mapping[Field, DesiredValue],
    memory: Memory,
    events: Iterable[Event],
    rules: TicketPolicy,
    *,
    among: Collection[Field],
) -> Iterator[tuple[Field, Override]]:
    """Those of our values that a person has replaced (L7), for as long as ours would stand on the same ground."""
    for name in [each for each in memory.written if each in among]:
        ours = memory.written[name]
        current = ticket.value(name)
        replaced = current != ours.value
        known = name in memory.overrides
        if (
            replaced
            and ours.basis == _ground(name, ours, claims, decision)
            and (known or (name not in ticket.not_on_layout and _set_by_person(name, ticket, memory, events, rules)))
        ):
            yield name, Override(value=current, basis=ours.basis)


def _ground(name: Field, ours: AppliedValue, claims: Mapping[Field, DesiredValue], decision: Decision) -> str:
    """What a value of ours would stand on today; what is unknown changes no ground (L8)."""
    if name in claims:
        return claims[name].basis
    reverted = name in DECIDED and decision.verdict is not Verdict.UNKNOWN
    return decision.basis if reverted else ours.basis


def _set_by_person(name: Field, ticket: Ticket, memory: Memory, events: Iterable[Event], rules: TicketPolicy) -> bool:
    """Whether a person changed the field: by the events, else by who wrote the ticket last (§0: who is a person).

    Where a loop was cut (L14) the value stood there before, so whoever wrote last is not to blame for it.
    """
    last = [] if memory.consecutive_writes >= rules.write_limit else [ticket.modified_by]
    actors = [event.actor_id for event in events if name in event.changed] or last
    return any(actor not in rules.automation_agents for actor in actors)


def changed_by_person(events: Iterable[Event], rules: TicketPolicy) -> bool:
    return any(event.hint is EventHint.STATE and event.actor_id not in rules.automation_agents for event in events)


def desired_values(
    ticket: Ticket, lookup: Lookup, decision: Decision, rules: TicketPolicy
) -> Iterator[tuple[Field, DesiredValue]]:
    """The decided values that are ours to set: address (C3, R53), box and severity (R49, R54)."""
    if ticket.in_bin or decision.account_id is None or lookup.account is None:
        return
    if _may_fill_email(ticket, lookup, rules):
        yield Field.CUSTOMER_PRIMARY_EMAIL, DesiredValue(lookup.account.super_admin_email, decision.basis)
    if decision.verdict is Verdict.PRIORITY and not decision.hands_off:
        yield Field.LARGE_USER, DesiredValue(True, decision.basis)
        if not _severity_left_alone(ticket, rules):
            yield Field.SEVERITY, DesiredValue(rules.severities[1], decision.basis)


def _may_fill_email(ticket: Ticket, lookup: Lookup, rules: TicketPolicy) -> bool:
    """A value that stands there is replaced only where it leads to exactly this account (C3)."""
    if ticket.customer_primary_email is None:
        return rules.email_fill is not EmailFill.NEVER
    return rules.email_fill is EmailFill.ALWAYS and EvidencePlace.FIELD in lookup.led_by


def _severity_left_alone(ticket: Ticket, rules: TicketPolicy) -> bool:
    """C5: kinds of tickets of a large account whose severity is not raised."""
    return (
        ticket.issue_type in rules.severity_left_for_issues
        or ticket.request_type in rules.severity_left_for_requests
        or (ticket.request_type is None and rules.severity_left_without_request)
    )


def reverts(ticket: Ticket, decision: Decision, memory: Memory, rules: TicketPolicy) -> Iterator[tuple[Field, Value]]:
    """Box and severity back to what stood there before ours, once a fresh look-up says "not large" (§0, L8)."""
    if decision.verdict is not Verdict.NOT_PRIORITY or decision.hands_off or not rules.untick or ticket.in_bin:
        return
    for name in (Field.LARGE_USER, Field.SEVERITY):
        ours = memory.written.get(name)
        if ours and ticket.value(name) == ours.value:
            yield name, ours.before


def applied_after(
    ticket: Ticket, memory: Memory, claims: Mapping[Field, DesiredValue], wanted: Mapping[Field, Value]
) -> Iterator[tuple[Field, AppliedValue]]:
    """What stands in the ticket by our hand after this plan, and what stood there before."""
    for name in Field:
        ours = memory.written.get(name)
        if name in claims and name in wanted:
            before = ours.before if ours and ours.value == ticket.value(name) else ticket.value(name)
            yield name, AppliedValue(value=claims[name].value, before=before, basis=claims[name].basis)
        elif ours and name in claims:
            yield name, replace(ours, basis=claims[name].basis)
        elif ours and name not in wanted:
            yield name, ours
