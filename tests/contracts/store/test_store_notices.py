"""The port NoticeStore: messages to people outside Desk, the notices that carry them, and their results."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.domain.escalation.notice import Message, gather
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel
from tests.contracts.store.steps import finish
from tests.support.makers import NOW, make_event

ADA, BOB, CAI = (NoticeAddress(NoticeChannel.MAIL, f"{name}@desk.example") for name in ("ada", "bob", "cai"))
MINUTE = timedelta(minutes=1)
TICKET = "100000000000000001"


def message(to=ADA, topic="escalation:1:1", otherwise=(BOB, CAI)) -> Message:
    return Message(ticket_id=TICKET, topic=topic, to=to, at=NOW, about="T1", line="line", otherwise=otherwise)


@pytest.fixture
def notices(engine):
    return SqlNotices(engine, "default")


@pytest.fixture
def look_with(inbox, tickets):
    """A function that records a look with messages."""

    def look_with(*messages: Message) -> None:
        inbox.record([make_event(key=f"{len(messages)}:{messages[0].topic}", ticket_id=TICKET)], now=NOW)
        finish(tickets, messages=messages)

    return look_with


def make(notices, *, now=NOW + MINUTE):
    """Make the notices whose period is over; returns them."""
    made = gather(notices.waiting(), MINUTE, now=now).notices
    notices.make(made, now=now)
    return made


def claim(notices, *, now=NOW + MINUTE):
    return notices.claim(now=now, until=now + MINUTE)


def test_a_message_of_a_look_waits_until_it_is_in_a_notice(notices, look_with):
    look_with(message(), message(BOB))

    assert notices.waiting() == [message(), message(BOB)]

    make(notices)

    assert notices.waiting() == []


def test_a_repeated_look_stores_no_message_twice(notices, look_with):
    look_with(message())
    look_with(message(), message(BOB))

    assert notices.waiting() == [message(), message(BOB)]


def test_a_notice_is_claimed_with_all_that_it_holds(notices, look_with):
    look_with(message(), message(topic="escalation:1:2"))
    [made] = make(notices)

    claimed = claim(notices)

    assert claimed.notice == made
    assert claimed.attempts == 1
    assert claim(notices) is None


def test_a_notice_whose_sender_died_is_claimed_again_as_a_repeat(notices, look_with):
    look_with(message())
    [made] = make(notices)
    claim(notices)

    again = claim(notices, now=NOW + 2 * MINUTE)

    assert (again.notice, again.attempts) == (made.again(), 2)


def test_a_lease_from_before_the_clock_was_put_back_is_void(notices, look_with):
    look_with(message())
    make(notices)
    notices.claim(now=NOW + MINUTE, until=NOW + timedelta(hours=1))

    assert claim(notices, now=NOW + MINUTE) is not None


def test_a_notice_that_was_sent_is_not_claimed_again(notices, look_with, tickets):
    look_with(message())
    make(notices)
    notices.sent(claim(notices).notice, at=NOW + MINUTE)

    assert claim(notices, now=NOW + timedelta(days=1)) is None
    [sent] = tickets.history(TICKET).sent_notices
    assert (sent.topic, sent.to, sent.state, sent.sent_at) == ("escalation:1:1", ADA, "sent", NOW + MINUTE)


def test_a_postponed_notice_is_due_again_at_its_time(notices, look_with, tickets):
    look_with(message())
    make(notices)
    notices.postpone(claim(notices).notice, due_at=NOW + 3 * MINUTE, error="no answer")

    assert claim(notices, now=NOW + 2 * MINUTE) is None
    assert claim(notices, now=NOW + 3 * MINUTE).attempts == 2
    assert tickets.history(TICKET).sent_notices[0].state == "waiting"


def test_two_processes_that_make_a_notice_of_the_same_message_make_one(notices, look_with):
    look_with(message())
    once = gather(notices.waiting(), MINUTE, now=NOW + MINUTE).notices
    look_with(message(), message(topic="escalation:1:2"))
    twice = gather(notices.waiting(), MINUTE, now=NOW + MINUTE).notices

    notices.make(once, now=NOW + MINUTE)
    notices.make(twice, now=NOW + MINUTE)

    assert claim(notices).notice == once[0]
    assert claim(notices) is None
    assert notices.waiting() == [message(topic="escalation:1:2")]


class TestRefusal:
    def test_the_next_recipient_gets_each_message_at_once(self, notices, look_with, tickets):
        look_with(message())
        make(notices)

        undelivered = notices.refuse(claim(notices).notice, at=NOW + MINUTE, error="no such mailbox")

        assert undelivered == []
        assert notices.waiting() == [message(BOB, otherwise=(CAI,))]
        assert [(each.to, each.state) for each in tickets.history(TICKET).sent_notices] == [
            (ADA, "refused"),
            (BOB, "waiting"),
        ]

    def test_a_recipient_who_has_the_message_does_not_get_it_again(self, notices, look_with):
        look_with(message(), message(BOB, otherwise=(CAI,)))
        make(notices)

        notices.refuse(claim(notices).notice, at=NOW + MINUTE, error="no such mailbox")

        assert notices.waiting() == [message(CAI, otherwise=())]

    def test_a_message_that_every_recipient_refused_is_returned(self, notices, look_with, rows):
        look_with(message(otherwise=()))
        make(notices)

        undelivered = notices.refuse(claim(notices).notice, at=NOW + MINUTE, error="no such mailbox")

        assert undelivered == [message(otherwise=())]
        assert rows("SELECT unheard FROM notices") == [{"unheard": 1}]

    def test_a_message_that_another_recipient_got_is_not_returned(self, notices, look_with):
        look_with(message(otherwise=()), message(BOB, otherwise=()))
        make(notices)
        first = claim(notices).notice
        notices.sent(claim(notices).notice, at=NOW + MINUTE)

        assert notices.refuse(first, at=NOW + MINUTE, error="no such mailbox") == []


def test_portals_are_apart(notices, look_with, engine):
    look_with(message())
    make(notices)
    other = SqlNotices(engine, "other")

    assert other.waiting() == []
    assert claim(other) is None


def test_a_message_is_as_it_was(notices, look_with):
    chat = replace(message(NoticeAddress(NoticeChannel.CHAT, "ada_cliq")), at=NOW + timedelta(microseconds=1))
    look_with(chat)

    assert notices.waiting() == [chat]
