"""A step of an escalation happens once, wherever the process dies; and an outage of ours lets nothing run away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.domain.agent import Agent
from desk_sync.domain.escalation_policy import Action, LadderRule
from desk_sync.domain.ladder import Rung
from desk_sync.domain.matrix import Matrix, Post
from desk_sync.domain.staff import Address, Channel, Duty, Person, Staff
from desk_sync.domain.ticket import Field
from desk_sync.services.reconcile import Outcome
from tests.support.fake_desk import Died, FakeDesk
from tests.support.makers import NOW, PERSON, POLICY, make_ticket

TICKET = "100000000000000001"
DEPARTMENT = "200000000000000001"
ADA = Person(name="ada", agent="ada@desk.example", addresses=(Address(Channel.MAIL, "ada@desk.example"),))
STAFF = Staff(people={"ada": ADA}, roles={"desk": (Duty("ada"),), "lead": (Duty("ada"),), "manager": (), "pam": ()})
ESCALATION = replace(POLICY.escalation, staff=STAFF, actions={1: Action(priority="High", assign=True)})


class Mortal(FakeDesk):
    """Lets the process die around its n-th call from now on."""

    left: int | None = None
    dies_before = True

    def dies_around(self, number: int, *, before: bool) -> None:
        self.left, self.dies_before = number, before

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        if self.left == 0 and self.dies_before:
            self.left = None
            raise Died
        answer = super()._call(name, act)
        if self.left == 0:
            self.left = None
            raise Died
        self.left = self.left - 1 if self.left else self.left
        return answer


@pytest.fixture
def desk():
    desk = Mortal(make_ticket(created_at=NOW, threads=1))
    desk.agents[ADA.agent] = Agent(agent_id=PERSON, zuid="700", active=True, departments=frozenset({DEPARTMENT}))
    return desk


@pytest.fixture
def opened(world):
    """A ticket of a large account that came in, and that nobody answers."""
    world.policy = replace(POLICY, escalation=ESCALATION)
    world.hears()
    world.look()
    return world


def raised(world, ticket_id=TICKET):
    return [step.level for step in world.tickets.history(ticket_id).memory.escalation.raised]


def steps(desk, ticket_id=TICKET):
    return [said for said in desk.comments[ticket_id] if said.startswith("Escalation level")]


def until_raised(world, level: int) -> None:
    """Look whenever a look is due, until the level is raised."""
    for _ in range(20):
        if level in raised(world):
            return
        world.waits(seconds=max((world.figures.next_look_at() - world.now()).total_seconds(), 0))
        world.look()
    raise AssertionError(f"level {level} was never raised")


def test_a_step_gives_the_ticket_to_an_agent_mentions_them_and_tells_them(opened, desk):
    until_raised(opened, 1)

    assert (desk.tickets[TICKET].assignee, desk.tickets[TICKET].priority) == (PERSON, "High")
    [said] = steps(desk)
    assert "Told: desk (zsu[@user:700]zsu)" in said
    [message] = SqlNotices(opened.engine, "default").waiting()
    assert message.to == ADA.addresses[0]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("number", range(8))
def test_wherever_the_process_dies_a_step_is_made_once(opened, desk, number, before):
    while not raised(opened):
        desk.dies_around(number, before=before)
        opened.waits(seconds=max((opened.figures.next_look_at() - opened.now()).total_seconds(), 60))
        for _ in range(2):  # the second, once the dead one's lease has run out
            try:
                opened.look()
            except Died:
                opened.waits(minutes=1)
    desk.left = None

    assert raised(opened) == [1]
    assert len(steps(desk)) == 1
    assert len(SqlNotices(opened.engine, "default").waiting()) == 1
    assert desk.tickets[TICKET].priority == "High"


def test_after_an_outage_of_three_days_level_1_is_raised_once_for_each_and_later_levels_wait_from_then(world, desk):
    world.policy = replace(POLICY, escalation=ESCALATION)
    ids = [str(int(TICKET) + number) for number in range(20)]
    for each in ids:
        desk.tickets[each] = make_ticket(ticket_id=each, created_at=NOW, threads=1)
        world.hears(key=each, ticket_id=each)
    while world.look():
        pass

    world.waits(days=3)
    while world.figures.backlog(world.now()).due:
        world.look()
    assert {tuple(raised(world, each)) for each in ids} == {(1,)}
    assert all("first seen later" in steps(desk, each)[0] for each in ids)
    assert len(SqlNotices(world.engine, "default").waiting()) == len(ids), "which one notice tells"

    world.waits(hours=1, minutes=59)
    while world.figures.backlog(world.now()).due:
        world.look()
    assert {tuple(raised(world, each)) for each in ids} == {(1,)}


class TestATagThatAsks:
    @pytest.fixture(autouse=True)
    def tagged(self, opened, desk):
        rules = replace(ESCALATION.requests, tags=frozenset({"escalate"}))
        opened.policy = replace(POLICY, escalation=replace(ESCALATION, requests=rules))
        desk.tickets[TICKET] = replace(desk.tickets[TICKET], tagged=True)

    def test_it_is_asked_for_where_there_are_tags(self, opened, desk):
        desk.tags[TICKET] = frozenset({"Escalate", "vip"})
        opened.hears(key="tag", state="tagged", changed=frozenset({Field.STATUS}), actor_id=PERSON)

        assert opened.look() == [Outcome.RECONCILED]
        assert desk.count("read_tags") == 1
        assert "R33" in str(opened.tickets.history(TICKET).decisions[-1].decision.reasons)

    def test_another_tag_asks_for_nothing(self, opened, desk):
        desk.tags[TICKET] = frozenset({"vip"})
        opened.hears(key="tag", state="tagged")
        opened.look()

        assert raised(opened) == []


def test_a_ladder_that_runs_keeps_its_waits_and_roles_when_the_matrix_is_edited(opened):
    until_raised(opened, 1)
    slower = LadderRule(rungs=(Rung(1), Rung(2, timedelta(hours=20))))
    others = Matrix(cells={"EUROPE_UK": dict.fromkeys((1, 2, 3, 4), (Post("pam"),))})
    opened.policy = replace(POLICY, version="p2", escalation=replace(ESCALATION, rules=(slower,), matrix=others))

    until_raised(opened, 2)

    first, second = opened.tickets.history(TICKET).memory.escalation.raised
    assert (second.at - first.at, second.roles) == (timedelta(hours=2), ("lead",))
