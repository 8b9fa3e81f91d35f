"""Persons' replies, messages of the partner, and the statuses in which the work is paused (§0)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.conversation import (
    AuthorKind,
    ConversationItem,
    ItemForm,
    SendingState,
    StatusRules,
    history_event,
)
from desk_sync.domain.commitment.history import HistoryEventKind, WorkState
from tests.support.clock_scenes import MONDAY, REPLIES

PERSON, ROBOT = "1", "9"
RULES = replace(REPLIES, automation_agents=frozenset({ROBOT}))
LATER = timedelta(hours=1)


def make_item(
    form: ItemForm, author: AuthorKind = AuthorKind.AGENT, after: timedelta = LATER, **facts
) -> ConversationItem:
    return ConversationItem(
        **{"ref": "t1", "at": MONDAY + after, "form": form, "author": author, "author_id": PERSON} | facts
    )


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        pytest.param(make_item(ItemForm.OUTGOING), HistoryEventKind.REPLY, id="an agent's mail"),
        pytest.param(make_item(ItemForm.COMMENT), HistoryEventKind.REPLY, id="an agent's public comment"),
        pytest.param(make_item(ItemForm.COMMENT, public=False), None, id="a private note"),
        pytest.param(make_item(ItemForm.OUTGOING, public=False), None, id="a forwarded mail"),
        pytest.param(make_item(ItemForm.OUTGOING, sending=SendingState.DRAFT), None, id="a draft"),
        pytest.param(make_item(ItemForm.OUTGOING, sending=SendingState.PENDING), None, id="a mail under way"),
        pytest.param(make_item(ItemForm.OUTGOING, sending=SendingState.FAILED), None, id="a mail that failed"),
        pytest.param(
            make_item(ItemForm.INCOMING, AuthorKind.PARTNER, sending=SendingState.PENDING),
            None,
            id="a mail of the partner that Desk has not taken in",
        ),
        pytest.param(make_item(ItemForm.INCOMING), None, id="a mail that an agent sent in"),
        pytest.param(make_item(ItemForm.OUTGOING, author_id=ROBOT), None, id="an automation agent's mail"),
        pytest.param(make_item(ItemForm.COMMENT, author_id=ROBOT), None, id="an automation agent's comment"),
        pytest.param(make_item(ItemForm.OUTGOING, AuthorKind.OTHER), None, id="Desk's own mail"),
        pytest.param(make_item(ItemForm.COMMENT, AuthorKind.OTHER), None, id="Desk's own comment"),
        pytest.param(
            make_item(ItemForm.INCOMING, AuthorKind.PARTNER), HistoryEventKind.MESSAGE, id="the partner's mail"
        ),
        pytest.param(
            make_item(ItemForm.COMMENT, AuthorKind.PARTNER), HistoryEventKind.MESSAGE, id="the partner's comment"
        ),
        pytest.param(
            make_item(ItemForm.OUTGOING, AuthorKind.PARTNER), None, id="an outgoing mail that is not an agent's"
        ),
        pytest.param(
            make_item(ItemForm.COMMENT, AuthorKind.PARTNER, public=False), None, id="the partner's private comment"
        ),
        pytest.param(make_item(ItemForm.INCOMING, AuthorKind.OTHER), None, id="an incoming mail of Desk itself"),
    ],
)
def test_an_item_counts_by_its_author_and_its_form(item, kind):
    event = history_event(item, MONDAY, RULES)

    assert (event.kind if event else None) is kind
    assert event is None or (event.at, event.ref) == (item.at, item.ref)


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
    rules = replace(REPLIES, receipt_within=timedelta(seconds=within))
    soon = timedelta(seconds=seconds)

    assert (history_event(make_item(ItemForm.OUTGOING, after=soon), MONDAY, rules) is not None) is counts
    assert history_event(make_item(ItemForm.COMMENT, after=soon), MONDAY, rules) is not None


def test_public_comments_are_no_replies_by_setting():
    rules = replace(REPLIES, comments=False)

    assert history_event(make_item(ItemForm.COMMENT), MONDAY, rules) is None
    assert history_event(make_item(ItemForm.OUTGOING), MONDAY, rules) is not None
    assert history_event(make_item(ItemForm.COMMENT, AuthorKind.PARTNER), MONDAY, rules) is not None


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
        pytest.param("Odd", "Unknown", False, WorkState.OPEN, id="a type that Desk does not have"),
    ],
)
def test_the_status_gives_the_state_of_the_work(status, status_type, in_bin, stage):
    rules = StatusRules(waiting=frozenset({"Waiting for Partner"}))

    assert rules.stage(status, status_type, in_bin=in_bin) is stage
