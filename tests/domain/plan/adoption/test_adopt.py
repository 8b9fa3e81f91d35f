"""Facts and memory of a ticket with traces of ours are as if no look had been forgotten."""

from __future__ import annotations

from datetime import timedelta

from desk_sync.domain.commitment.history import HistoryEventKind
from desk_sync.domain.plan.adoption.adopt import adopt
from desk_sync.domain.plan.adoption.traces import TicketTraces
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.past import PastChange, TicketPast
from tests.support.clock_scenes import HOUR
from tests.support.makers import NOW, PERSON, POLICY, ROBOT, make_ticket
from tests.support.plan_scenes import LATE, LATE_TICKET, observe

CREATED_AT = NOW - 4 * HOUR


def traces(*settings):
    """Return traces with these settings of the severity: hours after the creation, author and new value."""
    changes = [
        PastChange(name="severity", at=CREATED_AT + timedelta(hours=hours), by=by, before="S3-Minimal", after=after)
        for hours, by, after in settings
    ]
    return TicketTraces(past=TicketPast(changes=tuple(changes)), agents=frozenset({ROBOT}))


def test_a_severity_of_the_first_look_counts_since_the_creation_and_a_later_one_since_its_change():
    found = traces((0, ROBOT, "S1-Critical"), (2, PERSON, "S2-Moderate"))

    observed, _ = adopt(observe(LATE_TICKET, **LATE), Memory(), found, POLICY)

    levels = [(each.at, each.level) for each in observed.history.events if each.kind is HistoryEventKind.SEVERITY]
    assert levels == [(CREATED_AT, 1), (CREATED_AT + 2 * HOUR, 2)]


def test_a_ticket_without_traces_is_new():
    observed = observe(LATE_TICKET, **LATE)

    same, memory = adopt(observed, Memory(), TicketTraces(), POLICY)

    assert (same, memory.fields.looked, memory.traces.read_at) == (observed, False, NOW)


def test_a_ticket_without_clocks_keeps_its_fields():
    found = traces((0, ROBOT, "S1-Critical"))

    _, memory = adopt(observe(make_ticket(severity="S1-Critical")), Memory(), found, POLICY)

    assert memory.clocks.inputs is None
    assert [str(each) for each in memory.fields.applied] == ["severity"]
