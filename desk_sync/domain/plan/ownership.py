"""Ownership of a ticket's fields: which are ours to set, which we set before, and which a person took back (L7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import Evidence, EvidencePlace, Identifier, IdentifierKind, Lookup
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import AppliedValue, FieldsMemory, Override
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.policy import EmailFill, TicketPolicy
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.event import Event, EventHint, FieldChange
from desk_sync.domain.ticket.past import TicketPast
from desk_sync.domain.ticket.ticket import Field, Ticket, Value, value_digest

DECIDED = frozenset({Field.CUSTOMER_PRIMARY_EMAIL, Field.LARGE_USER, Field.SEVERITY})
_BASIS_OF_DECIDED = frozenset({Field.CUSTOMER_PRIMARY_EMAIL})
_BASIS_OF_SHOWN = frozenset({Field.CUSTOMER_PRIMARY_EMAIL, Field.SEVERITY, Field.STATUS})
"""The fields from whose values follow the basis of the decided values, and that of the values that only show."""


def overrides_of(
    observed: ObservedTicket,
    decision: Decision,
    desired: Mapping[Field, DesiredValue],
    memory: FieldsMemory,
    rules: TicketPolicy,
    *,
    among: frozenset[Field],
) -> Iterator[tuple[Field, Override]]:
    """Yield the values of persons that stand against ours (L7).

    A known one stands for as long as ours has the same basis; a new one on the basis of today, unless its basis is
    known to have changed after it. One that we overwrote before its event came is to be written back. Where no value of
    ours was written yet, only an event after the first look can show that a person set the value.
    """
    ticket = observed.ticket
    unwritten = among - memory.agreed.keys() - memory.applied.keys()
    yield from _before_ours(observed, desired, memory, rules, unwritten)
    yield from _undesired(decision, memory, unwritten - desired.keys())
    for name, ours in {**memory.agreed, **memory.applied}.items():
        current, known = ticket.value(name), memory.overrides.get(name)
        if name not in among:
            continue
        basis = _basis(name, ours, known, desired, decision)
        if current == ours.value:
            yield from ((name, Override(value=each, basis=basis)) for each in overwritten(name, ours, observed, rules))
        elif name in desired and desired[name].value == current:
            continue
        elif known and known.basis == basis:
            yield name, Override(value=current, basis=basis)
        elif name in ticket.not_on_layout or _gave_way(name, ours, known, basis, observed):
            continue
        elif set_by_person(name, observed, memory, rules):
            yield name, Override(value=current, basis=basis)


def _before_ours(
    observed: ObservedTicket,
    desired: Mapping[Field, DesiredValue],
    memory: FieldsMemory,
    rules: TicketPolicy,
    among: frozenset[Field],
) -> Iterator[tuple[Field, Override]]:
    """Yield the values that persons set before we wrote the field for the first time."""
    ticket = observed.ticket
    if not memory.looked:
        return
    for name in sorted((among & desired.keys()) - ticket.not_on_layout):
        value, basis, known = ticket.value(name), desired[name].basis, memory.overrides.get(name)
        if desired[name].value == value:
            continue
        holds = known is not None and known.basis == basis
        if holds or (_named_by_person(name, observed, rules) and not _is_older_than_basis(name, observed)):
            yield name, Override(value=value, basis=basis)


def _undesired(decision: Decision, memory: FieldsMemory, among: frozenset[Field]) -> Iterator[tuple[Field, Override]]:
    """Yield the known overrides of fields that are not ours to set for now, such as those of a ticket in the bin."""
    for name, known in memory.overrides.items():
        basis = known.basis if decision.account_id is None else decision.basis
        if name in among and known.basis == basis:
            yield name, known


def _named_by_person(name: Field, observed: ObservedTicket, rules: TicketPolicy) -> bool:
    return any(is_person(event.actor_id, rules) for event in _results(name, observed))


def _basis(
    name: Field,
    ours: AppliedValue,
    known: Override | None,
    desired: Mapping[Field, DesiredValue],
    decision: Decision,
) -> str:
    """Return the basis that a value of ours would have today; an unknown account changes none (L8)."""
    if name in desired:
        return desired[name].basis
    reverted = name in DECIDED and decision.account_id is not None
    return decision.basis if reverted else (known or ours).basis


def set_by_person(name: Field, observed: ObservedTicket, memory: FieldsMemory, rules: TicketPolicy) -> bool:
    """Return True if a person set the field's present value, by the events or else by the ticket's last author (§0).

    An event names the author of its own result only: what Desk shows now is newer than what another event reported.
    The last author is not considered if the value was there before: after a loop was cut (L14), and where a rule of the
    portal set it within our own write.
    """
    ticket = observed.ticket
    by_rule = memory.is_by_rule(name, ticket.value(name))
    last = [] if by_rule or memory.consecutive_writes >= rules.write_limit else [ticket.modified_by]
    named = [event.actor_id for event in _results(name, observed)]
    return any(is_person(actor, rules) for actor in named or last)


def is_named(name: Field, observed: ObservedTicket) -> bool:
    """Return True if an event names the author of the field's present value."""
    return any(True for _ in _results(name, observed))


