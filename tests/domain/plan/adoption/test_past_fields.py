"""Fields from a ticket's past: ours are applied, a person's later change is an event, what we took back is nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.plan.adoption.past_fields import adopted_fields, last_changes
from desk_sync.domain.plan.adoption.traces import TicketTraces
from desk_sync.domain.plan.memory import AppliedValue, FieldsMemory
from desk_sync.domain.ticket.past import PastChange, TicketPast
from desk_sync.domain.ticket.ticket import Field
from tests.support.makers import NOW, PERSON, ROBOT, TICKETS, make_ticket

S1, S2, S3 = "S1-Critical", "S2-Moderate", "S3-Minimal"


def past(*settings):
    """Return traces with these settings of the severity, one a minute: author, former and new value."""
    changes = [
        PastChange(name="severity", at=NOW + timedelta(minutes=number), by=by, before=before, after=after)
        for number, (by, before, after) in enumerate(settings)
    ]
    return TicketTraces(past=TicketPast(changes=tuple(changes)), agents=frozenset({ROBOT}))


@pytest.mark.parametrize(
    ("traces", "value", "before"),
    [
        pytest.param(past((ROBOT, S2, S1)), S1, S2, id="ours"),
        pytest.param(past((ROBOT, S2, S1), (PERSON, S1, S3)), S1, S2, id="ours, and a person's after it"),
        pytest.param(past((PERSON, S3, S2), (ROBOT, S2, S1)), S1, S2, id="ours after a person's"),
        pytest.param(past((ROBOT, S3, S2), (ROBOT, S2, S1)), S1, S3, id="two of ours in a row"),
    ],
)
def test_our_last_value_is_applied(traces, value, before):
    memory = adopted_fields(FieldsMemory(), traces, TICKETS, lambda _: "A1", None)

    assert memory.applied == {Field.SEVERITY: AppliedValue(value=value, before=before, basis="A1")}
    assert memory.looked


@pytest.mark.parametrize(
    "traces",
    [
        pytest.param(past((PERSON, S2, S1)), id="a person's value"),
        pytest.param(past((ROBOT, S1, S3)), id="a value of ours that was taken back"),
    ],
)
def test_what_is_not_ours_is_not_applied(traces):
    assert adopted_fields(FieldsMemory(), traces, TICKETS, lambda _: "A1", None).applied == {}


def test_a_box_that_we_took_back_is_not_applied():
    change = PastChange(name="large_user", at=NOW, by=ROBOT, before=True, after=False)
    traces = TicketTraces(past=TicketPast(changes=(change,)), agents=frozenset({ROBOT}))

    assert adopted_fields(FieldsMemory(), traces, TICKETS, lambda _: "A1", None).applied == {}


def test_the_value_before_ours_is_the_one_that_the_memory_knows():
    known = FieldsMemory(applied={Field.SEVERITY: AppliedValue(value=S2, before=S3, basis="A1")})

    memory = adopted_fields(known, past((ROBOT, S2, S1)), TICKETS, lambda _: "A1", None)

    assert memory.applied[Field.SEVERITY].before == S3


def test_the_last_change_of_a_field_is_an_event_if_it_set_the_present_value():
    traces = past((ROBOT, S2, S1), (PERSON, S1, S3))

    (event,) = last_changes(make_ticket(severity=S3), traces, None, ())

    assert (event.actor_id, event.changed) == (PERSON, {Field.SEVERITY})
    assert list(last_changes(make_ticket(severity=S2), traces, None, ())) == []
