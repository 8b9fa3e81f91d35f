"""What is remembered of a list of the conversation: ids, states, and the instants from which items count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm, SendingState
from desk_sync.domain.commitment.seen_items import AWAITED, REMEMBERED, SeenItems, SeenState
from tests.support.makers import NOW, PERSON

MINUTE = timedelta(minutes=1)
PENDING, DRAFT, FAILED, SENT = (
    SendingState.PENDING,
    SendingState.DRAFT,
    SendingState.FAILED,
    SendingState.SENT,
)


def reply(sending=SENT, **facts):
    usual = {"ref": "1", "at": NOW, "form": ItemForm.OUTGOING, "author": AuthorKind.AGENT, "author_id": PERSON}
    return ConversationItem(**usual | {"sending": sending} | facts)


def comment(**facts):
    return reply(form=ItemForm.COMMENT, **facts)


def seen(*items, minutes=5):
    return SeenItems().after(items, NOW + minutes * MINUTE)


@pytest.mark.parametrize(
    ("item", "state"),
    [
        pytest.param(reply(), SeenState.PUBLIC, id="a reply"),
        pytest.param(reply(public=False), SeenState.PRIVATE, id="a forwarded mail"),
        pytest.param(reply(DRAFT), SeenState.DRAFT, id="a draft"),
        pytest.param(reply(PENDING), SeenState.PENDING, id="being sent"),
        pytest.param(reply(FAILED), SeenState.FAILED, id="not delivered"),
    ],
)
def test_an_item_is_remembered_by_its_id_with_its_state(item, state):
    assert seen(item).states == {"1": state}


def test_only_the_newest_items_are_remembered():
    many = [reply(PENDING, ref=str(number), at=NOW + number * MINUTE) for number in range(REMEMBERED + 5)]

    known = seen(*many)

    assert len(known.states) == len(known.since) == REMEMBERED
    assert "4" not in known.states
    assert "5" in known.states


@pytest.mark.parametrize(
    ("before", "after", "minutes"),
    [
        pytest.param([], reply(), 0, id="never seen before: its own instant"),
        pytest.param([], comment(edited_at=NOW + MINUTE), 0, id="edited, and public at first sight"),
        pytest.param([reply()], reply(), 0, id="as it was"),
        pytest.param([reply(PENDING)], reply(), 0, id="a mail that was being sent was written then"),
        pytest.param([reply(FAILED)], reply(), 0, id="sent at the second attempt"),
        pytest.param([comment(public=False)], comment(edited_at=NOW + 9 * MINUTE), 9, id="made public by an edit"),
        pytest.param([comment(public=False)], comment(), 0, id="made public, and no edit is known"),
        pytest.param([reply(DRAFT)], reply(), 5, id="a draft cannot have been sent before it was read"),
        pytest.param([reply(DRAFT)], reply(at=NOW + 7 * MINUTE), 7, id="a draft that Desk dates by its sending"),
        pytest.param([reply(DRAFT)], reply(PENDING), 5, id="a draft that is being sent"),
        pytest.param([comment(public=False)], comment(public=False, edited_at=NOW + 9 * MINUTE), 0, id="still private"),
    ],
)
def test_an_item_counts_from_the_first_instant_at_which_it_can_have_been_read(before, after, minutes):
    assert seen(*before).dated(after).at == NOW + minutes * MINUTE


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([comment(public=False), comment(edited_at=NOW + 9 * MINUTE), comment()], id="a comment"),
        pytest.param([reply(DRAFT), reply(PENDING), reply()], id="a draft that is sent"),
    ],
)
def test_an_instant_that_was_found_stays(steps):
    known, found = SeenItems(), []
    for number, item in enumerate(steps, 1):
        found.append(known.dated(item).at)
        known = known.after([item], NOW + number * MINUTE)

    assert found[1] == found[2] == known.dated(steps[-1]).at > NOW


@pytest.mark.parametrize(
    ("ref", "settled"),
    [
        pytest.param("1", True, id="public"),
        pytest.param("2", True, id="private"),
        pytest.param("3", False, id="being sent"),
        pytest.param("4", False, id="a draft"),
        pytest.param("5", False, id="not known"),
        pytest.param(None, False, id="no id"),
    ],
)
def test_only_what_was_sent_is_settled(ref, settled):
    known = seen(reply(), reply(ref="2", public=False), reply(PENDING, ref="3"), reply(DRAFT, ref="4"))

    assert known.is_settled(ref) is settled


def test_a_list_was_read_since_an_instant_from_the_instant_of_the_reading_on():
    assert seen(minutes=5).read_since(NOW + 5 * MINUTE)
    assert not seen(minutes=5).read_since(NOW + 6 * MINUTE)
    assert not SeenItems().read_since(NOW)


class TestAReplyThatIsBeingSent:
    def test_it_is_awaited_for_a_while_and_read_again_after_pauses_that_double(self):
        known, pauses = seen(reply(PENDING), minutes=0), []
        while at := known.read_again_at:
            pauses.append((at - known.read_at) // MINUTE)
            known = known.after([reply(PENDING)], at)

        assert pauses == [1, 1, 2, 4, 8, 14]
        assert known.read_at == known.awaited_until == NOW + AWAITED

    def test_one_that_is_read_late_is_awaited_no_longer(self):
        assert seen(reply(PENDING), minutes=60).read_again_at is None

    @pytest.mark.parametrize(
        "item",
        [
            pytest.param(reply(), id="sent"),
            pytest.param(reply(DRAFT), id="a draft may stay one for days"),
            pytest.param(reply(FAILED), id="failed"),
            pytest.param(reply(PENDING, author=AuthorKind.PARTNER), id="the partner's"),
        ],
    )
    def test_nothing_else_is_awaited(self, item):
        assert (seen(item).awaited_until, seen(item).read_again_at) == (None, None)

    def test_nothing_is_awaited_before_the_first_reading(self):
        assert SeenItems().read_again_at is None

    @given(st.integers(0, 3600), st.integers(0, 3600))
    def test_however_late_the_looks_are_the_readings_are_few_and_end(self, first, late):
        known, readings = seen(reply(PENDING), minutes=first / 60), 0
        while at := known.read_again_at:
            assert known.read_at < at <= known.awaited_until
            known = known.after([reply(PENDING)], at + timedelta(seconds=late))
            readings += 1

        assert readings <= 6
