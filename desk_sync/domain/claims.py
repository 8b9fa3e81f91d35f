"""Which of a ticket's fields are ours to set, which were ours, and which a person took back (L7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from desk_sync.domain.decision import Decision
from desk_sync.domain.entitlement import Verdict
from desk_sync.domain.identity import Lookup, Place
from desk_sync.domain.policy import EmailFill, TicketPolicy
from desk_sync.domain.ticket import Event, Field, Hint, Memory, Override, Ticket, Value, Written


def overrides_of(
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


def person_came_by(events: Iterable[Event], rules: TicketPolicy) -> bool:
    return any(event.hint is Hint.STATE and event.actor_id not in rules.automation_agents for event in events)


def claims_on(ticket: Ticket, lookup: Lookup, decision: Decision, rules: TicketPolicy) -> Iterator[tuple[Field, Value]]:
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


def withdrawals_from(
    ticket: Ticket, decision: Decision, memory: Memory, rules: TicketPolicy
) -> Iterator[tuple[Field, Value]]:
    """Box and severity back to what stood there before ours, once a fresh look-up says "not large" (§0, L8)."""
    if decision.verdict is not Verdict.NOT_PRIORITY or decision.hands_off or not rules.untick or ticket.in_bin:
        return
    for name in (Field.LARGE_USER, Field.SEVERITY):
        ours = memory.written.get(name)
        if ours and ticket.value(name) == ours.value:
            yield name, ours.before


def standing_by_us(
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
