"""Events as they are stored until the next look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from desk_sync.domain.ticket.event import Event, EventHint
from tests.support.makers import NOW, changed, make_event, make_ticket

STORED = TypeAdapter(Event)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(changed(make_ticket(), make_ticket(severity="S3-Minimal", status="On Hold")), id="two changes"),
        pytest.param(make_event(modified_at=NOW + timedelta(microseconds=1)), id="an instant to the microsecond"),
        pytest.param(make_event(hint=EventHint.CONVERSATION, reference="ds-1"), id="our own comment"),
        pytest.param(make_event(hint=EventHint.GONE, actor_id=None), id="a deletion by an unknown actor"),
    ],
)
def test_a_stored_event_is_read_back_as_the_same_event(event):
    assert STORED.validate_json(STORED.dump_json(event)) == event


def test_an_event_of_an_earlier_version_is_read_without_the_later_fields():
    minimal = b'{"key": "k1", "type": "t", "hint": "state", "ticket_id": "T1", "occurred_at": "2026-11-23T09:00:00Z"}'

    event = STORED.validate_json(minimal)

    assert (event.hint, event.occurred_at) == (EventHint.STATE, NOW)
    assert (event.state, event.changed, event.modified_at) == (None, frozenset(), None), "nothing is assumed unchanged"
