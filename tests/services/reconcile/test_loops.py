"""Another program that undoes whatever we write (L14): it is not fought, and people are told once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.ticket.ticket import Field, digest
from tests.support.makers import PERSON, POLICY, ROBOT, TICKETS

BOT = "300000000000000008"
ROUNDS = 20
TICKET = "100000000000000001"
WE_SET = {"large_user": True, "severity": "S1-Critical"}
LIMIT = TICKETS.write_limit


class Bot:
    """Puts back what stood in the ticket before us, as often as it is changed; Desk tells us of it each time."""

    def __init__(self, world, desk, agent):
        self.world, self.desk, self.agent = world, desk, agent
        self.events = 0

    def undo(self):
        """Whether there was something to undo."""
        ours = self.desk.tickets[TICKET]
        if not ours.large_user:
            return False
        back = replace(ours, large_user=False, severity="S2-Moderate", modified_by=self.agent)
        self.desk.tickets[TICKET] = back
        self.hear(ours, back)
        return True

    def hear(self, before, after):
        self.events += 1
        changed = frozenset({Field.LARGE_USER, Field.SEVERITY})
        self.world.receives(
            key=f"event {self.events}",
            state=digest(after),
            before=digest(before),
            changed=changed,
            actor_id=after.modified_by,
        )


@pytest.fixture
def fight(world, desk):
    """Rounds of a look and the bot's answer; returns how often we wrote in them."""
    tickets = replace(TICKETS, automation_agents=frozenset({ROBOT, BOT}))
    world.policy = replace(POLICY, tickets=tickets)

    def fight(agent):
        bot, before = Bot(world, desk, agent), desk.count("write_ticket")
        bot.events = len(desk.calls) * 1000
        for _ in range(ROUNDS):
            world.look()
            bot.undo()
            world.waits(seconds=10)
        return desk.count("write_ticket") - before

    world.receives(key="opened")
    return fight


def said(desk):
    return [text for text in desk.comments[TICKET] if "another program" in text]


def test_a_bot_that_undoes_every_write_is_answered_up_to_the_limit_and_reported_once(world, desk, fight):
    assert fight(BOT) == LIMIT
    assert len(said(desk)) == 1
    assert [reason.rule for reason in world.tickets.history(TICKET).decisions[-1].decision.reasons][-1] == "L14"


def test_a_loop_that_is_cut_is_quiet(world, desk, fight):
    fight(BOT)
    calls = len(desk.calls)

    world.receives(key="again", actor_id=BOT)
    world.look()

    assert desk.calls[calls:] == ["read_ticket"]
    assert world.look() == []


def test_a_person_who_agrees_with_us_opens_a_new_account_with_the_bot(world, desk, fight):
    fight(BOT)
    before, after = desk.tickets[TICKET], replace(desk.tickets[TICKET], modified_by=PERSON, **WE_SET)
    desk.tickets[TICKET] = after
    world.receives(key="a person", state=digest(after), before=digest(before), actor_id=PERSON)

    assert fight(BOT) == LIMIT
    assert len(said(desk)) == 1


def test_who_is_not_listed_as_a_program_is_a_person_and_wins_at_once(world, desk, fight):
    """L7 comes first."""
    assert fight("300000000000000077") == 1
    assert said(desk) == []
