"""What an event tells, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.plan.memory import Memory, is_news
from desk_sync.domain.ticket.event import EventHint
from desk_sync.domain.ticket.ticket import Field, differing, digest, only_ours
from tests.support.makers import NOW, make_event, make_ticket

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
        pytest.param({"hint": EventHint.GONE}, True, id="deleted"),
        pytest.param({"hint": EventHint.CONVERSATION}, True, id="somebody said something"),
        pytest.param({"hint": EventHint.CONVERSATION, "reference": "ds-1"}, False, id="our own comment"),
        pytest.param({"hint": EventHint.CONVERSATION, "reference": "ds-2"}, True, id="a comment that quotes another"),
    ],
)
def test_an_event_is_news_unless_the_last_look_knew_it(event, news):
    assert is_news(make_event(**event), MEMORY, {"ds-1"}) is news


def test_a_ticket_never_seen_is_always_news():
    assert is_news(make_event(state=None), Memory(), set())
    assert is_news(make_event(state="x"), Memory(), set())


def test_the_digest_holds_what_we_read_and_nothing_else():
    ticket = make_ticket()

    assert digest(ticket) == digest(replace(ticket, modified_by="somebody else", modified_at=NOW))
    assert digest(ticket) != digest(replace(ticket, status="On Hold"))
    assert digest(ticket) != digest(replace(ticket, severity=""))


def test_two_tickets_differ_in_the_fields_of_ours_that_are_not_the_same():
    ticket = make_ticket()

    assert differing(ticket, replace(ticket, large_user=True, modified_at=NOW)) == {Field.LARGE_USER}
    assert differing(ticket, ticket) == frozenset()


@pytest.mark.parametrize(
    ("between", "only"),
    [
        pytest.param({}, True, id="our write alone"),
        pytest.param({"modified_by": "we", "modified_at": NOW}, True, id="who wrote, and when"),
        pytest.param({"status": "On Hold"}, False, id="what we never write"),
        pytest.param({"large_user": True}, False, id="what we could have written"),
    ],
)
def test_a_change_beside_our_write_is_seen(between, only):
    found = make_ticket(customer_primary_email=None)
    left = make_ticket(severity="S1-Critical", **between)

    assert only_ours(found, left, {Field.SEVERITY, Field.CUSTOMER_PRIMARY_EMAIL}) is only


def test_only_a_ticket_of_the_closed_type_is_closed():
    assert make_ticket(status="Done", status_type="Closed").closed
    assert not make_ticket(status="Closed").closed
