"""A block that is no new text never decides whose ticket it is: quoted, signed, disclaimed or attached."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk_sync.adapters.mail.read import read_mail
from tests.support.mail_blocks import BELOW_NEW_TEXT, BLOCKS, CLOSED_PAGES, LANGUAGES, PAGES, PARTS, QUOTED, SENDER

HEAD = f"From: {SENDER} <help@partner.example>\nTo: partner-support@zohocorp.com\nSubject: x\nMIME-Version: 1.0\n"
PLAIN = f"{HEAD}Content-Type: text/plain; charset=utf-8\n\n"
HTML = f"{HEAD}Content-Type: text/html; charset=utf-8\n\n"
RIGHT = {
    **{words.code: f"{words.customer}: admin@right.example\n{words.product}: Zoho CRM" for words in LANGUAGES},
    "an id": "Hello, the ZOID is 76006415.",
    "the only address": "Hello, the users of admin@right.example cannot log in.",
}
UNNAMED = "Hello,\nthe workflow of our customer does not start any more. The address follows by telephone."


def mixed(text, part):
    first = f"Content-Type: text/plain; charset=utf-8\n\n{text}"
    return f"{HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n{first}\n--b\n{part}\n--b--\n"


def page(text):
    return f"<div>{text}</div>".replace("\n", "<br>")


def answer(raw):
    """Return the identifiers that act; None if none does."""
    facts = read_mail(raw)
    return (facts.customer_email, facts.zoid, facts.zgid, facts.zuid) if facts.acts else None


def test_there_are_three_hundred_blocks():
    assert len({*BLOCKS, *PAGES, *PARTS}) >= 300


@pytest.mark.parametrize("right", RIGHT)
def test_a_block_below_a_right_mail_changes_nothing(right):
    text = RIGHT[right]
    alone = answer(PLAIN + text)
    below = [
        *(f"{PLAIN}{text}\n\n{block}" for block in BLOCKS),
        *(f"{HTML}{page(text)}{block}" for block in PAGES),
        *(mixed(text, part) for part in PARTS),
    ]

    assert alone is not None
    assert [raw for raw in below if answer(raw) != alone] == []


@pytest.mark.parametrize("right", RIGHT)
def test_a_block_above_a_right_mail_never_makes_another_account_act(right):
    text = RIGHT[right]
    alone = answer(PLAIN + text)
    above = [
        *(f"{PLAIN}{block}\n\n{text}" for block in QUOTED),
        *(f"{HTML}{block}{page(text)}" for block in PAGES),
    ]

    assert [raw for raw in above if answer(raw) not in (alone, None)] == []
    assert [block for block in CLOSED_PAGES if answer(HTML + block + page(text)) != alone] == []


def test_a_mail_whose_only_evidence_is_in_a_block_never_acts():
    mails = [
        *(f"{PLAIN}{UNNAMED}\n\n{block}" for block in BLOCKS),
        *(f"{HTML}{page(UNNAMED)}{block}" for block in PAGES),
        *(mixed(UNNAMED, part) for part in PARTS),
    ]

    assert [raw for raw in mails if answer(raw) is not None] == []


@settings(max_examples=60)
@given(st.lists(st.sampled_from(BELOW_NEW_TEXT), max_size=1), st.lists(st.sampled_from(QUOTED), min_size=1, max_size=3))
def test_several_blocks_decide_no_more_than_one(signature, quoted):
    blocks = "\n\n".join((*signature, *quoted))

    assert answer(f"{PLAIN}{UNNAMED}\n\n{blocks}") is None
    assert answer(f"{PLAIN}{RIGHT['en']}\n\n{blocks}") == answer(PLAIN + RIGHT["en"])
