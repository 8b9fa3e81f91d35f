"""A public comment carries no mark: it is known again by its author and its words, and made once (L6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.history import HistoryEventKind
from desk_sync.domain.plan.education import REPLY
from desk_sync.domain.ticket.effect import Effect, EffectKind, reference_of
from desk_sync.domain.ticket.event import EventHint, EventItem
from desk_sync.errors import NotSent, PermanentError
from desk_sync.services.reconcile.own_agents import OwnAgents
from desk_sync.services.reconcile.reconcile import LookOutcome
from desk_sync.services.reconcile.write_comments import CommentSeries
from tests.services.conftest import World
from tests.support.fake_desk import Died, FakeDesk
from tests.support.makers import NOW, PERSON, POLICY, ROBOT, make_ticket
from tests.support.plan_scenes import PUBLIC_EDUCATION

TICKET = "100000000000000001"
TEXT = "name the customer"
OTHER_TEXTS = {language: dict.fromkeys(texts, "else") for language, texts in PUBLIC_EDUCATION.texts.items()}
OTHER_POLICY = replace(POLICY, education=replace(PUBLIC_EDUCATION, texts=OTHER_TEXTS))
NAMELESS = {"customer_primary_email": None, "evidence": (), "sender": "help@prairie.example"}


@pytest.fixture
def opened(desk: FakeDesk, world: World) -> World:
    """A ticket that gets a note for the agents, then a public reply that educates its partner."""
    world.policy = replace(POLICY, education=PUBLIC_EDUCATION)
    desk.tickets[TICKET] = make_ticket(**NAMELESS, language="en", created_at=NOW, threads=1)
    world.receives(state=None)
    return world


def die() -> None:
    raise Died


def dies_around_the_reply(desk: FakeDesk, world: World, moment: str) -> None:
    """Let the process die before or after the call that makes the public comment, the second one."""
    points = {"before": desk.before, "after": desk.after}[moment]
    desk.after["add_comment"] = lambda: points.update(add_comment=die)
    with pytest.raises(Died):
        world.look()
    world.waits(minutes=2)


def person_copies(desk: FakeDesk, text: str = TEXT) -> None:
    ref = desk.person_comments(TICKET, public=True)
    desk.edit_item(TICKET, ref, said=text.replace(" ", ""))


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda desk, world: None, id="nothing"),
        pytest.param(lambda desk, world: person_copies(desk), id="an agent copied the text"),
        pytest.param(lambda desk, world: desk.person_sets(TICKET, language="de"), id="the language was corrected"),
        pytest.param(
            lambda desk, world: setattr(world, "policy", OTHER_POLICY),
            id="the mapping has other texts",
        ),
    ],
)
def test_a_death_around_the_call_neither_loses_nor_doubles_it(
    desk: FakeDesk, opened: World, moment: str, meanwhile: Callable[[FakeDesk, World], None]
):
    dies_around_the_reply(desk, opened, moment)
    meanwhile(desk, opened)

    opened.look()

    assert desk.public_comments[TICKET] == [TEXT]


def test_one_that_an_earlier_version_marked_is_not_made_again(desk: FakeDesk, opened: World):
    dies_around_the_reply(desk, opened, "after")
    *_, reply = desk.our_items[TICKET]
    desk.our_items[TICKET][-1] = replace(reply, said=f"Edited.[{reference_of(TICKET, REPLY)}]", reference="ds-0")

    opened.look()

    assert desk.public_comments[TICKET] == [TEXT]


@pytest.mark.parametrize(
    "answer",
    [pytest.param(None, id="names nobody"), pytest.param(PermanentError("no scope"), id="is refused")],
)
def test_while_desk_does_not_say_who_we_are_one_that_may_exist_is_put_off(desk: FakeDesk, world: World, answer):
    desk.writer_shown = answer
    agents = OwnAgents(desk=desk, portal=world.portal)
    series = CommentSeries(desk=desk, own_agents=agents, ticket_id=TICKET, renew=lambda: None)
    reply = Effect(key=REPLY, kind=EffectKind.EDUCATION, text=TEXT, public=True)

    series.make(reply, may_exist=True)

    assert series.refused.keys() == {reply}
    assert desk.public_comments[TICKET] == []


def test_a_call_that_was_not_sent_is_no_answer(desk: FakeDesk, world: World):
    desk.writer_shown = NotSent("later", retry_after=timedelta(seconds=1))

    with pytest.raises(NotSent):
        OwnAgents(desk=desk, portal=world.portal).ask()


def test_its_echo_is_no_news(desk: FakeDesk, opened: World):
    opened.look()
    opened.receives(
        key="echo", hint=EventHint.CONVERSATION, item=EventItem.COMMENT, item_id="c2", actor_id=ROBOT, state=None
    )

    assert opened.look() == [LookOutcome.NOTHING_NEW]


def test_it_is_no_reply_of_a_person_and_a_persons_copy_of_it_is_one(desk: FakeDesk, opened: World):
    opened.look()
    opened.waits(minutes=1)
    ref = desk.person_comments(TICKET, public=True)
    desk.edit_item(TICKET, ref, said=TEXT.replace(" ", ""))
    opened.receives(key="copied", hint=EventHint.CONVERSATION, item=EventItem.COMMENT, item_id=ref, actor_id=PERSON)

    opened.look()

    history = opened.tickets.history(TICKET).memory.clocks.inputs.history
    assert [event.ref for event in history.events if event.kind is HistoryEventKind.REPLY] == [ref]
