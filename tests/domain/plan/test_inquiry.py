"""The parts of a ticket's past that are read from Desk: those that the ticket or an event shows to be new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.conversation import StatusRules
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.commitment.seen_items import SeenItems, SeenState
from desk_sync.domain.plan.inquiry import InquiryTopic, topics
from desk_sync.domain.plan.memory import ClocksMemory
from desk_sync.domain.ticket.event import EventHint, EventItem
from desk_sync.domain.ticket.ticket import Field
from tests.support.makers import NOW, make_event, make_ticket

CREATED = NOW - timedelta(hours=10)
STATUSES = StatusRules(waiting=frozenset({"Waiting for partner"}))
PAUSED = HistoryEvent(kind=HistoryEventKind.STAGE, at=CREATED + timedelta(hours=1), stage=WorkState.PAUSED)


def known(*events: HistoryEvent, **facts: object) -> ClocksMemory:
    """Return the memory of a ticket that was looked at before."""
    history = History(created_at=CREATED, events=events)
    return ClocksMemory(inputs=ClockInputs(history=history, promise="p", basis=ClockBasis()), **facts)


@pytest.mark.parametrize(
    ("ticket", "memory", "needed"),
    [
        pytest.param({"threads": 1}, ClocksMemory(), set(), id="a new ticket shows everything itself"),
        pytest.param({"threads": 0}, ClocksMemory(), set(), id="also one without a thread"),
        pytest.param({"threads": 2}, ClocksMemory(), {InquiryTopic.THREADS}, id="a mail came before our first look"),
        pytest.param({"threads": 3}, known(threads_counted=3), set(), id="nothing new was written"),
        pytest.param({"threads": 4}, known(threads_counted=3), {InquiryTopic.THREADS}, id="a mail came"),
        pytest.param({"comments": 1}, known(), {InquiryTopic.COMMENTS}, id="a new comment"),
        pytest.param({"comments": 2}, known(comments_counted=2), set(), id="our own comments are known"),
        pytest.param({"status_type": "On Hold"}, ClocksMemory(), {InquiryTopic.STATUS}, id="on hold at our first look"),
        pytest.param({"status_type": "On Hold"}, known(), {InquiryTopic.STATUS}, id="put on hold"),
        pytest.param({"status_type": "On Hold"}, known(PAUSED), set(), id="still on hold"),
        pytest.param({"status_type": "Closed"}, known(), {InquiryTopic.STATUS}, id="closed"),
        pytest.param(
            {"status_type": "Closed", "threads": 9, "comments": 9},
            ClocksMemory(),
            set(),
            id="closed before our first look",
        ),
        pytest.param({"status": "waiting FOR partner"}, known(), {InquiryTopic.STATUS}, id="in a status that waits"),
    ],
)
def test_only_what_the_ticket_shows_to_be_new_is_read(ticket, memory, needed):
    assert topics(make_ticket(**ticket), memory, [], STATUSES, NOW) == needed


def test_a_hold_that_is_over_is_read_if_an_event_reports_it():
    event = make_event(changed=frozenset({Field.STATUS}))

    assert topics(make_ticket(), known(), [event], STATUSES, NOW) == {InquiryTopic.STATUS}


@pytest.mark.parametrize(
    ("event", "needed"),
    [
        pytest.param({"item": EventItem.THREAD, "item_id": "9"}, {InquiryTopic.THREADS}, id="a mail"),
        pytest.param({"item": EventItem.THREAD, "item_id": "2"}, {InquiryTopic.THREADS}, id="one under way before"),
        pytest.param({"item": EventItem.THREAD, "item_id": "1"}, set(), id="a mail that was read already"),
        pytest.param({"item": EventItem.COMMENT, "item_id": "9"}, {InquiryTopic.COMMENTS}, id="a comment"),
        pytest.param({"item": EventItem.COMMENT, "item_id": "1"}, {InquiryTopic.COMMENTS}, id="perhaps an edit"),
        pytest.param({}, set(), id="one that was stored before events named their items: the counts decide"),
    ],
)
def test_an_event_asks_for_a_reading_even_where_the_counts_stand_still(event, needed):
    seen = SeenItems(read_at=NOW, states={"1": SeenState.PUBLIC, "2": SeenState.PENDING})
    memory = known(threads_counted=3, comments_counted=2, threads_seen=seen, comments_seen=seen)
    events = [make_event(hint=EventHint.CONVERSATION, **event)]

    assert topics(make_ticket(threads=3, comments=2), memory, events, STATUSES, NOW) == needed


@pytest.mark.parametrize(
    ("seconds", "needed"),
    [pytest.param(59, set(), id="too soon"), pytest.param(60, {InquiryTopic.THREADS}, id="a minute later")],
)
def test_a_reply_that_is_being_sent_is_looked_for_again_by_itself(seconds, needed):
    seen = SeenItems(read_at=NOW, states={"1": SeenState.PENDING}, since={"1": NOW})
    now = NOW + timedelta(seconds=seconds)

    assert topics(make_ticket(), known(threads_seen=seen), [], STATUSES, now) == needed


@pytest.mark.parametrize(
    ("ticket", "memory", "needed"),
    [
        pytest.param({"threads": 1}, known(threads_counted=0), {InquiryTopic.THREADS}, id="it had none, not even one"),
        pytest.param({"threads": 0}, known(threads_counted=0), set(), id="it still has none"),
        pytest.param({"threads": 2, "comments": 1}, known(threads_counted=3, comments_counted=2), set(), id="deleted"),
        pytest.param(
            {"threads": 3, "comments": 2, "created_at": CREATED},
            ClocksMemory(threads_counted=3, comments_counted=2),
            {InquiryTopic.THREADS, InquiryTopic.COMMENTS},
            id="closed at our first look and open again: nothing of it was read",
        ),
        pytest.param(
            {"threads": 3, "comments": 2},
            ClocksMemory(threads_counted=3, comments_counted=2),
            set(),
            id="without an instant of creation it has no clocks",
        ),
    ],
)
def test_a_count_is_compared_with_the_last_one(ticket, memory, needed):
    assert topics(make_ticket(**ticket), memory, [], STATUSES, NOW) == needed
