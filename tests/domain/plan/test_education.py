"""Education of the partner: the note, the public reply beside it, and the reply that was made too short a time ago."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.account.partner import WRITER_NOT_LOOKED_UP, Partner, TicketWriter
from desk_sync.domain.plan.education import (
    NOTE,
    REPLY,
    EducationDraft,
    EducationOccasion,
    LastEducation,
    educate,
    partner_key,
)
from desk_sync.domain.ticket.template import TemplatePart
from tests.support.makers import EDUCATION, NOW, make_ticket
from tests.support.plan_scenes import PRAIRIE, PUBLIC_EDUCATION

TICKET, OTHER = make_ticket().ticket_id, "100000000000000002"
PUBLIC_MAIL = {"sender": "ada@gmail.com", "sender_domain": None}
NAMELESS = make_ticket(customer_primary_email=None, sender="help@prairie.example", sender_domain="prairie.example")
MOMENT = timedelta(microseconds=1)
EVERY = PUBLIC_EDUCATION.every


def drafted(ticket=NAMELESS, *, made=(), nameless=True, policy=PUBLIC_EDUCATION, may_reply=True):
    """Return a draft on a ticket on which the comments with these keys were made before."""
    comments = educate(ticket, nameless=nameless, policy=policy, may_reply=may_reply)
    references = {each.reference(ticket.ticket_id) for each in comments if each.key in made}
    return EducationDraft(ticket, PRAIRIE, references, nameless, policy, may_reply)


def keys(effects):
    return [each.key for each in effects]


@pytest.mark.parametrize(
    ("facts", "nameless", "kept"),
    [
        pytest.param({}, False, [], id="nothing is missing"),
        pytest.param({}, True, [NOTE, REPLY], id="no identifier"),
        pytest.param(PUBLIC_MAIL, False, [NOTE, REPLY], id="a public mail provider's address"),
        pytest.param({"sender": "a@b.example", "sender_domain": "b.example"}, False, [], id="an own domain"),
        pytest.param({"status_type": "Closed"}, True, [], id="closed"),
        pytest.param({"in_bin": True}, True, [], id="in the bin"),
    ],
)
def test_an_open_ticket_gets_a_note_and_a_reply_if_it_gives_an_occasion(facts, nameless, kept):
    ticket = make_ticket(**facts)

    assert keys(educate(ticket, nameless=nameless, policy=PUBLIC_EDUCATION, may_reply=True)) == kept


@pytest.mark.parametrize(
    ("policy", "may_reply"),
    [pytest.param(EDUCATION, True, id="the admin wants none"), pytest.param(PUBLIC_EDUCATION, False, id="the mode")],
)
def test_there_may_be_a_note_without_a_reply(policy, may_reply):
    assert keys(drafted(policy=policy, may_reply=may_reply).finish(None, NOW).effects) == [NOTE]


def test_a_partner_is_not_asked_for_a_customer_who_may_be_in_what_could_not_be_read():
    unread = make_ticket(unread=("an encrypted text", "a part"))
    [note] = educate(unread, nameless=True, policy=PUBLIC_EDUCATION, may_reply=True)

    assert "not all of the ticket could be read: an encrypted text, a part" in note.text
    assert "names no customer" not in note.text
    writes = make_ticket(unread=("an encrypted text",), **PUBLIC_MAIL)
    assert keys(educate(writes, nameless=False, policy=PUBLIC_EDUCATION, may_reply=True)) == [NOTE, REPLY]


def test_only_the_reply_is_public():
    assert [each.public for each in drafted().finish(None, NOW).effects] == [False, True]


@pytest.mark.parametrize(
    ("facts", "nameless", "text"),
    [
        pytest.param({}, True, "name the customer", id="an unknown language"),
        pytest.param({"language": "de"}, True, "Kunde?", id="its language"),
        pytest.param({"language": "fi"}, True, "name the customer", id="a language without texts"),
        pytest.param(PUBLIC_MAIL, False, "use your domain", id="the occasion"),
        pytest.param(PUBLIC_MAIL, True, "name the customer", id="the first of two occasions"),
    ],
)
def test_the_reply_is_in_the_tickets_language_and_on_its_first_occasion(facts, nameless, text):
    _, reply = educate(make_ticket(**facts), nameless=nameless, policy=PUBLIC_EDUCATION, may_reply=True)

    assert reply.text == text


class TestTheNote:
    def note(self, **facts):
        [note] = educate(make_ticket(**facts), nameless=True, policy=EDUCATION, may_reply=True)
        return note.text

    def test_it_names_every_occasion(self):
        text = self.note(**PUBLIC_MAIL)

        assert [rule in text for rule in ("R51", "R8")] == [True, True]

    def test_a_part_that_a_field_gives_is_not_missing(self):
        missing = frozenset({TemplatePart.PRODUCT, TemplatePart.REQUEST_TYPE})
        part = f"- {TemplatePart.PRODUCT}"

        assert part in self.note(missing=missing, product=None)
        assert part not in self.note(missing=missing, product="Zoho Desk")

    @pytest.mark.parametrize(
        ("words", "missing", "named"),
        [
            pytest.param(149, frozenset(), True, id="one word too few"),
            pytest.param(150, frozenset(), False, id="long enough"),
            pytest.param(None, frozenset(), False, id="not counted"),
            pytest.param(0, frozenset({TemplatePart.DESCRIPTION}), False, id="missing, which is named instead"),
        ],
    )
    def test_a_short_description_is_named_once(self, words, missing, named):
        """R14."""
        assert ("a longer description" in self.note(description_words=words, missing=missing)) is named


@pytest.mark.parametrize(
    ("last", "replied"),
    [
        pytest.param(None, True, id="the first"),
        pytest.param(LastEducation(ticket_id=OTHER, at=NOW - EVERY + MOMENT), False, id="another ticket, just within"),
        pytest.param(LastEducation(ticket_id=OTHER, at=NOW - EVERY), True, id="another ticket, exactly that long ago"),
        pytest.param(LastEducation(ticket_id=TICKET, at=NOW), True, id="this ticket: it is the same reply"),
        pytest.param(LastEducation(ticket_id=OTHER, at=NOW + MOMENT), False, id="another ticket, by a later clock"),
    ],
)
def test_a_partner_gets_one_reply_within_the_period_and_the_agents_every_note(last, replied):
    plan = drafted().finish(last, NOW)

    assert keys(plan.effects) == [NOTE, REPLY][: 1 + replied]
    assert (plan.claim is not None) is replied


@pytest.mark.parametrize(
    ("made", "needed"),
    [
        pytest.param((), True, id="nothing was made"),
        pytest.param((NOTE,), False, id="the note, without a reply"),
        pytest.param((NOTE, REPLY), False, id="both"),
    ],
)
def test_once_the_note_was_made_the_last_education_does_not_matter(made, needed):
    assert drafted(made=made).partner_key == (partner_key(NAMELESS, PRAIRIE) if needed else None)


def test_a_reply_that_was_left_out_is_not_made_later():
    plan = drafted(made=(NOTE,)).finish(None, NOW)

    assert (keys(plan.effects), plan.claim) == ([NOTE], None)


def test_a_reply_that_may_have_been_made_is_repeated_without_a_new_claim():
    """L6: a death between its announcement and the call; the effect's reference prevents a second comment."""
    plan = drafted(made=(NOTE, REPLY)).finish(LastEducation(ticket_id=OTHER, at=NOW), NOW)

    assert (keys(plan.effects), plan.claim) == ([NOTE, REPLY], None)