def _results(name: Field, observed: ObservedTicket) -> Iterator[Event]:
    """Yield the events that set the field to its present value."""
    yield from _setting(name, observed.ticket, observed.events)


def _setting(name: Field, ticket: Ticket, events: Iterable[Event]) -> Iterator[Event]:
    present = value_digest(ticket, name, ticket.value(name))
    yield from (each for each in events if name in each.changes and each.changes[name].after == present)


def _gave_way(name: Field, ours: AppliedValue, known: Override | None, basis: str, observed: ObservedTicket) -> bool:
    """Return True if the basis of our value changed after the field got its present value.

    That is certain of a value that the last look knew; of a new one the events can show it.
    """
    if basis == (known or ours).basis:
        return False
    if known and known.value == observed.ticket.value(name):
        return True
    return _is_older_than_basis(name, observed)


def _is_older_than_basis(name: Field, observed: ObservedTicket) -> bool:
    """Return True if the events show that the basis changed after the field got its present value."""
    set_at = max((event.occurred_at for event in _results(name, observed)), default=None)
    sources = _BASIS_OF_DECIDED if name in DECIDED else _BASIS_OF_SHOWN
    changed_at = [event.occurred_at for source in sources for event in _results(source, observed)]
    return set_at is not None and any(at > set_at for at in changed_at)


def overwritten(name: Field, ours: AppliedValue, observed: ObservedTicket, rules: TicketPolicy) -> Iterator[Value]:
    """Yield the person's value that our write replaced, by the events or by the ticket's past; at most one.

    None if the events show that a person has put our value back since.
    """
    had_no_author = [each for each in _edits(name, observed, rules) if _had_no_author(name, ours, observed, each)]
    if had_no_author:
        taken_at = max(each.occurred_at for each in had_no_author)
        put_back = [each.occurred_at for each in _results(name, observed) if is_person(each.actor_id, rules)]
        yield from [ours.before] if all(at <= taken_at for at in put_back) else []
    elif observed.past:
        yield from _replaced_unseen(name, ours, observed.past, rules)


def seems_overwritten(name: Field, ours: AppliedValue, observed: ObservedTicket, rules: TicketPolicy) -> bool:
    """Return True if an event shows that our write replaced a value that we had not read: the past tells which.

    The event is a person's of that time, or the echo of our write.
    """
    if observed.past or observed.ticket.value(name) != ours.value:
        return False
    read, written = (value_digest(observed.ticket, name, each) for each in (ours.before, ours.value))
    events = [each for each in observed.events if name in each.changes and _is_within(ours, each.modified_at)]
    changes = [(each.changes[name], is_person(each.actor_id, rules)) for each in events]
    return any(
        written != change.before and change.after not in (read, written)
        if by_person
        else change.after == written and change.before != read
        for change, by_person in changes
    )


def _edits(name: Field, observed: ObservedTicket, rules: TicketPolicy) -> Iterator[Event]:
    """Yield the events of persons that changed the field."""
    yield from (each for each in observed.events if name in each.changes and is_person(each.actor_id, rules))


def _had_no_author(name: Field, ours: AppliedValue, observed: ObservedTicket, event: Event) -> bool:
    """Return True for the value that we saw in the place of ours, without an event that named a person."""
    before, after = (value_digest(observed.ticket, name, each) for each in (ours.value, ours.before))
    return ours.again and event.changes[name] == FieldChange(before=before, after=after)


def _is_within(ours: AppliedValue, at: datetime | None) -> bool:
    """Return True for a time from the reading that we wrote on until our write. Desk's times may be whole seconds."""
    if at is None or ours.read_at is None:
        return False
    return ours.read_at <= at and (ours.written_at is None or at <= ours.written_at)


