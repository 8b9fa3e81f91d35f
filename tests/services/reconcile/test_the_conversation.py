"""A conversation that changes where Desk's counts do not show it: each reply counts, at its own instant.

The ticket was opened on Monday 23 November 2026 at 10:00 in Berlin, by a large user account: severity 1. Its
acknowledgement is due after three hours. A level that is raised has a public comment too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm, SendingState
from desk_sync.domain.commitment.status_past import StatusChange
from desk_sync.domain.plan.memory import ClocksMemory
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.ticket.event import EventHint, EventItem
from desk_sync.errors import PermanentError, Unreadable
from tests.support.makers import NOW, PERSON, POLICY, TICKETS, make_ticket, make_updates

TICKET = "100000000000000001"
DUE = NOW + timedelta(hours=3)
PUBLIC = replace(POLICY, escalation=replace(POLICY.escalation, updates=make_updates(en="escalated")))
PENDING, DRAFT, FAILED = SendingState.PENDING, SendingState.DRAFT, SendingState.FAILED


@pytest.fixture
def opened(desk, world):
    """The ticket, seen a moment after it was opened."""
    world.policy = PUBLIC
    desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
    world.receives(key="add")
    world.look()
    return world


def at(world, **span: float) -> None:
    """Look at everything that is due up to this time after the creation, and stop there."""
    until = NOW + timedelta(**span)
    while (due := world.tickets.history(TICKET).look_at) and due < until:
        world._time = max(due, world.now())
        world.look()
    world._time = until


def hears(world, item: EventItem, item_id: str | None = None) -> None:
    """Receive an event about a thread or a comment, and look."""
    key = f"{item} at {world.now()}"
    world.receives(key=key, hint=EventHint.CONVERSATION, item=item, item_id=item_id)
    world.look()


def raised(world) -> list[int]:
    return [step.level for step in world.tickets.history(TICKET).memory.escalation.state.raised]


def answered(world) -> tuple[ClockState, Any]:
    (clock,) = [each for each in world.tickets.history(TICKET).clocks(world.now()) if each.key == "acknowledgement:1"]
    return clock.state, clock.met_at


def assert_quiet(world, desk) -> None:
    """No level was raised, the partner has no comment, and no comment says that the acknowledgement is breached."""
    assert raised(world) == []
    assert desk.public_comments[TICKET] == []
    assert not any("Acknowledgement is breached" in each for each in desk.comments[TICKET])


class TestSending:
    """Only what was really sent is a reply."""

    def test_a_reply_that_desk_first_shows_as_pending_counts_when_it_was_written(self, desk, opened):
        at(opened, hours=2)
        reply = desk.agent_replies(TICKET, sending=PENDING)
        hears(opened, EventItem.THREAD, reply)
        assert answered(opened) == (ClockState.RUNNING, None)
        desk.sends(TICKET, reply)

        at(opened, hours=4)

        assert answered(opened) == (ClockState.MET, NOW + timedelta(hours=2))
        assert_quiet(opened, desk)

    def test_a_breach_waits_for_a_reply_that_is_being_sent(self, desk, opened):
        at(opened, hours=2, minutes=50)
        reply = desk.agent_replies(TICKET, sending=PENDING)
        hears(opened, EventItem.THREAD, reply)
        at(opened, hours=3, minutes=10)
        assert_quiet(opened, desk)
        desk.sends(TICKET, reply)

        at(opened, hours=4)

        assert answered(opened) == (ClockState.MET, NOW + timedelta(hours=2, minutes=50))
        assert_quiet(opened, desk)

    def test_it_does_not_wait_for_ever(self, desk, opened):
        at(opened, hours=2, minutes=50)
        hears(opened, EventItem.THREAD, desk.agent_replies(TICKET, sending=PENDING))

        at(opened, hours=4)

        (step,) = opened.tickets.history(TICKET).memory.escalation.state.raised
        assert (step.level, step.at) == (1, NOW + timedelta(hours=3, minutes=20))

    def test_one_that_fails_is_no_reply(self, desk, opened):
        at(opened, hours=2, minutes=50)
        reply = desk.agent_replies(TICKET, sending=PENDING)
        hears(opened, EventItem.THREAD, reply)
        desk.sends(TICKET, reply, FAILED)

        at(opened, hours=4)

        (step,) = opened.tickets.history(TICKET).memory.escalation.state.raised
        assert (step.level, step.at) == (1, DUE)

    def test_a_reply_that_fails_later_is_taken_back(self, desk, opened):
        at(opened, hours=1)
        reply = desk.agent_replies(TICKET)
        hears(opened, EventItem.THREAD, reply)
        assert answered(opened)[0] is ClockState.MET
        at(opened, hours=2)
        desk.sends(TICKET, reply, FAILED)
        desk.partner_writes(TICKET)
        hears(opened, EventItem.THREAD)

        assert answered(opened) == (ClockState.RUNNING, None)

    @pytest.mark.parametrize("notified", [True, False], ids=["with an event", "without an event"])
    def test_a_draft_that_is_sent_counts_though_the_count_stands_still(self, desk, opened, notified):
        at(opened, hours=1)
        draft = desk.agent_replies(TICKET, sending=DRAFT)
        hears(opened, EventItem.THREAD, draft)
        at(opened, hours=2)
        desk.sends(TICKET, draft)
        if notified:
            hears(opened, EventItem.THREAD, draft)

        at(opened, hours=4)

        assert answered(opened) == (ClockState.MET, NOW + timedelta(hours=1))
        assert_quiet(opened, desk)

    def test_a_draft_that_is_never_sent_is_no_reply(self, desk, opened):
        at(opened, hours=1)
        hears(opened, EventItem.THREAD, desk.agent_replies(TICKET, sending=DRAFT))

        at(opened, hours=4)

        assert raised(opened) == [1]


class TestCountsThatStandStill:
    @pytest.mark.parametrize("notified", [True, False], ids=["with an event", "without an event"])
    def test_a_deletion_that_a_reply_follows(self, desk, opened, notified):
        at(opened, hours=1)
        desk.partner_writes(TICKET)
        hears(opened, EventItem.THREAD)
        at(opened, hours=2)
        desk.loses_thread(TICKET, desk.threads[TICKET][0].ref)
        reply = desk.agent_replies(TICKET)
        if notified:
            hears(opened, EventItem.THREAD, reply)

        at(opened, hours=4)

        assert answered(opened) == (ClockState.MET, NOW + timedelta(hours=2))
        assert_quiet(opened, desk)

    @pytest.mark.parametrize("notified", [True, False], ids=["with an event", "without an event"])
    def test_an_edit_that_makes_a_comment_public(self, desk, opened, notified):
        at(opened, hours=1)
        comment = desk.person_comments(TICKET, public=False)
        hears(opened, EventItem.COMMENT, comment)
        at(opened, hours=2)
        desk.publishes(TICKET, comment)
        if notified:
            hears(opened, EventItem.COMMENT, comment)

        at(opened, hours=4)

        assert answered(opened) == (ClockState.MET, NOW + timedelta(hours=2))
        assert_quiet(opened, desk)

    def test_a_count_that_lags_behind_its_event(self, desk, opened):
        at(opened, hours=2)
        before = desk.tickets[TICKET]
        reply = desk.agent_replies(TICKET)
        desk.tickets[TICKET], after = before, desk.tickets[TICKET]
        hears(opened, EventItem.THREAD, reply)

        assert answered(opened) == (ClockState.MET, NOW + timedelta(hours=2))
        desk.tickets[TICKET] = after
        at(opened, hours=4)
        assert_quiet(opened, desk)

    @pytest.mark.parametrize("counted", [pytest.param(1, id="and then 1"), pytest.param(0, id="and stays 0")])
    def test_a_ticket_without_a_counted_thread(self, desk, world, counted):
        world.policy = PUBLIC
        desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=0)
        world.receives(key="add")
        world.look()
        at(world, hours=2)
        desk.agent_replies(TICKET)
        desk.tickets[TICKET] = replace(desk.tickets[TICKET], threads=counted)

        at(world, hours=4)

        assert answered(world) == (ClockState.MET, NOW + timedelta(hours=2))
        assert_quiet(world, desk)

    def test_an_earlier_mail_that_a_merge_brings_in(self, desk, opened):
        at(opened, hours=2)
        merged = ConversationItem(
            ref="merged",
            at=NOW + timedelta(hours=1),
            form=ItemForm.OUTGOING,
            author=AuthorKind.AGENT,
            author_id=PERSON,
        )
        desk.merges_in(TICKET, merged)
        opened.receives(key="merged")
        opened.look()

        assert answered(opened) == (ClockState.MET, NOW + timedelta(hours=1))

    def test_a_ticket_that_was_closed_at_the_first_look_is_read_when_it_is_open_again(self, desk, world):
        world.policy = PUBLIC
        world.portal.activate(NOW - timedelta(days=1))
        desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
        world.waits(hours=1)
        desk.agent_replies(TICKET)
        desk.changes_status(TICKET, "Closed", "Closed")
        world.receives(key="closed")
        world.look()
        world.waits(hours=4)
        desk.changes_status(TICKET, "Open", "Open")
        world.receives(key="open")

        world.look()

        assert answered(world) == (ClockState.MET, NOW + timedelta(hours=1))
        assert_quiet(world, desk)


class TestBeforeABreach:
    """The conversation is read once more before a breach is raised, or told."""

    def test_a_reply_whose_event_was_lost_is_found(self, desk, opened):
        at(opened, hours=2)
        before = desk.tickets[TICKET]
        desk.agent_replies(TICKET)
        desk.tickets[TICKET] = before

        at(opened, hours=4)

        assert answered(opened) == (ClockState.MET, NOW + timedelta(hours=2))
        assert_quiet(opened, desk)

    def test_before_a_later_level_too(self, desk, opened):
        at(opened, hours=3, minutes=30)
        assert raised(opened) == [1]
        before = desk.tickets[TICKET]
        desk.agent_replies(TICKET)
        desk.tickets[TICKET] = before

        at(opened, hours=8)

        assert raised(opened) == [1]
        assert len(desk.public_comments[TICKET]) == 1

    def test_it_is_read_once_for_each_level(self, desk, opened):
        at(opened, hours=3, minutes=30)
        assert (raised(opened), desk.count("read_threads"), desk.count("read_comments")) == ([1], 1, 1)
        for number in range(3):
            opened.waits(minutes=5)
            opened.receives(key=f"touched {number}")
            opened.look()
        assert (desk.count("read_threads"), desk.count("read_comments")) == (1, 1)

        at(opened, hours=5, minutes=1)

        assert (raised(opened), desk.count("read_threads"), desk.count("read_comments")) == ([1, 2], 2, 2)

    def test_it_is_not_read_again_if_it_was_read_since_the_commitment_ran_out(self, desk, opened):
        opened._time = DUE + timedelta(minutes=1)
        opened.receives(key="mail", hint=EventHint.CONVERSATION, item=EventItem.THREAD)
        opened.receives(key="comment", hint=EventHint.CONVERSATION, item=EventItem.COMMENT)

        opened.look()

        assert raised(opened) == [1]
        assert (desk.count("read_threads"), desk.count("read_comments")) == (1, 1)

    def test_a_quiet_ticket_costs_no_reading(self, desk, opened):
        at(opened, hours=1)
        desk.agent_replies(TICKET)
        hears(opened, EventItem.THREAD, desk.threads[TICKET][-1].ref)
        at(opened, hours=2)
        desk.agent_replies(TICKET)
        hears(opened, EventItem.THREAD, desk.threads[TICKET][-1].ref)
        desk.changes_status(TICKET, "Closed", "Closed")
        opened.receives(key="closed")
        opened.look()

        at(opened, hours=40)

        assert (desk.count("read_threads"), desk.count("read_comments")) == (2, 0)

    def test_in_shadow_nothing_is_raised_and_nothing_is_read(self, desk, opened):
        opened.policy = replace(PUBLIC, tickets=replace(TICKETS, mode=Mode.SHADOW))

        at(opened, hours=9)

        assert (desk.count("read_threads"), desk.count("read_comments")) == (0, 0)

    def test_a_report_of_a_security_problem_does_not_wait_for_a_reading(self, desk, opened):
        at(opened, hours=1)
        desk.person_sets(TICKET, issue_type="security")
        opened.receives(key="typed")

        opened.look()

        assert raised(opened) != []
        assert desk.count("read_threads") == 0


class TestAStatusThatChangedUnseen:
    """On hold for two hours, while no delivery came and no look was made."""

    @pytest.fixture
    def held(self, desk, opened):
        ticket = desk.tickets[TICKET]
        desk.changes[TICKET] = [
            StatusChange(at=NOW + timedelta(hours=hour), before=before, after=after)
            for hour, before, after in ((1, "Open", "Waiting"), (3, "Waiting", "Open"))
        ]
        opened._time = NOW + timedelta(hours=3, minutes=1)
        desk.tickets[TICKET] = replace(ticket, modified_at=NOW + timedelta(hours=3), modified_by=PERSON)
        return opened

    def test_the_past_is_asked_before_a_breach_is_raised(self, desk, held):
        desk.types = {"Open": "Open", "Waiting": "On Hold"}

        held.look()

        (clock,) = [each for each in held.tickets.history(TICKET).clocks(held.now()) if each.key == "acknowledgement:1"]
        assert (clock.state, clock.paused) == (ClockState.RUNNING, timedelta(hours=2))
        assert_quiet(held, desk)

    def test_a_status_whose_type_cannot_be_learned_is_not_guessed(self, desk, held):
        desk.before["status_types"] = lambda: _refuse()

        held.look()

        (clock,) = [each for each in held.tickets.history(TICKET).clocks(held.now()) if each.key == "acknowledgement:1"]
        assert not clock.certain

    def test_a_history_that_cannot_be_read_costs_only_itself(self, desk, held):
        desk.before["read_status_changes"] = lambda: _unreadable()

        held.look()

        history = held.tickets.history(TICKET)
        assert (history.error, history.memory.clocks.in_doubt) == (None, True)
        assert answered(held)[0] is ClockState.BREACHED

    def test_a_doubt_lasts_until_the_past_was_read(self, desk, held):
        held._time = NOW + timedelta(hours=1)
        desk.tickets[TICKET] = replace(desk.tickets[TICKET], modified_at=NOW + timedelta(minutes=30))
        held.tickets.look_now([TICKET], now=held.now())
        held.look()
        assert held.tickets.history(TICKET).memory.clocks.in_doubt
        desk.types = {"Open": "Open", "Waiting": "On Hold"}

        at(held, hours=3, minutes=1)

        assert not held.tickets.history(TICKET).memory.clocks.in_doubt
        assert desk.count("read_status_changes") >= 1


def _unreadable() -> None:
    raise Unreadable("Desk answered 404 to GET /tickets/1/History")


def _refuse() -> None:
    raise PermanentError("Desk answered 403")


def test_the_memory_of_yesterday_costs_no_reading_where_nothing_is_new(desk, opened):
    """It has the counts alone."""
    history = opened.tickets.history(TICKET)
    stored = history.memory.clocks
    assert stored == ClocksMemory(
        inputs=stored.inputs, threads_counted=1, comments_counted=stored.comments_counted, left_at=NOW
    )

    at(opened, hours=2)
    opened.receives(key="touched")
    opened.look()

    assert (desk.count("read_threads"), desk.count("read_comments")) == (0, 0)
