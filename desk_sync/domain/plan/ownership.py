"""Ownership of a ticket's fields: which are ours to set, which we set before, and which a person took back (L7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace, Lookup
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import AppliedValue, FieldsMemory, Override
from desk_sync.domain.plan.policy import EmailFill, TicketPolicy
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.domain.ticket.ticket import Field, Ticket, Value

DECIDED = frozenset({Field.CUSTOMER_PRIMARY_EMAIL, Field.LARGE_USER, Field.SEVERITY})


def overrides_of(
    ticket: Ticket,
    decision: Decision,
    desired: Mapping[Field, DesiredValue],
    memory: FieldsMemory,
    events: Iterable[Event],
    rules: TicketPolicy,
    *,
    among: Collection[Field],
) -> Iterator[tuple[Field, Override]]:
    """Yield the values of persons that replaced ours (L7), for as long as ours would have the same basis."""
    for name in [each for each in memory.applied if each in among]:
        ours = memory.applied[name]
        current = ticket.value(name)
        replaced = current != ours.value
        known = name in memory.overrides
        if (
            replaced
            and ours.basis == _basis(name, ours, desired, decision)
            and (known or (name not in ticket.not_on_layout and _set_by_person(name, ticket, memory, events, rules)))
        ):
            yield name, Override(value=current, basis=ours.basis)


def _basis(name: Field, ours: AppliedValue, desired: Mapping[Field, DesiredValue], decision: Decision) -> str:
    """Return the basis that a value of ours would have today; an unknown account changes none (L8)."""
    if name in desired:
        return desired[name].basis
    reverted = name in DECIDED and decision.verdict is not Verdict.UNKNOWN
    return decision.basis if reverted else ours.basis


def _set_by_person(
    name: Field, ticket: Ticket, memory: FieldsMemory, events: Iterable[Event], rules: TicketPolicy
) -> bool:
    """Return True if a person changed the field, by the events or else by the ticket's last author (§0).

    The last author is not considered if the value was there before: after a loop was cut (L14), and where a rule of the
    portal set it within our own write.
    """
    by_rule = name in memory.set_by_rules and memory.set_by_rules[name] == ticket.value(name)
    last = [] if by_rule or memory.consecutive_writes >= rules.write_limit else [ticket.modified_by]
    actors = [event.actor_id for event in events if name in event.changed] or last
    return any(is_person(actor, rules) for actor in actors)


def is_person(actor_id: str | None, rules: TicketPolicy) -> bool:
    """Return True for a person's id. A change without an author (`modifiedBy: null`) is none of a person."""
    return actor_id is not None and actor_id not in rules.automation_agents


def changed_by_person(events: Iterable[Event], rules: TicketPolicy) -> bool:
    """Return True if one of the events is a person's change of the ticket's state."""
    return any(event.hint is EventHint.STATE and is_person(event.actor_id, rules) for event in events)


def desired_values(
    ticket: Ticket, lookup: Lookup, decision: Decision, rules: TicketPolicy
) -> Iterator[tuple[Field, DesiredValue]]:
    """Yield the decided values that are ours to set: address (C3, R53), box and severity (R49, R54)."""
    if ticket.in_bin or decision.account_id is None or lookup.account is None:
        return
    if _may_fill_email(ticket, lookup, rules):
        yield Field.CUSTOMER_PRIMARY_EMAIL, DesiredValue(lookup.account.super_admin_email, decision.basis)
    if decision.verdict is Verdict.PRIORITY and not decision.hands_off:
        yield Field.LARGE_USER, DesiredValue(True, decision.basis)
        if not _severity_left_alone(ticket, rules):
            yield Field.SEVERITY, DesiredValue(rules.severities[1], decision.basis)


def _may_fill_email(ticket: Ticket, lookup: Lookup, rules: TicketPolicy) -> bool:
    """Return True if the address may be filled; an existing one only if it leads to exactly this account (C3)."""
    if ticket.customer_primary_email is None:
        return rules.email_fill is not EmailFill.NEVER
    return rules.email_fill is EmailFill.ALWAYS and EvidencePlace.FIELD in lookup.led_by


def _severity_left_alone(ticket: Ticket, rules: TicketPolicy) -> bool:
    """Return True for a kind of ticket whose severity is not raised, although the account is large (C5)."""
    return (
        ticket.issue_type in rules.severity_left_for_issues
        or ticket.request_type in rules.severity_left_for_requests
        or (ticket.request_type is None and rules.severity_left_without_request)
    )


def reverts(
    ticket: Ticket, decision: Decision, memory: FieldsMemory, rules: TicketPolicy
) -> Iterator[tuple[Field, Value]]:
    """Yield box and severity as they were before ours, once a fresh look-up answers "not large" (§0, L8)."""
    if decision.verdict is not Verdict.NOT_PRIORITY or decision.hands_off or not rules.untick or ticket.in_bin:
        return
    for name in (Field.LARGE_USER, Field.SEVERITY):
        ours = memory.applied.get(name)
        if ours and ticket.value(name) == ours.value:
            yield name, ours.before


def applied_after(
    ticket: Ticket,
    memory: FieldsMemory,
    desired: Mapping[Field, DesiredValue],
    writes: Mapping[Field, Value],
) -> Iterator[tuple[Field, AppliedValue]]:
    """Yield the values of ours that the ticket has after the writes, each with the value before it."""
    for name in Field:
        ours = memory.applied.get(name)
        if name in desired and name in writes:
            before = ours.before if ours and ours.value == ticket.value(name) else ticket.value(name)
            yield name, AppliedValue(value=desired[name].value, before=before, basis=desired[name].basis)
        elif ours and name in desired:
            yield name, replace(ours, basis=desired[name].basis)
        elif ours and name not in writes:
            yield name, ours