def _replaced_unseen(name: Field, ours: AppliedValue, past: TicketPast, rules: TicketPolicy) -> Iterator[Value]:
    """Yield the person's value that the last change of the field replaced, if it is ours and we had read another."""
    changes = [each for each in past.changes if each.name == name][-2:]
    if len(changes) < 2:
        return
    theirs, last = changes
    is_ours = last.after == ours.value and not is_person(last.by, rules)
    if is_ours and last.before == theirs.after != ours.before and is_person(theirs.by, rules):
        yield theirs.after


def is_person(actor_id: str | None, rules: TicketPolicy) -> bool:
    """Return True for a person's id. A change without an author (`modifiedBy: null`) is none of a person."""
    return actor_id is not None and actor_id not in rules.automation_agents


def changed_by_person(events: Iterable[Event], rules: TicketPolicy) -> bool:
    """Return True if one of the events is a person's change of the ticket's state."""
    return any(event.hint is EventHint.STATE and is_person(event.actor_id, rules) for event in events)


def own_fields(memory: FieldsMemory, ticket: Ticket, events: Collection[Event], rules: TicketPolicy) -> FieldsMemory:
    """Return the memory by what the ticket and the events show: with what was written after all (L7).

    A decided value of ours that a person has set again is the person's from now on.
    """
    settled = memory.settled(ticket, events)
    theirs = {
        name: ours
        for name, ours in settled.applied.items()
        if name in DECIDED and ticket.value(name) == ours.value and _is_set_again(name, ours, ticket, events, rules)
    }
    agreed = {
        name: AppliedValue(value=ours.value, before=ours.value, basis=ours.basis) for name, ours in theirs.items()
    }
    ours = {name: each for name, each in settled.applied.items() if name not in theirs}
    return replace(settled, applied=ours, agreed={**settled.agreed, **agreed})


def _is_set_again(
    name: Field, ours: AppliedValue, ticket: Ticket, events: Iterable[Event], rules: TicketPolicy
) -> bool:
    """Return True if an event shows that a person set the value after we had read the ticket to write it."""
    return any(
        is_person(event.actor_id, rules)
        and (ours.read_at is None or event.modified_at is None or event.modified_at >= ours.read_at)
        for event in _setting(name, ticket, events)
    )


def evidence_on(ticket: Ticket, memory: FieldsMemory) -> tuple[Evidence, ...]:
    """Return the evidence on the ticket; a value of ours in the customer field is none of a person (L17).

    A person's value that it replaced counts in its place.
    """
    ours = memory.applied.get(Field.CUSTOMER_PRIMARY_EMAIL)
    if ours is None or ticket.customer_primary_email != ours.value:
        return ticket.evidence
    elsewhere = (each for each in ticket.evidence if each.place is not EvidencePlace.FIELD)
    return (*_of_address(ours.before, EvidencePlace.FIELD, ticket), *elsewhere, *_of_ours(ours))


def _of_address(address: Value, place: EvidencePlace, ticket: Ticket) -> Iterator[Evidence]:
    """Yield the evidence in an address; its domain too, unless it is the sender's. No account has a public one's."""
    if isinstance(address, str):
        yield Evidence(place, (Identifier(IdentifierKind.EMAIL, address),))
        _, at, domain = address.rpartition("@")
        if at and domain != ticket.sender_domain:
            yield Evidence(place, (Identifier(IdentifierKind.DOMAIN, domain),))


def _of_ours(ours: AppliedValue) -> Iterator[Evidence]:
    yield Evidence(EvidencePlace.OURS, (Identifier(IdentifierKind.EMAIL, str(ours.value)),))


def desired_values(
    ticket: Ticket, lookup: Lookup, decision: Decision, memory: FieldsMemory, rules: TicketPolicy
) -> Iterator[tuple[Field, DesiredValue]]:
    """Yield the decided values that are ours to set: address (C3, R53), box and severity (R49, R54)."""
    if ticket.in_bin or decision.account_id is None or lookup.account is None:
        return
    if lookup.account.super_admin_email and _may_fill_email(ticket, lookup, memory, rules):
        yield Field.CUSTOMER_PRIMARY_EMAIL, DesiredValue(lookup.account.super_admin_email, decision.basis)
    if decision.verdict is Verdict.PRIORITY and not decision.hands_off:
        yield Field.LARGE_USER, DesiredValue(True, decision.basis)
        if not severity_left_alone(ticket, rules):
            yield Field.SEVERITY, DesiredValue(rules.severities[1], decision.basis)


