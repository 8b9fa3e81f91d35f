"""People outside Desk are told at least once, a repeat says that it is one, and "nobody" is no answer (L6)."""

from __future__ import annotations

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
    """The process ends here."""


class Mailboxes:
    """The channels: what arrived, and how those behave that do not work."""

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
    world.hears()
    return SendNotices(
        notices=SqlNotices(world.engine, "default"),
        notifier=mailboxes,
        period=timedelta(minutes=1),
        now=world.now,
    )


@pytest.fixture
def owe(world):
    def owe(to=ADA, otherwise=(BOB, CAI), topic="escalation:1:1", line="line") -> None:
        message = Message(
            ticket_id=TICKET, topic=topic, to=to, at=world.now(), about="T1", line=line, otherwise=otherwise
        )
        with writing(world.engine) as connection:
            save(connection, "default", [message])

    return owe


def told(mailboxes) -> list[NoticeAddress]:
    return [to for to, _ in mailboxes.arrived]


def test_what_one_recipient_is_to_be_told_within_the_period_is_one_notice(sending, owe, world, mailboxes):
    owe(line="one")
    owe(topic="escalation:1:2", line="two")

    assert sending.run() == NOW + timedelta(minutes=1)
    assert mailboxes.arrived == []

    world.waits(minutes=1)
    assert sending.run() is None
    sending.run()

    [(to, text)] = mailboxes.arrived
    assert to == ADA
    assert text.startswith("one\ntwo\n")


def test_a_notice_that_may_not_have_got_through_is_sent_again_and_says_so(sending, owe, world, mailboxes):
    owe()
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
def test_a_sender_that_is_killed_loses_no_notice_and_repeats_one_at_most(sending, owe, world, mailboxes, arrived):
    owe()
    mailboxes.broken[ADA] = Killed()
    mailboxes.arrives_anyway = arrived
    world.waits(minutes=1)
    with pytest.raises(Killed):
        sending.run()
    del mailboxes.broken[ADA]

    world.waits(minutes=1)
    sending.run()
    sending.run()

    assert told(mailboxes) == [ADA] * (1 + arrived)
    assert "sent again" in mailboxes.arrived[-1][1]


def test_what_a_channel_refuses_goes_to_whoever_stands_in(sending, owe, world, mailboxes):
    owe()
    mailboxes.broken = {ADA: Refused("no such mailbox"), BOB: Refused("no such mailbox")}
    world.waits(minutes=1)

    for _ in range(3):
        sending.run()

    assert told(mailboxes) == [CAI]


def test_a_channel_that_is_away_for_too_long_counts_as_one_that_refuses(sending, owe, world, mailboxes):
    owe(otherwise=(BOB,))
    mailboxes.broken[ADA] = TemporaryError("no answer")

    for _ in range(SendLimits().attempts):
        world.waits(minutes=10)
        sending.run()
    sending.run()

    assert told(mailboxes) == [BOB]


def test_that_nobody_could_be_told_is_an_error_that_names_the_ticket(sending, owe, world, mailboxes):
    owe(otherwise=())
    mailboxes.broken[ADA] = Refused("no such mailbox")
    world.waits(minutes=1)

    with structlog.testing.capture_logs() as logs:
        sending.run()

    [said] = [line for line in logs if line["event"] == "notice.unheard"]
    assert (said["log_level"], said["ticket_id"]) == ("error", TICKET)


def test_one_run_sends_no_more_than_a_batch(sending, owe, world, mailboxes):
    for number in range(SendLimits().batch + 1):
        owe(to=NoticeAddress(NoticeChannel.CHAT, f"chat{number}"), topic="escalation:1:1")
    world.waits(minutes=1)

    sending.run()
    assert len(mailboxes.arrived) == SendLimits().batch

    sending.run()
    assert len(mailboxes.arrived) == SendLimits().batch + 1
