"""The parts of a ticket's past that are read from Desk: only those that the ticket shows to be new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.conversation import StatusRules
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.plan.inquiry import InquiryTopic, topics
from desk_sync.domain.plan.memory import ClocksMemory
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
    assert topics(make_ticket(**ticket), memory, [], STATUSES) == needed


def test_a_hold_that_is_over_is_read_if_an_event_reports_it():
    event = make_event(changed=frozenset({Field.STATUS}))

    assert topics(make_ticket(), known(), [event], STATUSES) == {InquiryTopic.STATUS}