def _may_fill_email(ticket: Ticket, lookup: Lookup, memory: FieldsMemory, rules: TicketPolicy) -> bool:
    """Return True if the address may be filled; a person's only if it leads to exactly this account (C3)."""
    ours = memory.applied.get(Field.CUSTOMER_PRIMARY_EMAIL)
    present = ticket.customer_primary_email
    if present is None or (ours and ours.value == present and ours.before is None):
        return rules.email_fill is not EmailFill.NEVER
    return rules.email_fill is EmailFill.ALWAYS and EvidencePlace.FIELD in lookup.led_by


def severity_left_alone(ticket: Ticket, rules: TicketPolicy) -> bool:
    """Return True for a kind of ticket whose severity is not raised, although the account is large (C5)."""
    return (
        ticket.issue_type in rules.severity_left_for_issues
        or ticket.request_type in rules.severity_left_for_requests
        or (ticket.request_type is None and rules.severity_left_without_request)
    )


def reverts(
    ticket: Ticket, decision: Decision, desired: Collection[Field], memory: FieldsMemory, rules: TicketPolicy
) -> Iterator[tuple[Field, Value]]:
    """Yield the values before ours where ours no longer follow (§0, L18)."""
    if not rules.untick or ticket.in_bin:
        return
    for name in sorted(DECIDED - frozenset(desired)):
        ours = memory.applied.get(name)
        if ours and ticket.value(name) == ours.value and _no_longer_follows(name, ours, decision):
            yield name, ours.before


def _no_longer_follows(name: Field, ours: AppliedValue, decision: Decision) -> bool:
    """Return True for a value of ours that is not desired now, and was set for another account or another answer.

    An unknown account takes nothing back (L8), unless the evidence that is there proves none; nor does a REVIEW of the
    same account. What is not written any more because of a setting of the mapping, such as the address, stays.
    """
    if decision.account_id is None:
        return decision.unproven
    if not ours.basis.startswith(f"{decision.account_id}:"):
        return True
    return decision.verdict is not Verdict.REVIEW and name is not Field.CUSTOMER_PRIMARY_EMAIL


def applied_after(
    ticket: Ticket,
    memory: FieldsMemory,
    desired: Mapping[Field, DesiredValue],
    writes: Mapping[Field, Value],
    overrides: Mapping[Field, Override],
) -> Iterator[tuple[Field, AppliedValue]]:
    """Yield the values of ours after the writes, each with the value before it.

    A value of ours whose override has ended is none any more until it is written again.
    """
    for name in Field:
        ours, value = memory.applied.get(name), ticket.value(name)
        ended = name in memory.overrides and ours is not None and value != ours.value
        if name in overrides:
            if ours:
                yield name, replace(ours, basis=overrides[name].basis, again=False, read_at=None)
        elif name in desired and name in writes:
            before = ours.before if ours and ours.value == value else value
            again = not ended and (name in memory.intended or _replaced(ours, value))
            yield (
                name,
                AppliedValue(
                    value=desired[name].value,
                    before=before,
                    basis=desired[name].basis,
                    again=again,
                    read_at=ticket.modified_at,
                ),
            )
        elif ours and not ended and name in desired and not _set_by_others(ours, desired[name], value):
            yield name, replace(ours, basis=desired[name].basis)
        elif ours and not ended and name not in desired and name not in writes:
            yield name, ours


def _replaced(ours: AppliedValue | None, value: Value) -> bool:
    return ours is not None and (ours.again or ours.value != value)


def _set_by_others(ours: AppliedValue, desired: DesiredValue, value: Value) -> bool:
    """Return True if others set the value that we want now, in the place of an earlier one of ours."""
    return value == desired.value != ours.value


def agreed_after(
    ticket: Ticket,
    memory: FieldsMemory,
    desired: Mapping[Field, DesiredValue],
    applied: Mapping[Field, AppliedValue],
    overrides: Mapping[Field, Override],
) -> Iterator[tuple[Field, AppliedValue]]:
    """Yield the values that others set as we would have: a person's later change of one is an edit against ours."""
    for name in Field:
        value = ticket.value(name)
        if name in applied or name in ticket.not_on_layout:
            continue
        if name in desired and desired[name].value == value:
            yield name, AppliedValue(value=value, before=value, basis=desired[name].basis)
        elif name in memory.agreed and (name in overrides or name not in desired):
            yield name, memory.agreed[name]
