"""How the conversation and the past statuses of a ticket become its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment.conversation import (
    AuthorKind,
    ConversationItem,
    ItemForm,
    SendingState,
    StatusRules,
)
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.learning import ConversationUpdate, HistoryBuilder
from desk_sync.domain.commitment.status_past import StatusChange
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


def stage(hours: float, to: WorkState, *, assumed: bool = False) -> HistoryEvent:
    return HistoryEvent(kind=HistoryEventKind.STAGE, at=at(hours), stage=to, assumed=assumed)


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

    assert history.events == (stage(5, WorkState.PAUSED, assumed=True),)


def test_a_change_that_was_not_read_counts_from_now_at_the_latest():
    history = learn(ConversationUpdate(), status="On Hold", status_type="On Hold", modified_at=NOW + timedelta(hours=1))

    assert history.events == (stage(10, WorkState.PAUSED, assumed=True),)


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


class TestOneSecond:
    """Changes of one second are chained by before and after; the last state is the ticket's own (D2)."""

    @pytest.mark.parametrize(
        ("changes", "status", "events"),
        [
            pytest.param([(1, "Open", "On Hold"), (1, "On Hold", "Open")], "Open", "0 open, 1 open", id="and back"),
            pytest.param(
                [(1, "On Hold", "Open"), (1, "Open", "On Hold")], "Open", "0 open, 1 open", id="listed newest first"
            ),
            pytest.param(
                [(1, "Open", "On Hold"), (2, "Open", "Closed"), (2, "On Hold", "Open")],
                "Closed",
                "0 open, 1 paused, 2 solved",
                id="opened and closed",
            ),
            pytest.param(
                [(1, "Open", "On Hold"), (2, "Closed", "Open"), (2, "On Hold", "Closed")],
                "Open",
                "0 open, 1 paused, 2 open",
                id="closed and opened",
            ),
            pytest.param([(0, "Open", "On Hold")], "On Hold", "0 paused", id="in the second of the creation"),
            pytest.param([(-0.0001, "Open", "On Hold")], "On Hold", "0 paused", id="whose times Desk cuts"),
        ],
    )
    def test_only_the_state_at_its_end_counts(self, changes, status, events):
        history = learn_past(changes, status)

        assert (shown(history), history.unknown) == (events, ())

    @given(
        st.permutations(
            [(1, "Open", "On Hold"), (1, "On Hold", "Escalated"), (1, "Escalated", "Closed"), (3, "Closed", "Open")]
        )
    )
    def test_the_order_in_which_desk_lists_them_means_nothing(self, changes):
        assert shown(learn_past(changes, "Open")) == "0 open, 1 solved, 3 open"

    def test_what_was_read_in_the_middle_of_it_is_not_the_last_word(self):
        first = learn_past([(1, "Open", "On Hold")], "On Hold")

        then = learn_past([(1, "On Hold", "Open"), (1, "Open", "On Hold")], "Open", first)

        assert shown(then) == "0 open, 1 open"


