"""Notices: one per recipient and short period, with repeats marked as such."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from desk_sync.domain.escalation.notice import Message, gather, notice_routes
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel, StaffMember

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADA, BOB = NoticeAddress(NoticeChannel.MAIL, "ada@desk.example"), NoticeAddress(NoticeChannel.CHAT, "bob")


def message(number: int, minutes: float = 0, to: NoticeAddress = ADA) -> Message:
    return Message(
        ticket_id=f"T{number}",
        topic="escalation:acknowledgement:1:1",
        to=to,
        at=NOW + minutes * MINUTE,
        about=f"T{number}",
        line=f"line {number}",
    )


def test_ten_tickets_of_one_incident_are_one_notice_with_ten_lines():
    gathered = gather([message(number) for number in range(10)], MINUTE, now=NOW + MINUTE)

    assert [len(notice.lines) for notice in gathered.notices] == [10]
    assert gathered.notices[0].subject == "10 escalations, the first: T0"
    assert gathered.next_at is None


def test_a_notice_of_one_message_has_its_subject():
    assert gather([message(1)], MINUTE, now=NOW + MINUTE).notices[0].subject == "T1"


def test_a_notice_waits_until_its_period_is_over():
    gathered = gather([message(1), message(2, 0.5), message(3, to=BOB)], MINUTE, now=NOW + MINUTE / 2)

    assert (gathered.notices, gathered.next_at) == ((), NOW + MINUTE)


def test_each_recipient_gets_a_notice_of_its_own():
    gathered = gather([message(1), message(2, to=BOB)], MINUTE, now=NOW + MINUTE)

    assert [(notice.to, notice.lines) for notice in gathered.notices] == [(BOB, ("line 2",)), (ADA, ("line 1",))]


def test_a_message_after_the_period_is_in_another_notice():
    gathered = gather([message(1), message(2, 1), message(3, 1.5)], MINUTE, now=NOW + MINUTE)

    assert [notice.lines for notice in gathered.notices] == [("line 1",)]
    assert gathered.next_at == NOW + 2 * MINUTE


def test_the_same_messages_make_the_same_key_in_any_order():
    some = [message(1), message(2)]

    first, second = (gather(each, MINUTE, now=NOW + MINUTE).notices[0] for each in (some, some[::-1]))

    assert first == second
    assert gather([message(1)], MINUTE, now=NOW + MINUTE).notices[0].key != first.key


def test_a_repeat_has_the_same_key_and_says_that_it_is_one():
    notice = gather([message(1)], MINUTE, now=NOW + MINUTE).notices[0]

    assert notice.again().key == notice.key
    assert "This may have reached you before" in notice.again().text
    assert notice.text == f"line 1\n\n[{notice.key}]"


def test_a_refused_message_goes_to_the_next_address_that_was_not_notified():
    cai = NoticeAddress(NoticeChannel.MAIL, "cai@desk.example")
    refused = replace(message(1), otherwise=(BOB, cai))

    assert refused.redirected({ADA}) == replace(refused, to=BOB, otherwise=(cai,))
    assert refused.redirected({ADA, BOB}) == replace(refused, to=cai, otherwise=())
    assert refused.redirected({ADA, BOB, cai}) is None


def test_each_person_is_notified_at_their_first_address_and_their_others_come_before_other_people():
    ada = StaffMember(name="ada", addresses=(ADA, BOB))
    cai = StaffMember(name="cai", addresses=(NoticeAddress(NoticeChannel.CHAT, "cai"),))
    dan = StaffMember(name="dan")
    manager = StaffMember(name="eve", addresses=(NoticeAddress(NoticeChannel.CHAT, "eve"), ADA))

    assert dict(notice_routes([ada, dan, cai], [manager])) == {
        ADA: (BOB, *cai.addresses, manager.addresses[0]),
        cai.addresses[0]: (manager.addresses[0],),
    }


def test_without_messages_there_is_no_notice():
    assert gather([], MINUTE, now=NOW) == gather([], MINUTE, now=NOW + MINUTE)


def test_a_notice_of_messages_with_several_lines_sets_them_apart_and_is_brief_for_a_chat():
    linked = replace(message(1), line="Ticket 1 is late.\nIn charge: Ada.\nOpen the ticket: https://desk.example/1")
    notice = gather([linked, message(2)], MINUTE, now=NOW + MINUTE).notices[0]

    assert notice.text == f"{linked.line}\n\nline 2\n\n[{notice.key}]"
    brief = f"Ticket 1 is late.\nOpen the ticket: https://desk.example/1\nline 2\n\n[{notice.key}]"
    assert notice.brief == brief
    assert notice.again().brief.endswith(brief)
    assert notice.again().brief != brief
