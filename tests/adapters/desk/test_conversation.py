"""The conversation of a ticket and the changes of its status, read from Desk's lists."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from desk_sync.adapters.desk import conversation
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm, SendingState
from desk_sync.domain.commitment.status_past import StatusChange
from desk_sync.domain.fingerprint import without_blanks, words_digest
from desk_sync.domain.ticket.wording import Wording
from tests.adapters.desk.portal import VOCABULARY

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


def test_a_thread_is_read_with_its_direction_and_its_author():
    item = ConversationItem(ref="1", at=AT, form=ItemForm.OUTGOING, author=AuthorKind.AGENT, author_id="7")

    assert conversation.threads(thread()) == [item]


@pytest.mark.parametrize(
    ("written", "author"),
    [
        pytest.param("END_USER", AuthorKind.PARTNER, id="as in the contract"),
        pytest.param("Contact", AuthorKind.PARTNER, id="as in the history"),
        pytest.param("SYSTEM", AuthorKind.OTHER, id="Desk itself"),
        pytest.param(None, AuthorKind.OTHER, id="no type"),
    ],
)
def test_the_kind_of_an_author_follows_from_its_type(written, author):
    (item,) = conversation.threads(thread(author={"id": "8", "type": written}))

    assert item.author is author


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"direction": None}, id="without a direction"),
        pytest.param({"createdTime": "yesterday"}, id="without a time"),
        pytest.param({"id": None}, id="without an id"),
    ],
)
def test_a_thread_that_is_unreadable_is_left_out(facts):
    assert conversation.threads(thread(**facts)) == []


@pytest.mark.parametrize(
    ("status", "sending"),
    [
        pytest.param("SUCCESS", SendingState.SENT, id="sent"),
        pytest.param("success", SendingState.SENT, id="in small letters"),
        pytest.param(None, SendingState.SENT, id="a list without statuses"),
        pytest.param("PENDING", SendingState.PENDING, id="under way"),
        pytest.param("DRAFT", SendingState.DRAFT, id="a draft"),
        pytest.param("FAILED", SendingState.FAILED, id="it could not be sent"),
        pytest.param("SCHEDULED", SendingState.PENDING, id="a status that is not known: not sent yet"),
    ],
)
def test_a_thread_has_the_progress_of_its_sending(status, sending):
    (item,) = conversation.threads(thread(status=status))

    assert item.sending is sending


def test_a_comment_has_the_instant_of_its_last_edit():
    (edited,) = conversation.comments(comment(modifiedTime="2026-11-23T11:00:00.000Z"))
    (as_written,) = conversation.comments(comment())

    assert (edited.edited_at, as_written.edited_at) == (AT.replace(hour=11), None)


def test_a_private_thread_is_not_public():
    (item,) = conversation.threads(thread(visibility="private"))

    assert not item.public


@pytest.mark.parametrize(("written", "public"), [(True, True), ("true", True), (False, False), (None, False)])
def test_a_comment_is_public_if_desk_marks_it_so(written, public):
    (item,) = conversation.comments(comment(isPublic=written))

    assert (item.form, item.author, item.public) == (ItemForm.COMMENT, AuthorKind.AGENT, public)


def test_an_unreadable_comment_is_left_out():
    assert conversation.comments(comment(commentedTime=None)) == []


@pytest.mark.parametrize(
    ("content", "reference"),
    [
        pytest.param("3 &lt; 4<br>[ds-0123456789ab]", "ds-0123456789ab", id="ours, known by its reference"),
        pytest.param("<p>3 &lt;&nbsp;4</p>", None, id="without a reference"),
    ],
)
def test_a_comment_has_our_reference_and_a_digest_of_its_words(content, reference):
    (item,) = conversation.comments(comment(content=content))

    assert (item.reference, item.words) == (reference, words_digest("3 < 4"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("3 &lt; 4<br>à &quot;5&quot;", id="as we wrote it"),
        pytest.param("<div>3&nbsp;&lt; 4</div>\n<div>à &quot;5&quot;</div>", id="with other blanks and lines"),
        pytest.param("<p>3 &#60; 4</p><p>&agrave; &#34;5&#x22;</p>", id="with other entities"),
    ],
)
def test_the_words_of_a_comment_are_the_same_however_desk_writes_them(content):
    [found] = conversation.written(comment(content=content, isPublic=True))

    assert Wording.of(['3 < 4\nà "5"']).matches(without_blanks(found.text))
    assert (found.public, found.author_id, found.reference) == (True, "7", None)


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
def test_an_entry_that_is_no_change_of_status_is_left_out(facts):
    assert conversation.status_changes(entry(**facts)) == []


LABELS = {"large user": "cf_priority_customer_large_user_account", "severity": "cf_severity", "status": "status"}


def history_entry(name, before, after, **facts):
    info = {"propertyName": name, "propertyValue": {"previousValue": before, "updatedValue": after}}
    actor = {"id": "300000000000000001", "type": "Agent"}
    usual = {"eventName": "TicketUpdated", "eventTime": "2026-11-23T09:00:00.000Z", "actor": actor, "eventInfo": [info]}
    return usual | facts


@pytest.mark.parametrize(
    ("entry", "change"),
    [
        pytest.param(history_entry("Large User", "false", "true"), ("large_user", False, True), id="a box"),
        pytest.param(
            history_entry("Severity", None, "S1-Critical"), ("severity", None, "S1-Critical"), id="a pick list"
        ),
        pytest.param(history_entry("STATUS", "Open", "Closed"), ("status", "Open", "Closed"), id="a standard field"),
        pytest.param(history_entry("Mood", "good", "bad"), None, id="a field that is not in the mapping"),
        pytest.param(history_entry("Severity", None, "S1", eventInfo="?"), None, id="an entry without properties"),
        pytest.param(history_entry("Severity", None, "S1", eventTime=None), None, id="an entry without a time"),
    ],
)
def test_a_change_in_the_history_is_read_by_its_label_as_a_ticket_has_it(entry, change):
    past = conversation.read_past([{"data": [entry]}], LABELS, VOCABULARY, whole=True)

    assert [(each.name, each.before, each.after) for each in past.changes] == [change] * (change is not None)


def test_the_past_is_oldest_first_and_names_who_edited_comments():
    edit = history_entry("", None, None, eventName="CommentUpdated", eventInfo=[], actor={"id": None})
    pages = [{"data": [edit, history_entry("Severity", "2", "3")]}, {"data": [history_entry("Severity", "1", "2")]}]

    past = conversation.read_past(pages, LABELS, VOCABULARY, whole=False)

    assert [(each.before, each.after) for each in past.changes] == [("1", "2"), ("2", "3")]
    assert ([each.by for each in past.edits], past.whole) == ([None], False)
