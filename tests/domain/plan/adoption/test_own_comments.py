"""Our comments are known by their reference; without one, by who wrote them and what they say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm
from desk_sync.domain.escalation.public_update import UpdateTexts
from desk_sync.domain.fingerprint import words_digest
from desk_sync.domain.plan.adoption.own_comments import OwnComments
from tests.support.makers import NOW, PERSON, ROBOT, make_ticket
from tests.support.plan_scenes import EVERYTHING, STAFFED

UPDATES = UpdateTexts(texts={"en": "Request {ticket}: level {level}, {title}."}, titles={"en": {2: "the lead"}})
POLICY = replace(EVERYTHING, escalation=replace(STAFFED, updates=UPDATES))
COMMENT = ConversationItem(
    ref="1", at=NOW, form=ItemForm.COMMENT, author=AuthorKind.AGENT, author_id=PERSON, words=words_digest("Hello")
)


@pytest.mark.parametrize(
    ("facts", "is_ours"),
    [
        pytest.param({}, False, id="a person's"),
        pytest.param({"reference": "ds-1"}, True, id="with our reference"),
        pytest.param({"author_id": ROBOT}, True, id="public, by an agent of ours"),
        pytest.param({"author_id": ROBOT, "public": False}, False, id="private, by an agent of ours, without a mark"),
        pytest.param({"words": words_digest("Kunde?")}, True, id="with the words of an education"),
        pytest.param({"words": words_digest("Request 101: level 2,  the lead.")}, True, id="with those of an update"),
        pytest.param({"words": words_digest("Kunde?"), "author": AuthorKind.PARTNER}, False, id="the partner's"),
    ],
)
def test_a_comment_is_ours_by_its_reference_its_author_or_its_words(facts, is_ours):
    own = OwnComments(make_ticket(number="101"), POLICY, frozenset({ROBOT}))

    assert list(own.among([replace(COMMENT, **facts)])) == [replace(COMMENT, **facts)] * is_ours
