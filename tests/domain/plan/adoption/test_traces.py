"""A memory is behind where Desk shows more of our work than it holds, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm
from desk_sync.domain.plan.adoption.traces import is_behind, is_unexplained, writers_of
from desk_sync.domain.plan.memory import ClocksMemory, Memory, TracesMemory
from desk_sync.domain.ticket.ticket import digest
from tests.support.makers import NOW, PERSON, ROBOT, make_event, make_ticket
from tests.support.plan_scenes import observe

MINUTE = timedelta(minutes=1)
BORN = make_ticket(created_at=NOW - 60 * MINUTE, modified_at=NOW - 60 * MINUTE)
TOUCHED = replace(BORN, modified_at=NOW - MINUTE)
OURS = replace(TOUCHED, modified_by=ROBOT)
KNOWN = Memory(read_digest="d0", written_digest="d1", clocks=ClocksMemory(left_at=NOW - 30 * MINUTE))
COMMENT = ConversationItem(
    ref="1", at=NOW, form=ItemForm.COMMENT, author=AuthorKind.AGENT, author_id=ROBOT, public=False, reference="ds-1"
)


@pytest.mark.parametrize(
    ("observed", "memory", "asked_at", "behind"),
    [
        pytest.param(observe(BORN), Memory(), None, False, id="a ticket that nobody touched since its creation"),
        pytest.param(observe(make_ticket()), Memory(), None, False, id="a ticket without times"),
        pytest.param(observe(TOUCHED), Memory(), None, True, id="one that was changed before our first look"),
        pytest.param(
            observe(TOUCHED, events=[make_event(occurred_at=BORN.created_at)]),
            Memory(),
            None,
            False,
            id="its delivery came",
        ),
        pytest.param(observe(BORN, ours=[COMMENT]), Memory(), None, True, id="a comment of ours at the first look"),
        pytest.param(
            observe(TOUCHED, ours=[COMMENT], references={"ds-1"}),
            Memory(),
            None,
            False,
            id="the first look announced it, and did not come to its end",
        ),
        pytest.param(observe(BORN, ours=[COMMENT]), KNOWN, None, True, id="a comment of ours that is not known"),
        pytest.param(observe(BORN, ours=[COMMENT], references={"ds-1"}), KNOWN, None, False, id="one that is known"),
        pytest.param(
            observe(BORN, ours=[COMMENT]),
            replace(KNOWN, traces=TracesMemory(references=frozenset({"ds-1"}))),
            None,
            False,
            id="one that was adopted",
        ),
        pytest.param(observe(OURS), KNOWN, None, True, id="we wrote after the look that is remembered"),
        pytest.param(observe(TOUCHED), KNOWN, None, False, id="a person wrote last"),
        pytest.param(observe(OURS), replace(KNOWN, written_digest=digest(OURS)), None, False, id="it is as we left it"),
        pytest.param(observe(BORN), KNOWN, NOW, True, id="a person asked for it"),
        pytest.param(
            observe(BORN), replace(KNOWN, traces=TracesMemory(read_at=NOW)), NOW, False, id="and it was done since"
        ),
        pytest.param(
            observe(OURS), replace(KNOWN, traces=TracesMemory(read_at=NOW)), None, False, id="it was done at this look"
        ),
        pytest.param(
            observe(BORN), replace(KNOWN, traces=TracesMemory(again=True)), None, True, id="the account was unknown"
        ),
    ],
)
def test_a_memory_is_behind_where_desk_shows_more_of_our_work(observed, memory, asked_at, behind):
    assert is_behind(observed, memory, frozenset({ROBOT}), asked_at) is behind


@pytest.mark.parametrize(
    ("ticket", "before", "unexplained"),
    [
        pytest.param(TOUCHED, "d1", False, id="an event goes on from what we left"),
        pytest.param(TOUCHED, "d7", True, id="an event goes on from something else"),
        pytest.param(BORN, "d7", False, id="nothing was modified since"),
    ],
)
def test_a_modification_is_explained_by_an_event_that_continues_what_we_left(ticket, before, unexplained):
    observed = observe(ticket, events=[make_event(before=before)])

    assert is_unexplained(observed, KNOWN) is unexplained


@pytest.mark.parametrize(
    ("others", "writers"),
    [
        pytest.param([], {ROBOT}, id="who wrote the first comment with a reference"),
        pytest.param({ROBOT}, set(), id="not who writes other comments too"),
    ],
)
def test_our_agents_are_those_who_wrote_our_comments_first(others, writers):
    copy = replace(COMMENT, ref="2", author_id=PERSON, at=NOW + MINUTE)

    assert writers_of([copy, COMMENT], others) == writers
