"""Education of the partner: one note for the agents, one public reply if the admin wants it, and not too often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.adapters.mapping.file import load
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.plan.education import EducationOccasion
from desk_sync.domain.plan.note.note import NOTE
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.domain.ticket.template import TemplatePart
from tests.support.fake_desk import Died
from tests.support.makers import ADMIN, EDUCATION, POLICY, TICKETS, make_evidence, make_ticket

TICKET, OTHER = "100000000000000001", "100000000000000002"
TEXTS = load("partner_support").policy.education.texts
PUBLIC = replace(EDUCATION, reply=True, texts=TEXTS)
NAMELESS = {"customer_primary_email": None, "evidence": ()}
FROM_PRAIRIE = {"sender": "help@prairie.example", "sender_domain": "prairie.example"}
FROM_ANYWHERE = {"sender": "somebody@gmail.com"}


@pytest.fixture
def opened(desk, world):
    def ticket(ticket_id=TICKET, **facts):
        desk.tickets[ticket_id] = make_ticket(ticket_id=ticket_id, **facts)
        world.receives(key=f"{ticket_id}-{world.now()}", ticket_id=ticket_id, state=None)

    return ticket


@pytest.fixture
def public(world):
    world.policy = replace(POLICY, education=PUBLIC)


def comments(desk, ticket_id=TICKET):
    """Count the private comments beside the note that explains the ticket, and the public ones."""
    explaining = f"[{reference_of(ticket_id, NOTE)}]"
    beside = [text for text in desk.comments[ticket_id] if explaining not in text]
    return len(beside), len(desk.public_comments[ticket_id])


@pytest.mark.parametrize(
    ("facts", "notes"),
    [
        pytest.param(NAMELESS | FROM_PRAIRIE, 1, id="no identifier"),
        pytest.param(FROM_ANYWHERE, 1, id="a public mail provider's address"),
        pytest.param(NAMELESS | FROM_ANYWHERE, 1, id="both are one note"),
        pytest.param(FROM_PRAIRIE, 0, id="nothing is missing"),
        pytest.param(
            {"customer_primary_email": None, "evidence": (make_evidence("x@y.example"),)} | FROM_PRAIRIE,
            0,
            id="an identifier of no known account: the other note asks for it",
        ),
        pytest.param(NAMELESS | {"status_type": "Closed"}, 0, id="closed"),
        pytest.param(NAMELESS | {"in_bin": True}, 0, id="in the bin"),
    ],
)
def test_what_a_ticket_lacks_is_noted_once(desk, world, opened, facts, notes):
    opened(**facts)
    world.look()
    world.receives(key="again", state="else")
    world.look()

    assert comments(desk) == (notes, 0)


def test_the_note_names_the_missing_parts_that_no_field_gives(desk, world, opened):
    missing = frozenset({TemplatePart.SUPER_ADMIN_EMAIL, TemplatePart.REQUEST_TYPE, TemplatePart.STEPS})
    opened(**NAMELESS, request_type="UPGRADES", missing=missing, description_words=12)
    world.look()

    [note] = desk.comments[TICKET]
    assert "- the super admin's e-mail address (R12, R51)" in note
    assert "- the steps that were tried (R5, R15)" in note
    assert "12 words of 150 (R14)" in note
    assert "type of support request" not in note


def test_a_note_names_no_part_where_none_is_missing(desk, world, opened):
    opened(**FROM_ANYWHERE, description_words=150)
    world.look()

    assert "template" not in desk.comments[TICKET][0]


@pytest.mark.usefixtures("public")
class TestThePublicReply:
    def test_it_comes_once_with_the_note(self, desk, world, opened):
        opened(**NAMELESS, **FROM_PRAIRIE)
        world.look()
        world.receives(key="again", state="else")
        world.look()

        assert comments(desk) == (1, 1)

    @pytest.mark.parametrize(
        ("facts", "language", "occasion"),
        [
            pytest.param(
                NAMELESS | FROM_ANYWHERE | {"language": "pt"}, "pt", EducationOccasion.NO_IDENTIFIER, id="Portuguese"
            ),
            pytest.param(FROM_ANYWHERE | {"language": "ja"}, "ja", EducationOccasion.PUBLIC_MAIL, id="Japanese"),
            pytest.param(FROM_ANYWHERE | {"language": "fi"}, "en", EducationOccasion.PUBLIC_MAIL, id="without a text"),
            pytest.param(FROM_ANYWHERE, "en", EducationOccasion.PUBLIC_MAIL, id="an unknown language"),
        ],
    )
    def test_it_is_in_the_tickets_language(self, desk, world, opened, facts, language, occasion):
        opened(**facts)
        world.look()

        assert desk.public_comments[TICKET][0].startswith(TEXTS[language][occasion])

    @pytest.mark.parametrize(
        ("days", "replies"),
        [pytest.param(29, 0, id="within the time"), pytest.param(30, 1, id="after it")],
    )
    def test_a_partner_gets_no_second_reply_within_the_time(self, desk, world, opened, days, replies):
        opened(**NAMELESS, **FROM_PRAIRIE)
        world.look()
        world.waits(days=days)
        opened(OTHER, **NAMELESS, **FROM_PRAIRIE)
        world.look()

        assert comments(desk, OTHER) == (1, replies)

    def test_a_reply_that_was_left_out_is_not_made_later(self, desk, world, opened):
        for ticket_id in (TICKET, OTHER):
            opened(ticket_id, **NAMELESS, **FROM_PRAIRIE)
        world.look()
        world.waits(days=40)
        world.receives(key="again", ticket_id=OTHER, state="else")
        world.look()

        assert comments(desk, OTHER) == (1, 0)

    def test_people_without_a_domain_are_the_same_partner_by_desks_account(self, desk, world, opened):
        desk.partners["900"] = Partner(name="Prairie")
        for ticket_id, sender in ((TICKET, "one@gmail.com"), (OTHER, "two@gmail.com")):
            opened(ticket_id, **NAMELESS, sender=sender, partner_id="900")
        world.look()

        assert comments(desk, TICKET)[1] + comments(desk, OTHER)[1] == 1

    def test_unknown_writers_get_a_reply_each(self, desk, world, opened):
        for ticket_id, sender in ((TICKET, "one@gmail.com"), (OTHER, "two@gmail.com")):
            opened(ticket_id, **NAMELESS, sender=sender)
        world.look()

        assert comments(desk, TICKET)[1] + comments(desk, OTHER)[1] == 2

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_a_death_around_a_comment_neither_loses_nor_doubles_one(self, desk, world, opened, moment):
        """L6."""
        opened(**NAMELESS, **FROM_PRAIRIE)
        desk.dies(**{moment: "add_comment"})
        with pytest.raises(Died):
            world.look()
        world.waits(minutes=2)
        world.look()

        assert comments(desk) == (1, 1)

    @pytest.mark.parametrize(("mode", "made"), [(Mode.SHADOW, (0, 0)), (Mode.COMMENT, (1, 0)), (Mode.WRITE, (1, 1))])
    def test_only_in_the_mode_write_the_partner_gets_a_reply(self, desk, world, opened, mode, made):
        world.policy = replace(world.policy, tickets=replace(TICKETS, mode=mode))
        opened(**NAMELESS, **FROM_PRAIRIE)
        world.look()

        assert comments(desk) == made

    def test_it_holds_no_figures_and_no_addresses(self):
        for texts in TEXTS.values():
            for text in texts.values():
                assert not any(character.isdigit() for character in text)
                assert ADMIN not in text


def test_every_language_has_a_text_for_every_occasion():
    assert TEXTS.keys() == {"en", "de", "pt", "es", "fr", "ja"}
    assert all(texts.keys() == set(EducationOccasion) for texts in TEXTS.values())


def test_the_time_between_two_replies_is_a_setting(desk, world, opened):
    world.policy = replace(POLICY, education=replace(PUBLIC, every=timedelta(days=1)))
    opened(**NAMELESS, **FROM_PRAIRIE)
    world.look()
    world.waits(days=1)
    opened(OTHER, **NAMELESS, **FROM_PRAIRIE)
    world.look()

    assert comments(desk, OTHER) == (1, 1)
