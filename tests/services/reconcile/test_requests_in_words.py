"""A partner asks for an escalation in words: once a note, at each look an entry for review, and no call more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.triggers import WordsEffect
from desk_sync.domain.ticket.event import EventHint, EventItem
from desk_sync.domain.ticket.written_request import DESCRIPTION, RequestKind, WrittenRequest
from tests.support.fake_desk import Died
from tests.support.makers import NOW, POLICY, make_evidence, make_ticket

TICKET = make_ticket().ticket_id
ASKED = WrittenRequest(kind=RequestKind.ESCALATION, mail=DESCRIPTION, at=NOW)
UNKNOWN = make_evidence("user@elsewhere.example")


@pytest.fixture(autouse=True)
def ticket(desk, world):
    """A ticket that names no known customer, so that the partner's mails are read for the account."""
    desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1, customer_primary_email=None)
    world.receives(state=None)


def mail_arrives(world, key):
    world.receives(key=key, hint=EventHint.CONVERSATION, item=EventItem.THREAD, item_id=key, state=None)
    world.look()


def notes(desk):
    return [each for each in desk.comments[TICKET] if "The partner asks for an escalation" in each]


def questions(world):
    asked = [question for each in world.reviews.undecided() for question in each.questions]
    return [each for each in asked if "the partner asks for an escalation" in each]


def test_a_request_in_the_description_is_noted_once_and_stays_on_the_list(desk, world):
    desk.tickets[TICKET] = replace(desk.tickets[TICKET], written_request=ASKED)

    for number in range(3):
        world.receives(key=f"again {number}", state=None)
        world.look()

    assert (len(notes(desk)), len(questions(world))) == (1, 1)
    assert world.tickets.history(TICKET).memory.escalation.state.raised == ()


def test_a_request_in_a_later_mail_is_remembered_although_the_mail_is_read_once(desk, world):
    world.look()
    desk.partner_asks(TICKET)
    mail_arrives(world, "m1")
    read = desk.count("read_contents")
    world.receives(key="later", state=None)
    world.look()

    assert (len(notes(desk)), len(questions(world))) == (1, 1)
    assert desk.count("read_contents") == read


def test_each_mail_that_asks_has_its_note(desk, world):
    for key in ("m1", "m2"):
        desk.partner_asks(TICKET)
        mail_arrives(world, key)

    assert (len(notes(desk)), len(questions(world))) == (2, 2)


def test_a_process_that_dies_at_the_note_leaves_one(desk, world):
    desk.tickets[TICKET] = replace(desk.tickets[TICKET], written_request=ASKED)

    def die():
        raise Died

    desk.after["add_comment"] = die
    with pytest.raises(Died):
        world.look()
    world.waits(minutes=5)
    world.look()

    assert len(notes(desk)) == 1


def test_a_person_who_records_the_request_answers_it(desk, world):
    desk.tickets[TICKET] = replace(desk.tickets[TICKET], written_request=ASKED)
    world.look()
    world.waits(minutes=5)
    world.receives(key="r", type="Request", hint=EventHint.REQUEST, state=None, actor_id="Ada", occurred_at=world.now())
    world.look()
    world.receives(key="again", state=None)
    world.look()

    [waiting] = world.reviews.undecided()
    assert questions(world) == []
    assert "as Ada recorded" in str(waiting.reasons)


def test_where_the_mapping_says_so_words_are_raised_by_the_rule(desk, world):
    rules = replace(POLICY.escalation.requests, words=WordsEffect.RAISE)
    world.policy = replace(POLICY, escalation=replace(POLICY.escalation, requests=rules))
    world.look()
    world.waits(minutes=5)
    desk.agent_replies(TICKET)
    mail_arrives(world, "reply")
    world.waits(hours=30)
    desk.partner_asks(TICKET)
    mail_arrives(world, "m1")

    raised = world.tickets.history(TICKET).memory.escalation.state.raised
    assert LadderCause.REQUEST in [each.because for each in raised]
    assert notes(desk) == []
