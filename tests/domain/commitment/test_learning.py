"""What is asked about a ticket's past, and what is learned from the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm, ReplyRules, StatusRules
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.learning import ConversationUpdate, HistoryBuilder, StatusChange
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.plan.inquiry import InquiryTopic, topics
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.ticket import Field
from tests.support.makers import NOW, PERSON, ROBOT, make_event, make_ticket

CREATED = NOW - timedelta(hours=10)
STATUSES = StatusRules(waiting=frozenset({"Waiting for partner"}))
LEARNING = HistoryBuilder(
    replies=ReplyRules(automation_agents=frozenset({ROBOT})),
    statuses=STATUSES,
    types={"Open": "Open", "On Hold": "On Hold", "Closed": "Closed"},
)


def at(hours: float) -> datetime:
    return CREATED + timedelta(hours=hours)


def stage(hours: float, to: WorkState) -> HistoryEvent:
    return HistoryEvent(kind=HistoryEventKind.STAGE, at=at(hours), stage=to)


def known(*acts: HistoryEvent, **facts: object) -> Memory:
    """The memory of a ticket that was looked at before."""
    history = History(created_at=CREATED, acts=acts)
    return Memory(watched=ClockInputs(history=history, promise="p", circumstances=ClockBasis()), **facts)


def change(hours: float, before: str, after: str) -> StatusChange:
    return StatusChange(at=at(hours), before=before, after=after)


class TestWhatIsAsked:
    @pytest.mark.parametrize(
        ("ticket", "memory", "asked"),
        [
            pytest.param({"threads": 1}, Memory(), set(), id="a new ticket tells everything itself"),
            pytest.param({"threads": 0}, Memory(), set(), id="also one without a thread"),
            pytest.param({"threads": 2}, Memory(), {InquiryTopic.THREADS}, id="somebody wrote before we came"),
            pytest.param({"threads": 3}, known(threads_heard=3), set(), id="nothing new was written"),
            pytest.param({"threads": 4}, known(threads_heard=3), {InquiryTopic.THREADS}, id="a mail came"),
            pytest.param({"comments": 1}, known(), {InquiryTopic.COMMENTS}, id="somebody commented"),
            pytest.param({"comments": 2}, known(comments_heard=2), set(), id="our own comments are known"),
            pytest.param({"status_type": "On Hold"}, Memory(), {InquiryTopic.STATUS}, id="on hold when we came"),
            pytest.param({"status_type": "On Hold"}, known(), {InquiryTopic.STATUS}, id="put on hold"),
            pytest.param({"status_type": "On Hold"}, known(stage(1, WorkState.PAUSED)), set(), id="still on hold"),
            pytest.param({"status_type": "Closed"}, known(), {InquiryTopic.STATUS}, id="closed"),
            pytest.param(
                {"status_type": "Closed", "threads": 9, "comments": 9}, Memory(), set(), id="closed before we knew it"
            ),
            pytest.param(
                {"status": "waiting FOR partner"}, known(), {InquiryTopic.STATUS}, id="in a status that waits"
            ),
        ],
    )
    def test_only_what_the_ticket_shows_to_be_new_is_asked_for(self, ticket, memory, asked):
        assert topics(make_ticket(**ticket), memory, [], STATUSES) == asked

    def test_a_hold_that_is_over_is_asked_for_where_an_event_told_of_it(self):
        event = make_event(changed=frozenset({Field.STATUS}))

        assert topics(make_ticket(), known(), [event], STATUSES) == {InquiryTopic.STATUS}


class TestWhatIsLearned:
    def learn(self, heard: ConversationUpdate, *acts: HistoryEvent, **ticket: object) -> History:
        before = History(created_at=CREATED, acts=acts)
        return LEARNING.learn(before, make_ticket(**ticket), heard, now=NOW)

    def test_the_acts_of_people_become_history_and_those_of_programs_do_not(self):
        said = ConversationItem(ref="1", at=at(1), form=ItemForm.OUTGOING, author=AuthorKind.AGENT, author_id=PERSON)
        robots = replace(said, ref="2", author_id=ROBOT)

        history = self.learn(ConversationUpdate().saying([said, robots]))

        assert history.acts == (HistoryEvent(kind=HistoryEventKind.REPLY, at=at(1), ref="1"),)

    def test_changes_of_status_become_stages_since_when_they_were_made(self):
        heard = ConversationUpdate().changing([change(3, "On Hold", "Open"), change(1, "Open", "On Hold")], whole=True)

        assert self.learn(heard).acts == (
            stage(0, WorkState.OPEN),
            stage(1, WorkState.PAUSED),
            stage(3, WorkState.OPEN),
        )

    def test_a_ticket_that_was_created_on_hold_has_been_so_since(self):
        heard = ConversationUpdate().changing([], whole=True)

        assert self.learn(heard, status="On Hold", status_type="On Hold").acts == (stage(0, WorkState.PAUSED),)

    def test_where_only_a_part_is_told_nothing_is_said_of_the_time_before(self):
        heard = ConversationUpdate().changing([change(3, "On Hold", "Open")], whole=False)

        assert self.learn(heard).acts == (stage(3, WorkState.OPEN),)

    def test_a_change_that_nobody_told_of_is_as_old_as_the_tickets_last_change(self):
        history = self.learn(
            ConversationUpdate().changing([], whole=False), status="On Hold", status_type="On Hold", modified_at=at(5)
        )

        assert history.acts == (stage(5, WorkState.PAUSED),)

    def test_a_change_that_is_told_of_later_than_it_is_seen_counts_from_now_at_the_latest(self):
        history = self.learn(
            ConversationUpdate(), status="On Hold", status_type="On Hold", modified_at=NOW + timedelta(hours=1)
        )

        assert history.acts == (stage(10, WorkState.PAUSED),)

    def test_a_status_that_we_never_saw_is_unknown_and_not_guessed(self):
        heard = ConversationUpdate().changing([change(1, "Open", "Parked"), change(3, "Parked", "Open")], whole=True)

        assert self.learn(heard).unknown == ((at(1), at(3)),)

    def test_a_status_that_waits_for_the_partner_is_known_by_its_name(self):
        heard = ConversationUpdate().changing([change(1, "Open", "Waiting for partner")], whole=True)

        history = self.learn(heard, status="Waiting for partner")

        assert history.acts == (stage(0, WorkState.OPEN), stage(1, WorkState.PAUSED))
        assert history.unknown == ()

    def test_what_is_known_stays_as_it_was_judged_then(self):
        renamed = replace(LEARNING, types={"Open": "Open", "On Hold": "Open"})
        before = History(created_at=CREATED, acts=(stage(1, WorkState.PAUSED), stage(3, WorkState.OPEN)))
        heard = ConversationUpdate().changing([change(1, "Open", "On Hold"), change(3, "On Hold", "Open")], whole=False)

        assert renamed.learn(before, make_ticket(), heard, now=NOW).acts == before.acts
