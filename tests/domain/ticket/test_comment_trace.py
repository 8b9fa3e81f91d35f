"""A private comment is known again by its reference, a public one by its author and its wording (L6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.ticket.comment_trace import WrittenComment
from desk_sync.domain.ticket.effect import Effect, EffectKind
from tests.support.makers import PERSON, ROBOT

TICKET = "100000000000000001"
NOTE = Effect(key="note", kind=EffectKind.DECISION, text="It is large.")
MARK = NOTE.reference(TICKET)
LEVEL_2 = Effect(
    key="step:2:public",
    kind=EffectKind.UPDATE,
    text="Request 7 has level 2. Next news: 12:00.",
    public=True,
    frame=("Request 7 has level 2. ", ""),
)
LEVEL_3 = replace(LEVEL_2, key="step:3:public", text="Request 7 has level 3.", frame=("Request 7 has level 3. ", ""))
OLD_MARK = LEVEL_2.reference(TICKET)
PUBLISHED = WrittenComment(text="Request 7  has level 2. \n Next news: 13:00.", public=True, author_id=ROBOT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(f"It is large. [{MARK}]", True, id="as we wrote it"),
        pytest.param(f"It is large. [{MARK}] I agree.", True, id="an agent added a word"),
        pytest.param("It is large.", False, id="an agent took the reference out"),
        pytest.param("It is large. [ds-000000000000]", False, id="another one"),
    ],
)
def test_a_private_comment_is_known_by_its_reference(text, found):
    trace = NOTE.trace(TICKET, {ROBOT})

    assert trace.is_of(WrittenComment(text=text, public=False, author_id=PERSON)) is found


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        pytest.param({}, True, id="as Desk has it, with news of another instant"),
        pytest.param({"author_id": PERSON}, False, id="an agent copied it"),
        pytest.param({"author_id": None}, False, id="by the partner"),
        pytest.param({"public": False}, False, id="a private copy"),
        pytest.param({"text": LEVEL_3.text}, False, id="the text of the next level"),
        pytest.param({"text": "Request 7 has level 2, and more. "}, False, id="an agent edited it"),
        pytest.param(
            {"text": f"{PUBLISHED.text} [{OLD_MARK}]", "reference": OLD_MARK}, True, id="an earlier version's"
        ),
        pytest.param({"text": f"Edited. [{OLD_MARK}]", "reference": OLD_MARK}, True, id="an earlier version's, edited"),
        pytest.param({"text": f"{PUBLISHED.text} [ds-0]", "reference": "ds-0"}, False, id="marked as another one"),
    ],
)
def test_a_public_comment_is_known_by_its_author_and_its_wording(facts, found):
    trace = LEVEL_2.trace(TICKET, {ROBOT})

    assert trace.is_of(replace(PUBLISHED, **facts)) is found
