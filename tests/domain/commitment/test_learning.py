"""How the conversation and the past statuses of a ticket become its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from desk_sync.domain.commitment.conversation import (
    AuthorKind,
    ConversationItem,
    ItemForm,
    SendingState,
    StatusRules,
)
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.learning import ConversationUpdate, HistoryBuilder, StatusChange
from tests.support.clock_scenes import REPLIES
from tests.support.makers import NOW, PERSON, ROBOT, make_ticket

CREATED = NOW - timedelta(hours=10)
STATUSES = StatusRules(waiting=frozenset({"Waiting for partner"}))
LEARNING = HistoryBuilder(
    replies=replace(REPLIES, automation_agents=frozenset({ROBOT})),
    statuses=STATUSES,
    types={"Open": "Open", "On Hold": "On Hold", "Closed": "Closed"},
)


def at(hours: float) -> datetime:
    return CREATED + timedelta(hours=hours)


def stage(hours: float, to: WorkState) -> HistoryEvent:
    return HistoryEvent(kind=HistoryEventKind.STAGE, at=at(hours), stage=to)


def change(hours: float, before: str, after: str) -> StatusChange:
    return StatusChange(at=at(hours), before=before, after=after)


def learn(update: ConversationUpdate, *events: HistoryEvent, **ticket: object) -> History:
    before = History(created_at=CREATED, events=events)
    return LEARNING.learn(before, make_ticket(**ticket), update, now=NOW)


def test_replies_of_people_become_history_and_those_of_programs_do_not():
    reply = ConversationItem(ref="1", at=at(1), form=ItemForm.OUTGOING, author=AuthorKind.AGENT, author_id=PERSON)
    robots = replace(reply, ref="2", author_id=ROBOT)

    history = learn(ConversationUpdate().with_items([reply, robots]))

    assert history.events == (HistoryEvent(kind=HistoryEventKind.REPLY, at=at(1), ref="1"),)


def test_a_reply_that_turns_out_not_to_have_been_sent_is_taken_back():
    reply = ConversationItem(ref="1", at=at(1), form=ItemForm.OUTGOING, author=AuthorKind.AGENT, author_id=PERSON)
    other = replace(reply, ref="2", at=at(2))
    before = learn(ConversationUpdate().with_items([reply, other])).events

    update = ConversationUpdate().with_items([replace(reply, sending=SendingState.FAILED), other])

    assert learn(update, *before).events == (HistoryEvent(kind=HistoryEventKind.REPLY, at=at(2), ref="2"),)


def test_a_mail_that_a_merge_brought_in_counts_at_its_own_instant():
    """It is older than what is known, and its place in the list says nothing."""
    reply = ConversationItem(ref="9", at=at(5), form=ItemForm.OUTGOING, author=AuthorKind.AGENT, author_id=PERSON)
    before = learn(ConversationUpdate().with_items([reply])).events
    merged = replace(reply, ref="3", at=at(1))

    assert [each.at for each in learn(ConversationUpdate().with_items([reply, merged]), *before).events] == [
        at(1),
        at(5),
    ]


def test_changes_of_status_become_states_from_the_instants_of_the_changes():
    update = ConversationUpdate().with_status_changes(
        [change(3, "On Hold", "Open"), change(1, "Open", "On Hold")], whole=True
    )

    assert learn(update).events == (
        stage(0, WorkState.OPEN),
        stage(1, WorkState.PAUSED),
        stage(3, WorkState.OPEN),
    )


def test_a_ticket_that_was_created_on_hold_is_paused_from_its_creation():
    update = ConversationUpdate().with_status_changes([], whole=True)

    assert learn(update, status="On Hold", status_type="On Hold").events == (stage(0, WorkState.PAUSED),)


def test_if_only_some_changes_are_read_the_time_before_them_is_left_as_it_is():
    update = ConversationUpdate().with_status_changes([change(3, "On Hold", "Open")], whole=False)

    assert learn(update).events == (stage(3, WorkState.OPEN),)


def test_a_change_that_was_not_read_is_as_old_as_the_tickets_last_change():
    history = learn(
        ConversationUpdate().with_status_changes([], whole=False),
        status="On Hold",
        status_type="On Hold",
        modified_at=at(5),
    )

    assert history.events == (stage(5, WorkState.PAUSED),)


def test_a_change_that_was_not_read_counts_from_now_at_the_latest():
    history = learn(ConversationUpdate(), status="On Hold", status_type="On Hold", modified_at=NOW + timedelta(hours=1))

    assert history.events == (stage(10, WorkState.PAUSED),)


def test_the_time_in_an_unknown_status_is_unknown_and_not_guessed():
    update = ConversationUpdate().with_status_changes(
        [change(1, "Open", "Parked"), change(3, "Parked", "Open")], whole=True
    )

    assert learn(update).unknown == ((at(1), at(3)),)


def test_a_status_that_waits_for_the_partner_is_known_by_its_name():
    update = ConversationUpdate().with_status_changes([change(1, "Open", "Waiting for partner")], whole=True)

    history = learn(update, status="Waiting for partner")

    assert history.events == (stage(0, WorkState.OPEN), stage(1, WorkState.PAUSED))
    assert history.unknown == ()


def test_what_is_known_stays_as_it_was_classified_then():
    renamed = replace(LEARNING, types={"Open": "Open", "On Hold": "Open"})
    before = History(created_at=CREATED, events=(stage(1, WorkState.PAUSED), stage(3, WorkState.OPEN)))
    update = ConversationUpdate().with_status_changes(
        [change(1, "Open", "On Hold"), change(3, "On Hold", "Open")], whole=False
    )

    assert renamed.learn(before, make_ticket(), update, now=NOW).events == before.events