@pytest.mark.parametrize(
    ("ticket", "policy", "nameless"),
    [
        pytest.param(make_ticket(), PUBLIC_EDUCATION, False, id="no occasion"),
        pytest.param(NAMELESS, EDUCATION, True, id="no public replies"),
    ],
)
def test_a_ticket_that_gets_no_reply_does_not_need_the_last_education(ticket, policy, nameless):
    assert drafted(ticket, policy=policy, nameless=nameless).partner_key is None


def test_a_claim_has_the_reply_the_partner_and_the_period():
    claim = drafted().finish(None, NOW).claim

    assert (claim.reply.key, claim.partner_key, claim.every) == (REPLY, partner_key(NAMELESS, PRAIRIE), EVERY)


class TestThePartnersKey:
    def test_it_is_the_same_for_all_tickets_and_senders_of_a_partner(self):
        one, two = make_ticket(sender="a@p.example"), make_ticket(ticket_id=OTHER, sender="b@gmail.com")
        renamed = TicketWriter(partner=replace(PRAIRIE.partner, name="PRAIRIE"))

        assert partner_key(one, PRAIRIE) == partner_key(two, renamed)
        assert partner_key(one, PRAIRIE) != partner_key(one, TicketWriter(partner=Partner(name="Else")))

    def test_senders_without_a_partner_differ_by_their_address_else_by_their_ticket(self):
        tickets = [make_ticket(ticket_id=each, sender=sender) for each in (TICKET, OTHER) for sender in (None, "a@b")]

        assert len({partner_key(each, WRITER_NOT_LOOKED_UP) for each in tickets}) == 3

    def test_it_contains_neither_name_nor_address(self):
        """L11."""
        assert "prairie" not in partner_key(NAMELESS, PRAIRIE).casefold()
        assert "@" not in partner_key(NAMELESS, WRITER_NOT_LOOKED_UP)


def test_every_occasion_has_a_text_in_the_note():
    texts = {
        next(educate(make_ticket(**facts), nameless=nameless, policy=EDUCATION, may_reply=False)).text
        for facts, nameless in (({}, True), (PUBLIC_MAIL, False))
    }

    assert len(texts) == len(EducationOccasion)
