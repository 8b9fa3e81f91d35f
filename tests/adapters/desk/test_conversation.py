"""Who said what on a ticket and when, and what became of its status, as Desk's lists tell it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from desk_sync.adapters.desk import conversation
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm
from desk_sync.domain.commitment.learning import StatusChange

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WRITTEN = "2026-11-23T09:00:00.000Z"


def thread(**facts):
    author = {"id": "7", "type": "AGENT"}
    usual = {"id": "1", "createdTime": WRITTEN, "direction": "out", "author": author, "status": "SUCCESS"}
    return {"data": [usual | facts]}


def comment(**facts):
    commenter = {"id": "7", "type": "AGENT"}
    usual = {"id": "1", "commentedTime": WRITTEN, "isPublic": True, "commenterId": "7", "commenter": commenter}
    return {"data": [usual | facts]}


def test_a_thread_is_told_by_its_direction_and_its_author():
    said = ConversationItem(ref="1", at=AT, form=ItemForm.OUTGOING, author=AuthorKind.AGENT, author_id="7")

    assert conversation.threads(thread()) == [said]


@pytest.mark.parametrize(
    ("written", "author"),
    [
        pytest.param("END_USER", AuthorKind.PARTNER, id="as the contract has it"),
        pytest.param("Contact", AuthorKind.PARTNER, id="as the history has it"),
        pytest.param("SYSTEM", AuthorKind.OTHER, id="Desk itself"),
        pytest.param(None, AuthorKind.OTHER, id="nobody says"),
    ],
)
def test_authors_are_known_by_their_type(written, author):
    (said,) = conversation.threads(thread(author={"id": "8", "type": written}))

    assert said.author is author


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"status": "DRAFT"}, id="a draft"),
        pytest.param({"status": "FAILED"}, id="it could not be sent"),
        pytest.param({"direction": None}, id="nobody says which way"),
        pytest.param({"createdTime": "yesterday"}, id="without a time"),
        pytest.param({"id": None}, id="without an id"),
    ],
)
def test_what_was_not_sent_or_cannot_be_read_is_no_thread(facts):
    assert conversation.threads(thread(**facts)) == []


def test_a_private_thread_is_not_public():
    (said,) = conversation.threads(thread(visibility="private"))

    assert not said.public


@pytest.mark.parametrize(("written", "public"), [(True, True), ("true", True), (False, False), (None, False)])
def test_a_comment_is_public_where_desk_says_so(written, public):
    (said,) = conversation.comments(comment(isPublic=written))

    assert (said.form, said.author, said.public) == (ItemForm.COMMENT, AuthorKind.AGENT, public)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"content": "escalated<br>[ds-0123456789ab]"}, id="ours, known by its reference"),
        pytest.param({"commentedTime": None}, id="without a time"),
    ],
)
def test_what_is_ours_or_cannot_be_read_is_nobodys_comment(facts):
    assert conversation.comments(comment(**facts)) == []


def entry(**facts):
    value = {"previousValue": "Open", "updatedValue": "On Hold"}
    info = {"propertyName": "status", "propertyType": "System", "propertyValue": value}
    return {"data": [{"eventName": "TicketUpdated", "eventTime": WRITTEN, "eventInfo": [info | facts]}]}


def test_a_change_of_status_is_read_from_the_history():
    assert conversation.status_changes(entry()) == [StatusChange(at=AT, before="Open", after="On Hold")]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"propertyName": "priority"}, id="of something else"),
        pytest.param({"propertyValue": {"previousValue": None, "updatedValue": "Open"}}, id="from nothing"),
        pytest.param({"propertyValue": "Open"}, id="in another form"),
    ],
)
def test_what_is_no_change_of_status_is_passed_over(facts):
    assert conversation.status_changes(entry(**facts)) == []
