"""A process kills itself (SIGKILL) at each point of a step in turn: around each call of Desk and at each commit.

The point moves on from look to look, each of another ticket, until a look comes to its end. What the dead left behind
is looked at once their leases have run out; then each step must stand in Desk and in its ticket's ladder once.

Likewise a process that stands still (SIGSTOP) after an answer of Desk, and goes on when another has made the step.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, takewhile
from multiprocessing.sharedctypes import RawValue
from subprocess import PIPE
from typing import Any

import pytest
from requests.adapters import HTTPAdapter
from sqlalchemy import event

from desk_sync import wiring
from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.adapters.runtime.embedded_broker import spawn, stop
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.stage import API, SETTINGS, SimulatedDesk
from desk_sync.domain.escalation.policy import LevelAction
from desk_sync.domain.escalation.staff import DutyPeriod, NoticeAddress, NoticeChannel, StaffMember
from desk_sync.settings import without_environment
from desk_sync.simulation.setup import FreeSlots, ThisThread
from desk_sync.wiring import DEFAULT, DeskSync, Environment
from tests.faults.scene import ACCOUNTS
from tests.support.makers import make_event

TICKETS = 30
"""More than a step has points."""
LEASE = timedelta(seconds=45)
MOMENT = timedelta(seconds=1)
ADA = NoticeAddress(NoticeChannel.MAIL, "ada@support.example")
SAID = re.compile(r"\w+ is (?:at risk|breached):|Escalation level \d|escalated to level \d")
OWED = Counter(("Acknowledgement is at risk:", "Escalation level 1", "escalated to level 1"))


class Fate:
    """Strikes its process with a signal at the point of that number; -1 is nowhere."""

    def __init__(self, point: int, blow: signal.Signals) -> None:
        self._left = point
        self._blow = blow

    def at(self, *_: object) -> None:
        """At a point for either blow."""
        if self._left == 0:
            os.kill(os.getpid(), self._blow)
        self._left -= 1

    def before(self, *_: object) -> None:
        """At a point where only the dead do no harm: who stands still here holds the database, or is about to call."""
        if self._blow == signal.SIGKILL:
            self.at()


class DangerousWay(HTTPAdapter):
    """The way to Desk, on which the process may be struck before a call goes out and when it has been answered."""

    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    def send(self, *request: Any, **how: Any) -> Any:
        self._fate.before()
        answer = super().send(*request, **how)
        self._fate.at()
        return answer


@dataclass(slots=True, kw_only=True)
class Worker:
    """The product, in a process of its own for each errand, at an instant that the test moves."""

    url: str
    facts: dict[str, str]
    mapping: PortalMapping
    _ahead: Any = field(default_factory=lambda: RawValue("d", 0.0))

    def now(self) -> datetime:
        """By the clock of all its processes, also of those that stand still."""
        return wiring.now() + timedelta(seconds=self._ahead.value)

    def waits(self, span: timedelta) -> None:
        self._ahead.value += span.total_seconds()

    def open(self, point: int = -1, blow: signal.Signals = signal.SIGKILL) -> DeskSync:
        fate, engine = Fate(point, blow), open_engine(self.url)
        event.listen(engine, "commit", fate.before)
        ours = {name: self.facts[name] for name in SETTINGS}
        settings = without_environment(data_center="us", database_url=self.url, workers=1, **ours)
        transport = DangerousWay(fate)
        world = Environment(
            now=self.now, transport=transport, slots=lambda *_: FreeSlots(), pool=lambda _: ThisThread()
        )
        return DeskSync(settings, engine, world, self.mapping)

    def dies(self, errand: Callable[[DeskSync], object], point: int = -1) -> bool:
        """Whether the process was killed at the point. Any other end than that and success is an error."""
        _, status = os.waitpid(self._begins(errand, point, signal.SIGKILL), 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, -signal.SIGKILL)
        return code != 0

    def stands_still(self, errand: Callable[[DeskSync], object], point: int) -> int | None:
        """The process that stands still at the point; None where it came to its end."""
        child = self._begins(errand, point, signal.SIGSTOP)
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return child
        assert status == 0
        return None

    def _begins(self, errand: Callable[[DeskSync], object], point: int, blow: signal.Signals) -> int:
        child = os.fork()
        if not child:
            self._become(errand, point, blow)
        return child

    def _become(self, errand: Callable[[DeskSync], object], point: int, blow: signal.Signals) -> None:
        try:
            with closing(self.open(point, blow)) as desk_sync:
                errand(desk_sync)
            os._exit(0)
        finally:
            sys.excepthook(*sys.exc_info())
            os._exit(1)

    def waits_for_the_next_looks(self, tickets: list[str]) -> None:
        with closing(self.open()) as desk_sync:
            histories = [desk_sync.tickets(DEFAULT).history(each) for each in tickets]
        self.waits(max(each.look_at for each in histories if each and each.look_at) + MOMENT - self.now())


def go_on(child: int) -> None:
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    assert status == 0


def look_at_one(desk_sync: DeskSync) -> None:
    now = desk_sync.world.now()
    [lease] = desk_sync.tickets(DEFAULT).claim(now=now, until=now + LEASE, limit=1)
    desk_sync.reconcile(DEFAULT).look(lease)


def look_at_all(desk_sync: DeskSync) -> None:
    while desk_sync.drain(DEFAULT):
        pass


@pytest.fixture
def desk() -> Iterator[SimulatedDesk]:
    command = [sys.executable, "-m", "desk_sync.cli", "simulator", "--json", "--accounts", str(ACCOUNTS)]
    child = spawn(command, stdout=PIPE)
    desk = SimulatedDesk(facts=json.loads(child.stdout.readline()))
    desk.sign_in()
    yield desk
    stop([child])


@pytest.fixture
def worker(desk, tmp_path, sqlite_template) -> Worker:
    """Knows all accounts; Ada has every role, and level 1 raises the priority."""
    shutil.copy(sqlite_template, tmp_path / "store.sqlite3")
    mapping = mapping_file.load("partner_support")
    rules = mapping.policy.escalation
    people = {"ada": StaffMember(name="ada", addresses=(ADA,))}
    staff = replace(rules.staff, people=people, roles=dict.fromkeys(rules.staff.roles, (DutyPeriod("ada"),)))
    rules = replace(rules, staff=staff, actions={**rules.actions, 1: LevelAction(priority="High")})
    words = replace(mapping.vocabulary, fields={**mapping.vocabulary.fields, "priority": "priority"})
    mapping = replace(mapping, vocabulary=words, policy=replace(mapping.policy, escalation=rules))
    worker = Worker(url=f"sqlite:///{tmp_path / 'store.sqlite3'}", facts=dict(desk.facts), mapping=mapping)
    with closing(worker.open()) as desk_sync:
        desk_sync.import_file(ACCOUNTS)
    return worker


@pytest.fixture
def tickets(desk, worker) -> list[str]:
    """Tickets that are about to breach at one time; that they were at risk has been told."""
    account = next(each for each in read_accounts(ACCOUNTS).accounts if each.account_id == "A01")
    tickets = [desk.open_ticket(account) for _ in range(TICKETS)]
    with closing(worker.open()) as desk_sync:
        told = [make_event(key=each, ticket_id=each, occurred_at=worker.now()) for each in tickets]
        desk_sync.inbox(DEFAULT).record(told, now=worker.now())
    assert not worker.dies(look_at_all)
    worker.waits_for_the_next_looks(tickets)
    assert not worker.dies(look_at_all)
    worker.waits_for_the_next_looks(tickets)
    assert not worker.dies(lambda desk_sync: desk_sync.desk(DEFAULT).read_ticket(tickets[0]))  # a token is at hand
    return tickets


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_wherever_a_process_is_killed_a_step_is_made_once(desk, worker, tickets):
    deaths = next(point for point in count() if not worker.dies(look_at_one, point))
    worker.waits(LEASE + MOMENT)
    assert not worker.dies(look_at_all)

    assert 10 < deaths < TICKETS
    assert_each_step_was_made_once(desk, worker, tickets)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_who_stands_still_until_another_has_made_the_step_does_not_make_it_again(desk, worker, tickets):
    still = [*takewhile(bool, (worker.stands_still(look_at_one, point) for point in count()))]
    with ExitStack() as going_on:
        for child in still:
            going_on.callback(go_on, child)
        worker.waits(LEASE + MOMENT)
        assert not worker.dies(look_at_all)

    assert 3 < len(still) < TICKETS
    assert_each_step_was_made_once(desk, worker, tickets)


def assert_each_step_was_made_once(desk: SimulatedDesk, worker: Worker, tickets: list[str]) -> None:
    with closing(worker.open()) as desk_sync:
        memories = [desk_sync.tickets(DEFAULT).history(each).memory for each in tickets]
        told = Counter(message.ticket_id for message in SqlNotices(desk_sync.engine, DEFAULT).waiting())
    assert [[step.level for step in each.escalation.raised] for each in memories] == [[1]] * TICKETS
    assert told == Counter(tickets)
    for each in tickets:
        comments = desk.call("GET", f"{API}/tickets/{each}/comments")["data"]
        assert Counter(said for comment in comments for said in SAID.findall(comment["content"])) == OWED
        assert desk.call("GET", f"{API}/tickets/{each}")["priority"] == "High"
