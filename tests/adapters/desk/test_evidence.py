"""Evidence in a ticket: from the sample mails as descriptions, and none from texts that only look like it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk_sync.adapters.desk import evidence
from desk_sync.adapters.desk.evidence import facts_of_threads, of_fields, of_text, of_threads
from desk_sync.adapters.desk.payload import read_ticket
from desk_sync.adapters.mail.message import parse
from desk_sync.domain.account.identity import IdentifierKind, readings
from tests.adapters.desk.portal import VOCABULARY, make_raw

MAILS = sorted((Path(__file__).parents[2] / "cases" / "intake").glob("*.txt"))
PARTNER = "help@partner.example"
NUMBERS = (IdentifierKind.ZOID, IdentifierKind.ZGID, IdentifierKind.ZUID)


def rows(evidence):
    return [(place(each), *((reading.kind.value, reading.value) for reading in each.readings)) for each in evidence]


def place(evidence):
    return f"{evidence.place}, one of several" if evidence.one_of_several else str(evidence.place)


def described(mail):
    """A ticket that Desk made of a mail: its body as the description, its writer as the address."""
    parsed = parse(mail.read_bytes())
    return read_ticket(make_raw(description=parsed.bodies[0].text, email=parsed.sender), VOCABULARY)


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_a_description_gives_the_evidence_that_was_found_by_hand(mail):
    by_hand = json.loads(mail.with_suffix(".json").read_text(encoding="utf-8"))
    evidence = [each for each in described(mail).evidence if not each.one_of_several]

    found = {kind: {each.value for each in readings(evidence) if each.kind is kind} for kind in IdentifierKind}

    assert found[IdentifierKind.EMAIL] == ({by_hand["customer_email"]} - {None})
    assert {by_hand[kind] for kind in NUMBERS} - {None} <= {each.value for each in readings(evidence)}
    assert found[IdentifierKind.DOMAIN] <= {by_hand["customer_domain"]}


@pytest.mark.parametrize(
    ("description", "found"),
    [
        pytest.param(
            "<div>Customer Email Address: <a href='mailto:Admin@Large.example'>Admin@Large.example</a></div>",
            [("template", ("email", "admin@large.example")), ("template", ("domain", "large.example"))],
            id="a template in HTML",
        ),
        pytest.param("The ZOID is 76006415.", [("label", ("zoid", "76006415"))], id="a labelled id in a text"),
        pytest.param(
            "Org ID: 76006415",
            [("label", ("zoid", "76006415"), ("zgid", "76006415"))],
            id="a label that may be either",
        ),
        pytest.param(
            "please look\n> The customer is admin@large.example",
            [("quoted text", ("email", "admin@large.example"))],
            id="quoted, so its domain is no evidence",
        ),
        pytest.param(
            "please look\n\nBegin forwarded message:\n\n> The customer is admin@large.example\n> ZUID: 76006415",
            [("forwarded mail", ("email", "admin@large.example")), ("forwarded mail", ("zuid", "76006415"))],
            id="in a mail that the partner passed on",
        ),
        pytest.param(
            "please look\n> From a@one.example and b@two.example",
            [
                ("quoted text, one of several", ("email", "a@one.example")),
                ("quoted text, one of several", ("email", "b@two.example")),
            ],
            id="several in quoted text",
        ),
        pytest.param(
            "The customer is jane@gmail.com", [("text", ("email", "jane@gmail.com"))], id="a free-mail domain is none"
        ),
        pytest.param("Write to colleague@partner.example", [], id="the partner's own domain"),
        pytest.param("Seen by support@zohocorp.com", [], id="Zoho's own address"),
        pytest.param(
            "From a@one.example and b@two.example",
            [
                ("text, one of several", ("email", "a@one.example")),
                ("text, one of several", ("email", "b@two.example")),
            ],
            id="an address among several",
        ),
        pytest.param("ZOID: 76006415 and ZOID: 76006499, user u@one.example", [], id="two ids that contradict"),
        pytest.param("Record 119514000017429001, order 76006415", [], id="a record and an order number"),
        pytest.param("1 < 2 and <b> is bold", [], id="a text that only looks like HTML"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_the_evidence_of_a_text(description, found):
    assert rows(of_text(description, sender=PARTNER)) == found


@pytest.mark.parametrize(
    ("email", "organisation", "found"),
    [
        pytest.param(
            "u@large.example",
            None,
            [("customer field", ("email", "u@large.example")), ("customer field", ("domain", "large.example"))],
            id="an address and its domain",
        ),
        pytest.param("u@gmail.com", None, [("customer field", ("email", "u@gmail.com"))], id="a free-mail address"),
        pytest.param(PARTNER, None, [("customer field", ("email", PARTNER))], id="the partner's own domain is none"),
        pytest.param(
            None,
            "76006415",
            [("organisation field", ("zoid", "76006415"), ("zgid", "76006415"), ("zuid", "76006415"))],
            id="a number without a label",
        ),
        pytest.param(
            None, "ZGID: 76006415", [("organisation field", ("zgid", "76006415"))], id="a number with a label"
        ),
        pytest.param(None, "ZOID 76006415, ZOID 76006499", [], id="two numbers of one kind"),
        pytest.param(None, "119514000017429001", [], id="a record id"),
        pytest.param(None, None, [], id="empty"),
    ],
)
def test_the_evidence_of_the_fields(email, organisation, found):
    assert rows(of_fields(email, organisation, sender=PARTNER)) == found


@pytest.mark.parametrize(
    ("contents", "found"),
    [
        pytest.param(["<p>ZOID: 76006415</p>", "thanks"], [("label", ("zoid", "76006415"))], id="the newest"),
        pytest.param(["thanks", "<p>ZOID: 76006415</p>"], [("label", ("zoid", "76006415"))], id="an older one"),
        pytest.param([], [], id="none"),
    ],
)
def test_the_evidence_of_later_threads(contents, found):
    assert rows(of_threads(contents, sender=PARTNER)) == found


LONG_PAGE = "<p>ZOID: 76006415" + "<p>x" * 50_000


@pytest.mark.parametrize(
    ("description", "unread"),
    [
        pytest.param("ZOID: 76006415", (), id="all was read"),
        pytest.param("ZOID: 76006415 " + "x" * 100_000, ("the text after 100,000 characters",), id="a long text"),
        pytest.param(
            "<p>ZOID: 76006415 " + "x" * 100_000, ("the text after 100,000 characters",), id="long text in a page"
        ),
        pytest.param("<p>ZOID: 76006415" + "<b>" * 400_000, ("the text after 1,000,000 characters",), id="a long page"),
    ],
)
def test_a_ticket_names_what_of_its_description_was_not_read(description, unread):
    ticket = read_ticket(make_raw(description=description), VOCABULARY)

    assert ticket.unread == unread
    assert [reading.value for reading in readings(ticket.evidence)] == ["76006415"]


@pytest.mark.parametrize("after", [0, 1, 3], ids=["before it begins", "at its beginning", "in the middle"])
def test_a_description_whose_time_is_over_is_left_out_and_lacks_nothing(after):
    asked = iter([False] * after + [True])
    ticket = read_ticket(make_raw(description=LONG_PAGE), VOCABULARY, lambda: next(asked))

    assert ticket.unread == ("a text (there was no time left)",)
    assert (ticket.evidence, ticket.missing, ticket.description_words) == ((), frozenset(), None)


def test_of_several_mails_those_are_left_out_for_which_no_time_is_left():
    asked = iter([False, True])
    read, left_out = facts_of_threads(["ZOID: 76006415", "ZUID: 76006499"], sender=None, is_over=lambda: next(asked))

    assert (read.zoid, read.unread) == ("76006415", ())
    assert (left_out.zuid, left_out.unread) == (None, ("a text (there was no time left)",))


def test_a_text_that_makes_the_reader_fail_is_left_out_with_the_place(monkeypatch):
    monkeypatch.setattr(evidence, "read_plain", lambda text: [][0])
    ticket = read_ticket(make_raw(description="x"), VOCABULARY)

    assert [note.startswith("a text (IndexError in test_evidence.py:") for note in ticket.unread] == [True]
