"""Our private comments are known by their reference, the public ones by their author."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm
from desk_sync.domain.plan.adoption.own_comments import OwnComments
from desk_sync.domain.plan.education import REPLY
from desk_sync.domain.ticket.effect import reference_of
from tests.support.makers import NOW, PERSON, ROBOT, make_updates
from tests.support.plan_scenes import EVERYTHING, STAFFED

TICKET = "100000000000000001"
FORMER_ROBOT = "300000000000000019"
UPDATES = make_updates({"en": {2: "the lead"}}, en="Your request {ticket}: it has level {level}, {title}.")
POLICY = replace(EVERYTHING, escalation=replace(STAFFED, updates=UPDATES))
COMMENT = ConversationItem(
    ref="1", at=NOW, form=ItemForm.COMMENT, author=AuthorKind.AGENT, author_id=PERSON, said="Hello"
)
NOTE = replace(COMMENT, ref="0", author_id=FORMER_ROBOT, public=False, said=None, reference="ds-1")
UPDATE, EDUCATION_TEXT = "Yourrequest101:ithaslevel2,thelead.", "Kunde?"


def part(*comments: ConversationItem, agents: frozenset[str] = frozenset({ROBOT})):
    return OwnComments(POLICY, TICKET, agents).part(comments)


@pytest.mark.parametrize(
    ("facts", "is_ours"),
    [
        pytest.param({}, False, id="a person's"),
        pytest.param({"author_id": ROBOT}, True, id="public, by an agent of ours"),
        pytest.param({"author_id": ROBOT, "reference": "ds-1"}, True, id="public, of an earlier version"),
        pytest.param({"public": False, "said": None, "reference": "ds-1"}, True, id="private, with a reference"),
        pytest.param({"author_id": ROBOT, "public": False, "said": None}, False, id="private, without a reference"),
        pytest.param({"said": EDUCATION_TEXT}, False, id="a person's copy of a reply that educates"),
        pytest.param({"said": UPDATE}, False, id="a person's copy of an update"),
        pytest.param({"said": None, "author_id": None, "author": AuthorKind.PARTNER}, False, id="the partner's"),
    ],
)
def test_a_comment_is_ours_by_its_reference_or_by_its_author(facts, is_ours):
    found = part(replace(COMMENT, **facts))

    assert (len(found.ours), len(found.others)) == ((1, 0) if is_ours else (0, 1))


def test_an_agent_who_wrote_a_reference_first_and_nothing_else_was_ours():
    words = replace(COMMENT, author_id=FORMER_ROBOT, said=UPDATE)

    assert part(NOTE, words).ours == [NOTE, words]
    assert part(NOTE, words, replace(words, ref="2", said="Hello")).ours == [NOTE]


def test_a_persons_copy_of_a_reference_is_the_persons():
    copy = replace(COMMENT, reference="ds-1")

    assert part(NOTE, copy).others == [copy]


@pytest.mark.parametrize("said", [EDUCATION_TEXT, UPDATE])
def test_while_none_of_our_agents_is_known_the_words_have_to_do(said):
    words = replace(COMMENT, said=said)

    assert part(COMMENT, words, agents=frozenset()).ours == [words]


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        pytest.param(EDUCATION_TEXT, reference_of(TICKET, REPLY), id="a reply that educates"),
        pytest.param(UPDATE, None, id="an update: a ticket has many"),
    ],
)
def test_a_reply_that_educates_is_known_as_such_by_its_wording(said, reference):
    [found] = part(replace(COMMENT, author_id=ROBOT, said=said)).ours

    assert found.reference == reference


def test_the_authors_of_other_comments_are_named():
    assert part(NOTE, COMMENT, replace(COMMENT, author_id=None)).commenters == {PERSON}
