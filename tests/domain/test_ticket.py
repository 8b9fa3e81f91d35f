"""What an event tells, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.ticket import Hint, Memory, digest, is_news
from tests.support.makers import make_event, make_ticket

MEMORY = Memory(left="after", found="before")


@pytest.mark.parametrize(
    ("event", "news"),
    [
        pytest.param({"state": "after", "before": "before"}, False, id="our own write coming back"),
        pytest.param({"state": "after", "before": "after"}, False, id="nothing that we read has changed"),
        pytest.param({"state": "after", "before": None}, False, id="the state that we know, told again"),
        pytest.param({"state": "after", "before": "else"}, True, id="changed, and changed back"),
        pytest.param({"state": "else", "before": "after"}, True, id="a change"),
        pytest.param({"state": "before", "before": None}, True, id="an older state: a later event may be lost"),
        pytest.param({"state": None, "before": None}, True, id="a payload that does not show all we read"),
        pytest.param({"hint": Hint.GONE}, True, id="deleted"),
        pytest.param({"hint": Hint.CONVERSATION}, True, id="somebody said something"),
        pytest.param({"hint": Hint.CONVERSATION, "reference": "ds-1"}, False, id="our own comment"),
        pytest.param({"hint": Hint.CONVERSATION, "reference": "ds-2"}, True, id="a comment that quotes another"),
    ],
)
def test_an_event_is_news_unless_the_last_look_knew_it(event, news):
    assert is_news(make_event(**event), MEMORY, {"ds-1"}) is news


def test_a_ticket_never_seen_is_always_news():
    assert is_news(make_event(state=None), Memory(), set())
    assert is_news(make_event(state="x"), Memory(), set())


def test_the_digest_holds_what_we_read_and_nothing_else():
    ticket = make_ticket()

    assert digest(ticket) == digest(replace(ticket, modified_by="somebody else"))
    assert digest(ticket) != digest(replace(ticket, status="On Hold"))
    assert digest(ticket) != digest(replace(ticket, severity=""))


def test_only_a_ticket_of_the_closed_type_is_closed():
    assert make_ticket(status="Done", status_type="Closed").closed
    assert not make_ticket(status="Closed").closed
