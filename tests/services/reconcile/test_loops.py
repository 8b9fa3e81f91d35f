"""Another program undoes whatever we write (L14): the loop is cut, and one comment reports it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.ticket.ticket import digest
from tests.support.makers import PERSON, POLICY, ROBOT, TICKETS, changes

BOT = "300000000000000008"
ROUNDS = 20
TICKET = "100000000000000001"
WE_SET = {"large_user": True, "severity": "S1-Critical"}
LIMIT = TICKETS.write_limit


class Bot:
    """Restores the values from before our write, each time we write; Desk reports each change."""

    def __init__(self, world, desk, agent):
        self.world, self.desk, self.agent = world, desk, agent
        self.events = 0

    def undo(self):
        """Undo our write; return True if there was one."""
        ours = self.desk.tickets[TICKET]
        if not ours.large_user:
            return False
        back = replace(ours, large_user=False, severity="S2-Moderate", modified_by=self.agent)
        self.desk.tickets[TICKET] = back
        self.report(ours, back)
        return True

    def report(self, before, after):
        self.events += 1
        self.world.receives(
            key=f"event {self.events}",
            state=digest(after),
            before=digest(before),
            changes=changes(before, after),
            actor_id=after.modified_by,
        )


@pytest.fixture
def fight(world, desk):
    """A function that runs rounds of a look and the bot's answer, and returns the number of our writes."""
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
    return [text for text in desk.comments[TICKET] if "Another program undoes what is written here" in text]


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


def test_a_person_who_restores_our_values_starts_the_count_again(world, desk, fight):
    fight(BOT)
    before, after = desk.tickets[TICKET], replace(desk.tickets[TICKET], modified_by=PERSON, **WE_SET)
    desk.tickets[TICKET] = after
    world.receives(key="a person", state=digest(after), before=digest(before), actor_id=PERSON)

    assert fight(BOT) == LIMIT
    assert len(said(desk)) == 1


def test_an_agent_who_is_not_listed_as_a_program_is_a_person_and_wins_at_once(world, desk, fight):
    """L7 comes first."""
    assert fight("300000000000000077") == 1
    assert said(desk) == []
