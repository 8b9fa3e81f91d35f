"""What is a person's reply, what a message of the partner, and in which statuses the work stands still (§0)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.commitment.conversation import (
    AuthorKind,
    ConversationItem,
    ItemForm,
    ReplyRules,
    StatusRules,
    act_of,
)
from desk_sync.domain.commitment.history import HistoryEventKind, WorkState
from tests.support.clock_scenes import MONDAY

PERSON, ROBOT = "1", "9"
RULES = ReplyRules(automation_agents=frozenset({ROBOT}))
LATER = timedelta(hours=1)


def make_utterance(
    form: ItemForm, author: AuthorKind = AuthorKind.AGENT, after: timedelta = LATER, **facts
) -> ConversationItem:
    return ConversationItem(
        **{"ref": "t1", "at": MONDAY + after, "form": form, "author": author, "author_id": PERSON} | facts
    )


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param(make_utterance(ItemForm.OUTGOING), HistoryEventKind.REPLY, id="an agent's mail"),
        pytest.param(make_utterance(ItemForm.COMMENT), HistoryEventKind.REPLY, id="an agent's public comment"),
        pytest.param(make_utterance(ItemForm.COMMENT, public=False), None, id="a private note"),
        pytest.param(make_utterance(ItemForm.OUTGOING, public=False), None, id="a forwarded mail"),
        pytest.param(make_utterance(ItemForm.INCOMING), None, id="a mail that an agent sent in"),
        pytest.param(make_utterance(ItemForm.OUTGOING, author_id=ROBOT), None, id="an automation agent's mail"),
        pytest.param(make_utterance(ItemForm.COMMENT, author_id=ROBOT), None, id="an automation agent's comment"),
        pytest.param(make_utterance(ItemForm.OUTGOING, AuthorKind.OTHER), None, id="Desk's own mail"),
        pytest.param(make_utterance(ItemForm.COMMENT, AuthorKind.OTHER), None, id="Desk's own comment"),
        pytest.param(
            make_utterance(ItemForm.INCOMING, AuthorKind.PARTNER), HistoryEventKind.MESSAGE, id="the partner's mail"
        ),
        pytest.param(
            make_utterance(ItemForm.COMMENT, AuthorKind.PARTNER), HistoryEventKind.MESSAGE, id="the partner's comment"
        ),
        pytest.param(make_utterance(ItemForm.OUTGOING, AuthorKind.PARTNER), None, id="no agent's mail that went out"),
        pytest.param(make_utterance(ItemForm.COMMENT, AuthorKind.PARTNER, public=False), None, id="nothing private"),
        pytest.param(make_utterance(ItemForm.INCOMING, AuthorKind.OTHER), None, id="a mail in by nobody"),
    ],
)
def test_what_was_said_counts_by_who_said_it_how(said, kind):
    act = act_of(said, MONDAY, RULES)

    assert (act.kind if act else None) is kind
    assert act is None or (act.at, act.ref) == (said.at, said.ref)


@pytest.mark.parametrize(
    ("seconds", "within", "counts"),
    [
        pytest.param(5, 60, False, id="an automatic receipt"),
        pytest.param(60, 60, False, id="at its very end"),
        pytest.param(61, 60, True, id="a quick person"),
        pytest.param(5, 2, True, id="a shorter time, by setting"),
        pytest.param(1, 0, True, id="no receipts, by setting"),
    ],
)
def test_a_mail_so_soon_after_the_creation_is_an_automatic_receipt(seconds, within, counts):
    rules = ReplyRules(receipt_within=timedelta(seconds=within))
    soon = timedelta(seconds=seconds)

    assert (act_of(make_utterance(ItemForm.OUTGOING, after=soon), MONDAY, rules) is not None) is counts
    assert act_of(make_utterance(ItemForm.COMMENT, after=soon), MONDAY, rules) is not None


def test_public_comments_are_no_replies_by_setting():
    rules = ReplyRules(comments=False)

    assert act_of(make_utterance(ItemForm.COMMENT), MONDAY, rules) is None
    assert act_of(make_utterance(ItemForm.OUTGOING), MONDAY, rules) is not None
    assert act_of(make_utterance(ItemForm.COMMENT, AuthorKind.PARTNER), MONDAY, rules) is not None


@pytest.mark.parametrize(
    ("status", "status_type", "in_bin", "stage"),
    [
        pytest.param("Open", "Open", False, WorkState.OPEN, id="open"),
        pytest.param("Escalated", "Open", False, WorkState.OPEN, id="another open status"),
        pytest.param("On Hold", "On Hold", False, WorkState.PAUSED, id="on hold"),
        pytest.param("Zurückgestellt", "ON HOLD", False, WorkState.PAUSED, id="on hold by another name"),
        pytest.param("waiting for partner", "Open", False, WorkState.PAUSED, id="mapped as waiting"),
        pytest.param("Closed", "Closed", False, WorkState.SOLVED, id="closed"),
        pytest.param("Open", "Open", True, WorkState.ENDED, id="trashed"),
        pytest.param("Closed", "Closed", True, WorkState.ENDED, id="closed and trashed"),
        pytest.param("Odd", "Unheard of", False, WorkState.OPEN, id="a type that Desk does not have"),
    ],
)
def test_the_status_says_where_the_work_stands(status, status_type, in_bin, stage):
    rules = StatusRules(waiting=frozenset({"Waiting for Partner"}))

    assert rules.stage(status, status_type, in_bin=in_bin) is stage
