"""Our comments are known by their reference; without one, by who wrote them and what they say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm
from desk_sync.domain.plan.adoption.own_comments import OwnComments
from tests.support.makers import NOW, PERSON, ROBOT, make_updates
from tests.support.plan_scenes import EVERYTHING, STAFFED

UPDATES = make_updates({"en": {2: "the lead"}}, en="Your request {ticket}: it has level {level}, {title}.")
POLICY = replace(EVERYTHING, escalation=replace(STAFFED, updates=UPDATES))
COMMENT = ConversationItem(
    ref="1", at=NOW, form=ItemForm.COMMENT, author=AuthorKind.AGENT, author_id=PERSON, said="Hello"
)


@pytest.mark.parametrize(
    ("facts", "is_ours"),
    [
        pytest.param({}, False, id="a person's"),
        pytest.param({"reference": "ds-1"}, True, id="with our reference"),
        pytest.param({"author_id": ROBOT}, True, id="public, by an agent of ours"),
        pytest.param(
            {"author_id": ROBOT, "said": None},
            False,
            id="private, by an agent of ours, without a mark",
        ),
        pytest.param({"said": "Kunde?"}, True, id="with the words of an education"),
        pytest.param({"said": "Yourrequest101:ithaslevel2,thelead."}, True, id="with those of an update"),
        pytest.param({"said": None, "author": AuthorKind.PARTNER}, False, id="the partner's"),
    ],
)
def test_a_comment_is_ours_by_its_reference_its_author_or_its_words(facts, is_ours):
    own = OwnComments(POLICY, frozenset({ROBOT}))

    assert list(own.among([replace(COMMENT, **facts)])) == [replace(COMMENT, **facts)] * is_ours
