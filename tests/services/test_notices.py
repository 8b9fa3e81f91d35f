"""Each notice is sent at least once, a repeat is marked as one, and a message without recipient is an error (L6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from desk_sync.adapters.store.engine import writing
from desk_sync.adapters.store.notices import SqlNotices, save
from desk_sync.domain.escalation.notice import Message
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel
from desk_sync.errors import Refused, TemporaryError
from desk_sync.services.notices import SendLimits, SendNotices
from tests.support.makers import NOW

ADA, BOB, CAI = (NoticeAddress(NoticeChannel.MAIL, f"{name}@desk.example") for name in ("ada", "bob", "cai"))
TICKET = "100000000000000001"


class Killed(BaseException):
    """The process was killed here."""


class Mailboxes:
    """The channels: the notices that arrived, and the errors of the channels that do not work."""

    def __init__(self) -> None:
        self.arrived: list[tuple[NoticeAddress, str]] = []
        self.broken: dict[NoticeAddress, BaseException] = {}
        self.arrives_anyway = False

    def send(self, notice) -> None:
        error = self.broken.get(notice.to)
        if error is None or self.arrives_anyway:
            self.arrived.append((notice.to, notice.text))
        if error:
            raise error


@pytest.fixture
def mailboxes():
    return Mailboxes()


@pytest.fixture
def sending(world, mailboxes):
    world.receives()
    return SendNotices(
        notices=SqlNotices(world.engine, "default"),
        notifier=mailboxes,
        period=timedelta(minutes=1),
        now=world.now,
    )


@pytest.fixture
def save_message(world):
    def save_message(to=ADA, otherwise=(BOB, CAI), topic="escalation:1:1", line="line") -> None:
        message = Message(
            ticket_id=TICKET, topic=topic, to=to, at=world.now(), about="T1", line=line, otherwise=otherwise
        )
        with writing(world.engine) as connection:
            save(connection, "default", [message])

    return save_message


def recipients(mailboxes) -> list[NoticeAddress]:
    return [to for to, _ in mailboxes.arrived]


def test_the_messages_for_one_recipient_within_the_period_are_one_notice(sending, save_message, world, mailboxes):
    save_message(line="one")
    save_message(topic="escalation:1:2", line="two")

    assert sending.run() == NOW + timedelta(minutes=1)
    assert mailboxes.arrived == []

    world.waits(minutes=1)
    assert sending.run() is None
    sending.run()

    [(to, text)] = mailboxes.arrived
    assert to == ADA
    assert text.startswith("one\ntwo\n")


def test_a_notice_that_may_not_have_arrived_is_sent_again_and_marked_as_a_repeat(
    sending, save_message, world, mailboxes
):
    save_message()
    mailboxes.broken[ADA] = TemporaryError("no answer")
    mailboxes.arrives_anyway = True
    world.waits(minutes=1)
    sending.run()
    del mailboxes.broken[ADA]

    sending.run()
    assert len(mailboxes.arrived) == 1, "too early"
    world.waits(seconds=30)
    sending.run()

    (_, first), (_, again) = mailboxes.arrived
    assert again == f"This may have reached you before: it is sent again because no confirmation came.\n{first}"


@pytest.mark.parametrize("arrived", [True, False], ids=["after it arrived", "before it was sent"])
def test_a_killed_sender_loses_no_notice_and_repeats_at_most_one(sending, save_message, world, mailboxes, arrived):
    save_message()
    mailboxes.broken[ADA] = Killed()
    mailboxes.arrives_anyway = arrived
    world.waits(minutes=1)
    with pytest.raises(Killed):
        sending.run()
    del mailboxes.broken[ADA]

    world.waits(minutes=1)
    sending.run()
    sending.run()

    assert recipients(mailboxes) == [ADA] * (1 + arrived)
    assert "sent again" in mailboxes.arrived[-1][1]


def test_a_notice_that_a_channel_refuses_goes_to_the_next_recipient(sending, save_message, world, mailboxes):
    save_message()
    mailboxes.broken = {ADA: Refused("no such mailbox"), BOB: Refused("no such mailbox")}
    world.waits(minutes=1)

    for _ in range(3):
        sending.run()

    assert recipients(mailboxes) == [CAI]


def test_a_channel_that_is_down_for_too_long_counts_as_a_refusal(sending, save_message, world, mailboxes):
    save_message(otherwise=(BOB,))
    mailboxes.broken[ADA] = TemporaryError("no answer")

    for _ in range(SendLimits().attempts):
        world.waits(minutes=10)
        sending.run()
    sending.run()

    assert recipients(mailboxes) == [BOB]


def test_a_message_without_any_recipient_left_is_an_error_that_names_the_ticket(
    sending, save_message, world, mailboxes
):
    save_message(otherwise=())
    mailboxes.broken[ADA] = Refused("no such mailbox")
    world.waits(minutes=1)

    with structlog.testing.capture_logs() as logs:
        sending.run()

    [error] = [line for line in logs if line["event"] == "notice.undelivered"]
    assert (error["log_level"], error["ticket_id"]) == ("error", TICKET)


def test_one_run_sends_no_more_than_a_batch(sending, save_message, world, mailboxes):
    for number in range(SendLimits().batch + 1):
        save_message(to=NoticeAddress(NoticeChannel.CHAT, f"chat{number}"), topic="escalation:1:1")
    world.waits(minutes=1)

    sending.run()
    assert len(mailboxes.arrived) == SendLimits().batch

    sending.run()
    assert len(mailboxes.arrived) == SendLimits().batch + 1


def test_a_fault_of_one_channel_holds_up_no_other(sending, save_message, world, mailboxes):
    mailboxes.broken[ADA] = ZeroDivisionError("secret")
    save_message()
    save_message(to=CAI, topic="escalation:1:2")
    world.waits(minutes=1)

    with structlog.testing.capture_logs() as lines:
        sending.run()

    assert recipients(mailboxes) == [CAI]
    [line] = [line for line in lines if line["event"] == "notice.postponed"]
    assert line["error"].startswith("ZeroDivisionError in test_notices.py:")


def test_an_error_of_the_run_itself_ends_at_its_door_and_the_next_run_sends(sending, save_message, world, mailboxes):
    save_message()
    world.waits(minutes=1)
    broken = replace(sending, period=None)

    assert broken.run() is None
    sending.run()

    assert recipients(mailboxes) == [ADA]
