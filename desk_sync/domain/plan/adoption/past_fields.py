"""Fields from a ticket's past: our values as applied, and the persons' changes after them as events (L7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime

from desk_sync.domain.commitment.clock_fields import CLOCK_FIELDS
from desk_sync.domain.plan.adoption.traces import TicketTraces
from desk_sync.domain.plan.escalation_actions import ESCALATION_FIELDS
from desk_sync.domain.plan.memory import AppliedValue, FieldsMemory
from desk_sync.domain.plan.ownership import DECIDED
from desk_sync.domain.plan.policy import TicketPolicy
from desk_sync.domain.ticket.event import Event, EventHint, FieldChange
from desk_sync.domain.ticket.past import PastChange
from desk_sync.domain.ticket.ticket import Field, Ticket, value_digest

_ADOPTED = DECIDED | CLOCK_FIELDS | ESCALATION_FIELDS


def last_changes(
    ticket: Ticket, traces: TicketTraces, since: datetime | None, doubtful: Collection[Field]
) -> Iterator[Event]:
    """Yield the last change of each field after an instant as an event: it names the author of the present value.

    Of `doubtful` fields at any time: they changed within a write of ours, before the end of the look that made it.
    """
    for name in Field:
        changes = traces.changes_of(name, None if name in doubtful else since)
        if changes and changes[-1].after == ticket.value(name):
            yield _event(ticket, name, changes[-1])


def _event(ticket: Ticket, name: Field, change: PastChange) -> Event:
    before, after = (value_digest(ticket, name, value) for value in (change.before, change.after))
    return Event(
        key=f"past:{name}:{change.at.isoformat()}",
        type="past",
        hint=EventHint.STATE,
        ticket_id=ticket.ticket_id,
        occurred_at=change.at,
        changes={name: FieldChange(before=before, after=after)},
        actor_id=change.by,
    )


def adopted_fields(
    memory: FieldsMemory,
    traces: TicketTraces,
    rules: TicketPolicy,
    basis_of: Callable[[Field], str],
    since: datetime | None,
) -> FieldsMemory:
    """Return the memory with the values that we set after `since`, each as if it had been recorded when it was set.

    A value that replaced ours keeps it company: with its author's event, it is judged as an edit against ours. What our
    writes replaced is known then.
    """
    applied = {name: replace(ours, read_at=None) for name, ours in memory.applied.items()}
    for name in sorted(_ADOPTED):
        ours = _our_value(name, traces, rules, since)
        if ours is None:
            continue
        former = memory.applied.get(name)
        before = former.before if former and former.value == ours.before else ours.before
        applied[name] = AppliedValue(value=ours.after, before=before, basis=basis_of(name))
    return replace(memory, applied=applied, looked=True)


def _our_value(name: Field, traces: TicketTraces, rules: TicketPolicy, since: datetime | None) -> PastChange | None:
    """Return our last setting of a field, with the value that was there before we first set it in a row."""
    changes = traces.changes_of(name, since)
    while changes and changes[-1].by not in traces.agents:
        changes.pop()
    if not changes or not _is_wanted(name, changes[-1], rules):
        return None
    last = first = changes[-1]
    for each in reversed(changes):
        if each.by not in traces.agents:
            break
        first = each
    return replace(last, before=first.before)


def _is_wanted(name: Field, change: PastChange, rules: TicketPolicy) -> bool:
    """Return False for a value that takes ours back: nothing of ours is left then."""
    if name is Field.LARGE_USER:
        return change.after is True
    return change.after == rules.severities[1] if name is Field.SEVERITY else True
