"""The events that are news for a ticket's next look."""

from __future__ import annotations

import pytest

from desk_sync.domain.plan.memory import Memory, is_news
from desk_sync.domain.ticket.event import EventHint
from tests.support.makers import make_event, make_memory

MEMORY = make_memory(written_digest="after", read_digest="before")


@pytest.mark.parametrize(
    ("event", "news"),
    [
        pytest.param({"state": "after", "before": "before"}, False, id="our own write coming back"),
        pytest.param({"state": "after", "before": "after"}, False, id="nothing that we read has changed"),
        pytest.param({"state": "after", "before": None}, False, id="the state that we know, reported again"),
        pytest.param({"state": "after", "before": "else"}, True, id="changed, and changed back"),
        pytest.param({"state": "else", "before": "after"}, True, id="a change"),
        pytest.param({"state": "before", "before": None}, True, id="an older state: a later event may be lost"),
        pytest.param({"state": None, "before": None}, True, id="a payload that does not show all we read"),
        pytest.param({"hint": EventHint.GONE}, True, id="deleted"),
        pytest.param({"hint": EventHint.CONVERSATION}, True, id="a thread or a comment"),
        pytest.param({"hint": EventHint.CONVERSATION, "reference": "ds-1"}, False, id="our own comment"),
        pytest.param({"hint": EventHint.CONVERSATION, "reference": "ds-2"}, True, id="a comment that quotes another"),
    ],
)
def test_an_event_is_news_unless_the_last_look_knew_it(event, news):
    assert is_news(make_event(**event), MEMORY, {"ds-1"}) is news


def test_a_ticket_never_seen_is_always_news():
    assert is_news(make_event(state=None), Memory(), set())
    assert is_news(make_event(state="x"), Memory(), set())