class TestWhatIsNotCertain:
    """A history that contradicts itself, or the ticket, is uncertain there, and asked again (L8, D3)."""

    @pytest.mark.parametrize(
        ("changes", "status", "events", "unknown"),
        [
            pytest.param(
                [(1, "Open", "On Hold"), (3, "Open", "Closed")],
                "Closed",
                "0 open, 1 paused, 3 solved",
                (1, 3),
                id="a change is missing",
            ),
            pytest.param(
                [(1, "Open", "On Hold")],
                "Open",
                "0 open, 1 paused, 5 open assumed",
                (1, 5),
                id="it lags behind the ticket",
            ),
            pytest.param(
                [(1, "Open", "Closed"), (1, "On Hold", "Open"), (1, "On Hold", "Closed")],
                "Open",
                "",
                (0, 5),
                id="changes of one second that make no chain",
            ),
            pytest.param(
                [(1, "Open", "On Hold"), (1, "Closed", "Closed")],
                "Open",
                "",
                (0, 5),
                id="nor these, which are apart",
            ),
            pytest.param(
                [(1, "Open", "Parked"), (3, "Parked", "Open")], "Open", "0 open, 3 open", (1, 3), id="an unknown status"
            ),
            pytest.param(
                [(1, "Open", "Escalated"), (3, "Open", "Closed")],
                "Closed",
                "0 open, 1 open, 3 solved",
                None,
                id="a missing change between two open states alters nothing",
            ),
        ],
    )
    def test_it_is_said(self, changes, status, events, unknown):
        history = learn_past(changes, status)

        assert (shown(history), history.unknown) == (events, ((at(unknown[0]), at(unknown[1])),) if unknown else ())

    def test_it_is_worked_out_again_when_the_type_is_known(self):
        changes = [(1, "Open", "Parked"), (3, "Parked", "Open")]
        learnt = replace(LEARNING, types={**LEARNING.types, "Parked": "On Hold"})

        then = learn_past(changes, "Open", learn_past(changes, "Open"), builder=learnt)

        assert (shown(then), then.unknown) == ("0 open, 1 paused, 3 open", ())

    def test_it_is_worked_out_again_when_the_history_has_come_up(self):
        lagging = learn_past([(1, "Open", "On Hold")], "Open")

        then = learn_past([(1, "Open", "On Hold"), (4, "On Hold", "Open")], "Open", lagging)

        assert (shown(then), then.unknown) == ("0 open, 1 paused, 4 open", ())

    def test_what_was_known_before_stays_certain_when_its_type_is_known_no_more(self):
        changes = [(1, "Open", "Parked"), (3, "Parked", "Open")]
        learnt = replace(LEARNING, types={**LEARNING.types, "Parked": "On Hold"})

        then = learn_past(changes, "Open", learn_past(changes, "Open", builder=learnt))

        assert (shown(then), then.unknown) == ("0 open, 1 paused, 3 open", ())

    def test_a_history_that_cannot_be_read_leaves_the_time_since_the_last_look_unknown(self):
        update = replace(ConversationUpdate(), unread_since=at(2))

        history = LEARNING.learn(History(created_at=CREATED), make_ticket(modified_at=at(5)), update, now=NOW)

        assert history.unknown == ((at(2), at(5)),)

    def test_a_stay_in_the_bin_is_no_part_of_the_history_of_the_status(self):
        binned = LEARNING.learn(
            History(created_at=CREATED), make_ticket(in_bin=True, modified_at=at(2)), ConversationUpdate(), now=NOW
        )
        restored = LEARNING.learn(binned, make_ticket(modified_at=at(3)), ConversationUpdate(), now=NOW)

        then = learn_past([(1, "Escalated", "Open")], "Open", restored)

        assert shown(then) == "0 open, 1 open, 2 ended, 3 open"


@pytest.mark.parametrize(("status", "state"), [("On Hold", "paused"), ("Closed", "solved"), ("Escalated", "open")])
def test_desks_own_statuses_are_known_without_having_been_seen(status, state):
    history = learn_past(
        [(1, "Open", status), (3, status, "Open")], "Open", builder=replace(LEARNING, types={"Open": "Open"})
    )

    assert (shown(history), history.unknown) == (f"0 open, 1 {state}, 3 open", ())


def learn_past(changes, status, before=None, builder=LEARNING):
    """Return what is learnt from the whole past of the status, of a ticket that was modified in its fifth hour."""
    update = ConversationUpdate().with_status_changes([change(*each) for each in changes], whole=True)
    types = {"On Hold": "On Hold", "Closed": "Closed"}
    ticket = make_ticket(status=status, status_type=types.get(status, "Open"), modified_at=at(5))
    return builder.learn(before or History(created_at=CREATED), ticket, update, now=NOW)


def shown(history):
    """Return the states of the work, each with its hour."""
    hours = [((event.at - CREATED) / timedelta(hours=1), event) for event in history.events]
    return ", ".join(f"{hour:g} {event.stage}" + (" assumed" if event.assumed else "") for hour, event in hours)
