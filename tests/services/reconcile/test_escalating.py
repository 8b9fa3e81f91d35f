"""A step of an escalation happens once, wherever the process dies; after an outage no level is rushed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from random import Random
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Any

import pytest

from desk_sync.adapters.desk.limits.budget import PortalBudget
from desk_sync.adapters.mapping.file import load
from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.adapters.store.portals import SqlAllowances
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.escalation.ladder import LadderRung
from desk_sync.domain.escalation.matrix import EscalationMatrix, MatrixPost
from desk_sync.domain.escalation.policy import LevelAction
from desk_sync.domain.escalation.staff import DutyPeriod, NoticeAddress, NoticeChannel, StaffMember, StaffRoster
from desk_sync.domain.escalation.triggers import ClusterBy, ClusterRule, OverrunRule
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import TemporaryError
from desk_sync.ports.portal import CallBudget
from desk_sync.services.drain import Drain
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.support.counts import count
from tests.support.fake_budget import FakeBudget
from tests.support.fake_desk import Died, FakeDesk
from tests.support.makers import ADMIN, NOW, PERSON, POLICY, QUESTIONS, make_rule, make_ticket

TICKET = "100000000000000001"
DEPARTMENT = "200000000000000001"
ADA = StaffMember(
    name="ada", agent="ada@desk.example", addresses=(NoticeAddress(NoticeChannel.MAIL, "ada@desk.example"),)
)
STAFF = StaffRoster(
    people={"ada": ADA}, roles={"desk": (DutyPeriod("ada"),), "lead": (DutyPeriod("ada"),), "manager": (), "pam": ()}
)
ESCALATION = replace(POLICY.escalation, staff=STAFF, actions={1: LevelAction(priority="High", assign=True)})


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
    desk.agents[ADA.agent] = DeskAgent(agent_id=PERSON, zuid="700", active=True, departments=frozenset({DEPARTMENT}))
    return desk


@pytest.fixture
def opened(world):
    """A new ticket of a large account, without an answer."""
    world.policy = replace(POLICY, escalation=ESCALATION)
    world.receives()
    world.look()
    return world


def raised(world, ticket_id=TICKET):
    return [step.level for step in world.tickets.history(ticket_id).memory.escalation.state.raised]


def levels_by_ladder(world, ticket_id) -> list[list[int]]:
    """Return the levels of each ladder: a later breach begins another one, once a ladder has raised its last level."""
    steps_made = world.tickets.history(ticket_id).memory.escalation.state.raised
    ladders = dict.fromkeys(step.ladder for step in steps_made)
    return [[step.level for step in steps_made if step.ladder == ladder] for ladder in ladders]


def steps(desk, ticket_id=TICKET):
    return [said for said in desk.comments[ticket_id] if said.startswith("Escalation level")]


def until_raised(world, level: int) -> None:
    """Look whenever a look is due, until the level is raised."""
    for _ in range(20):
        if level in raised(world):
            return
        world.waits(seconds=max((world.metrics.next_look_at() - world.now()).total_seconds(), 0))
        world.look()
    raise AssertionError(f"level {level} was never raised")


def test_a_step_assigns_the_ticket_mentions_the_agent_and_notifies_them(opened, desk):
    until_raised(opened, 1)

    assert (desk.tickets[TICKET].assignee, desk.tickets[TICKET].priority) == (PERSON, "High")
    [said] = steps(desk)
    assert "In charge: ada (desk).\nA notice goes to ada by mail.\nDesk notifies zsu[@user:700]zsu." in said
    [message] = SqlNotices(opened.engine, "default").waiting()
    assert message.to == ADA.addresses[0]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("number", range(8))
def test_wherever_the_process_dies_a_step_is_made_once(opened, desk, number, before):
    while not raised(opened):
        desk.dies_around(number, before=before)
        opened.waits(seconds=max((opened.metrics.next_look_at() - opened.now()).total_seconds(), 60))
        for _ in range(2):  # the second after the first one's lease has expired
            try:
                opened.look()
            except Died:
                opened.waits(minutes=1)
    desk.left = None

    assert raised(opened) == [1]
    assert len(steps(desk)) == 1
    assert len(SqlNotices(opened.engine, "default").waiting()) == 1
    assert desk.tickets[TICKET].priority == "High"


@pytest.mark.crowd
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Your request {ticket} has level {level}. {late} {news}", id="each level has words of its own"),
        pytest.param("We work on your request {ticket}. {late} {news}", id="only the next news differ"),
    ],
)
def test_however_often_the_process_dies_every_step_is_made_once(world, desk, text):
    updates = replace(load("partner_support").policy.escalation.updates, texts={"en": text})
    world.policy = replace(POLICY, escalation=replace(ESCALATION, updates=updates))
    random, ids, deaths = Random(1), [], 0
    while deaths < count(40, 200):
        if random.random() < 0.2:
            ids.append(f"{len(ids) + 1:018d}")
            desk.tickets[ids[-1]] = make_ticket(ticket_id=ids[-1], created_at=world.now(), threads=1)
            world.receives(key=ids[-1], ticket_id=ids[-1])
        desk.dies_around(random.randrange(10), before=random.random() < 0.5)
        world.waits(minutes=random.choice((1, 30)))
        try:
            world.look()
        except Died:
            deaths += 1
    desk.left = None
    world.waits(minutes=1)
    world.tickets.look_now(ids, now=world.now())  # also those that were parked after too many deaths
    while world.look():
        pass

    waiting = [message.ticket_id for message in SqlNotices(world.engine, "default").waiting()]
    for each in ids:
        levels = raised(world, each)
        for of_ladder in levels_by_ladder(world, each):
            assert of_ladder == sorted(set(of_ladder)), "each level once, in order"
        assert len(steps(desk, each)) == len(desk.public_comments[each]) == len(levels)
        assert waiting.count(each) == sum(level in (1, 2) for level in levels), "Ada has two of the roles"
    assert sum(len(raised(world, each)) for each in ids) > len(ids)


def test_a_comment_that_desk_took_without_an_answer_is_not_made_again(opened, desk):
    def no_answer() -> None:
        raise TemporaryError("no answer within 20 s")

    while opened.metrics.next_look_at() < NOW + timedelta(hours=3):
        opened.waits(seconds=(opened.metrics.next_look_at() - opened.now()).total_seconds())
        opened.look()
    desk.after["add_comment"] = no_answer
    until_raised(opened, 1)
    opened.waits(seconds=30)
    opened.look()

    assert len(steps(desk)) == 1
    assert desk.count("has_comment") > 0


@pytest.mark.crowd
@pytest.mark.timeout(1200)
def test_after_an_outage_of_three_days_level_1_is_raised_once_for_each_and_later_levels_wait_from_then(world, desk):
    world.policy = replace(POLICY, escalation=ESCALATION)
    ids = [str(int(TICKET) + number) for number in range(count(60, 500))]
    for each in ids:
        desk.tickets[each] = make_ticket(ticket_id=each, created_at=NOW, threads=1)
        world.receives(key=each, ticket_id=each)
    while world.look():
        pass

    world.waits(days=3)
    while world.metrics.backlog(world.now()).due:
        world.look()
    assert {tuple(raised(world, each)) for each in ids} == {(1,)}
    assert all("It was noticed only now" in steps(desk, each)[0] for each in ids)
    assert len(SqlNotices(world.engine, "default").waiting()) == len(ids), "all in one notice"

    world.waits(hours=1, minutes=59)
    while world.metrics.backlog(world.now()).due:
        world.look()
    assert {tuple(raised(world, each)) for each in ids} == {(1,)}


@pytest.mark.crowd
@pytest.mark.timeout(1200)
def test_old_tickets_that_come_in_together_raise_nothing(world, desk):
    """A backfill, or the first activation."""
    world.policy = replace(POLICY, escalation=ESCALATION)
    world.portal.activate(NOW)
    ids = [str(int(TICKET) + number) for number in range(count(60, 500))]
    for each in ids:
        desk.tickets[each] = make_ticket(ticket_id=each, created_at=NOW - timedelta(days=9), threads=1)
        world.receives(key=each, ticket_id=each)
    while world.look():
        pass
    world.waits(days=1)
    while world.look():
        pass

    assert {tuple(raised(world, each)) for each in ids} == {()}
    assert not any(steps(desk, each) for each in ids)
    assert SqlNotices(world.engine, "default").waiting() == []


class TestATagThatRequestsAnEscalation:
    @pytest.fixture(autouse=True)
    def tagged(self, opened, desk):
        rules = replace(ESCALATION.requests, tags=frozenset({"escalate"}))
        opened.policy = replace(POLICY, escalation=replace(ESCALATION, requests=rules))
        desk.tickets[TICKET] = replace(desk.tickets[TICKET], tagged=True)

    def test_the_tags_of_a_tagged_ticket_are_read(self, opened, desk):
        desk.tags[TICKET] = frozenset({"Escalate", "vip"})
        opened.receives(key="tag", state="tagged", changed=frozenset({Field.STATUS}), actor_id=PERSON)

        assert opened.look() == [LookOutcome.RECONCILED]
        assert desk.count("read_tags") == 1
        assert "R33" in str(opened.tickets.history(TICKET).decisions[-1].decision.reasons)

    def test_another_tag_requests_nothing(self, opened, desk):
        desk.tags[TICKET] = frozenset({"vip"})
        opened.receives(key="tag", state="tagged")
        opened.look()

        assert raised(opened) == []


def test_a_request_without_an_actor_is_the_partners(opened, desk):
    desk.tickets[TICKET] = replace(desk.tickets[TICKET], escalation_request=True)
    opened.receives(key="asked", state="asked", changed=frozenset({Field.ESCALATION_REQUEST}), actor_id=None)
    opened.look()

    assert "the partner asked for an escalation" in str(opened.tickets.history(TICKET).decisions[-1].decision.reasons)


def test_an_outage_that_lasts_longer_than_its_window_is_raised_by_the_time_of_its_clocks(opened, desk):
    rule = OverrunRule(issue_types=frozenset({"outage"}), window=timedelta(minutes=30))
    opened.policy = replace(POLICY, escalation=replace(ESCALATION, overrun=rule))
    desk.tickets[TICKET] = replace(desk.tickets[TICKET], issue_type="outage")
    opened.receives(key="outage", state="outage")
    opened.look()

    until_raised(opened, 1)

    assert opened.now() == NOW + timedelta(minutes=30)


def test_a_level_without_agents_gives_the_ticket_to_its_team(opened, desk):
    crew = replace(STAFF, people={"ada": StaffMember(name="ada", team="600", addresses=ADA.addresses)})
    opened.policy = replace(POLICY, escalation=replace(ESCALATION, staff=crew))

    until_raised(opened, 1)

    assert (desk.tickets[TICKET].team, desk.tickets[TICKET].assignee) == ("600", None)


def test_a_ladder_that_runs_keeps_its_waits_and_roles_when_the_matrix_is_edited(opened):
    until_raised(opened, 1)
    slower = make_rule(LadderRung(1), LadderRung(2, timedelta(hours=20)))
    others = EscalationMatrix(cells={"EUROPE_UK": dict.fromkeys((1, 2, 3, 4), (MatrixPost("pam"),))})
    opened.policy = replace(POLICY, version="p2", escalation=replace(ESCALATION, rules=(slower,), matrix=others))

    until_raised(opened, 2)

    first, second = opened.tickets.history(TICKET).memory.escalation.state.raised
    assert (second.at - first.at, second.roles) == (timedelta(hours=2), ("lead",))


class Metered(FakeDesk):
    """Counts the calls in flight, and the credits of the day."""

    def __init__(self, *tickets: Any) -> None:
        super().__init__(*tickets)
        self.lock, self.in_flight, self.most, self.left = Lock(), 0, 0, 10**6
        self.budget: CallBudget = FakeBudget()
        self.now = lambda: NOW

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        with self.budget.slot(timedelta(seconds=30)):
            with self.lock:
                self.in_flight, self.left = self.in_flight + 1, self.left - 1
                self.most = max(self.most, self.in_flight)
            time.sleep(0.001)
            answer = super()._call(name, act)
            with self.lock:
                self.in_flight -= 1
            self.budget.spent(self.left, sent_at=self.now())
        return answer


class Slots:
    """The port `InFlight` for one process."""

    def __init__(self, limit: int) -> None:
        self.free = BoundedSemaphore(limit)

    def ready(self) -> bool:
        return True

    @contextmanager
    def slot(self, within: timedelta) -> Iterator[None]:
        assert self.free.acquire(timeout=within.total_seconds())
        try:
            yield
        finally:
            self.free.release()


class TestWhenAllBreachAtOnce:
    @pytest.fixture
    def desk(self):
        return Metered()

    @pytest.mark.crowd
    @pytest.mark.timeout(1200)
    def test_severity_1_comes_first_and_the_rest_waits_with_its_reason(self, world, desk):
        world.policy = replace(POLICY, escalation=replace(ESCALATION, actions={}))
        half = count(30, 1000)
        severe, others = ([f"{first + number:018d}" for number in range(half)] for first in (1, 5000))
        for each in (*severe, *others):
            known = ADMIN if each in severe else "somebody@else.example"
            desk.tickets[each] = make_ticket(
                ticket_id=each, customer_primary_email=known, severity="S3-Minimal", created_at=NOW, threads=1
            )
            world.receives(key=each, ticket_id=each)
        desk.now = world.now
        desk.budget = world.budget = PortalBudget(
            "default",
            slots=Slots(10),
            allowances=SqlAllowances(world.engine, "default"),
            reserve=13 * half,
            now=world.now,
            clock=itertools.count().__next__,  # the credits in every answer are recorded
        )
        self.drain(world)
        world.waits(hours=3)
        for each in others:
            world.receives(key=f"again {each}", ticket_id=each, state="changed")
        desk.left, desk.most = 15 * half, 0
        self.drain(world)

        assert all(raised(world, each) == [1] for each in severe)
        waiting = [each for each in others if "credits are left today" in (world.tickets.history(each).error or "")]
        done = [each for each in others if world.tickets.history(each).error is None]
        assert sorted((*waiting, *done)) == others
        assert len(waiting) > len(done)
        assert desk.left > 0
        assert 1 < desk.most <= 10

    def drain(self, world) -> None:
        look = world.reconcile().look
        service = Drain(
            tickets=world.tickets, look=look, budget=world.budget, now=world.now, monotonic=monotonic, workers=16
        )
        while service.run():  # a run ends after a while, and returns True if there is more
            pass


class TestTicketsThatComeTogether:
    """Two workers look at them at once: the first look does not know the other ticket."""

    IDS = ("100000000000000001", "100000000000000002")

    @pytest.fixture(autouse=True)
    def together(self, world):
        rules = replace(
            ESCALATION,
            clusters=(ClusterRule(by=ClusterBy.ACCOUNT, tickets=2, period=timedelta(hours=1)),),
            questions=replace(QUESTIONS, tickets=2, level=1),
        )
        world.policy = replace(POLICY, escalation=rules)
        world.listed = (Partner(name="Prairie", domains=frozenset({"prairie.example"})),)
        world.portal.activate(NOW)

    def come(self, world, desk, **facts):
        """The second is looked at first."""
        for seconds, each in enumerate(self.IDS):
            at = NOW + timedelta(seconds=seconds)
            desk.tickets[each] = make_ticket(
                ticket_id=each, created_at=at, threads=1, sender_domain="prairie.example", **facts
            )
        world.waits(seconds=5)
        for each in reversed(self.IDS):
            world.receives(key=each, ticket_id=each)
            world.look()

    def test_the_last_one_of_a_cluster_is_looked_at_again(self, world, desk):
        self.come(world, desk)
        assert [raised(world, each) for each in self.IDS] == [[], []]

        world.look()

        assert [raised(world, each) for each in self.IDS] == [[], [1]]

    def test_the_last_one_of_too_many_questions_is_looked_at_again(self, world, desk):
        self.come(world, desk, issue_type="howto", customer_primary_email="somebody@else.example")
        world.look()

        said = [comment for each in self.IDS for comment in desk.comments[each] if "basic how-to questions" in comment]
        assert len(said) == 1
        assert [message.topic for message in SqlNotices(world.engine, "default").waiting()] == [
            f"questions:{self.IDS[1]}"
        ]

    def test_in_shadow_there_is_no_message_about_questions(self, world, desk):
        world.policy = replace(world.policy, tickets=replace(POLICY.tickets, mode=Mode.SHADOW))
        self.come(world, desk, issue_type="howto", customer_primary_email="somebody@else.example")
        world.look()

        assert SqlNotices(world.engine, "default").waiting() == []
