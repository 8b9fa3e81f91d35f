"""A process kills itself (SIGKILL) at each point of a step in turn: around each call of Desk and at each commit.

The point moves on from look to look, each of another ticket, until a look comes to its end. The tickets of the killed
processes are looked at once their leases have run out; then each step must be in Desk and in its ticket's ladder once.

The same for a process that is suspended (SIGSTOP) after an answer of Desk, and continues after another made the step.
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
from email.utils import format_datetime
from functools import partial
from itertools import count, takewhile
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawValue
from subprocess import PIPE
from typing import Any

import pytest
from requests.adapters import HTTPAdapter
from sqlalchemy import event

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.adapters.runtime.embedded_broker import spawn, stop
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.demo_client import API, SETTINGS, DemoClient
from desk_sync.domain.escalation.policy import LevelAction
from desk_sync.domain.escalation.staff import DutyPeriod, NoticeAddress, NoticeChannel, StaffMember
from desk_sync.settings import without_environment
from desk_sync.simulation.setup import FreeSlots, InlineExecutor
from desk_sync.wiring.environment import Environment, utc_now
from desk_sync.wiring.process import DEFAULT, DeskSync
from tests.faults.scene import ACCOUNTS
from tests.support import forked
from tests.support.makers import make_event
from tests.support.processes import START_SECONDS, is_suspended, wait_until

forked.SERVER.set_forkserver_preload([forked.__name__, __name__])
TICKETS = 30
"""More than the points of a step."""
LEASE = timedelta(seconds=45)
MOMENT = timedelta(seconds=1)
ADA = NoticeAddress(NoticeChannel.MAIL, "ada@support.example")
COMMENT_TEXT = re.compile(r"The first reply is (?:at risk|late):|Escalation level \d|escalated to level \d")
EXPECTED_TEXTS = Counter(("The first reply is late:", "Escalation level 1", "escalated to level 1"))


def escalation_mapping() -> PortalMapping:
    """Return the shipped mapping, but Ada has every role, and level 1 raises the priority."""
    mapping = mapping_file.load("partner_support")
    rules = mapping.policy.escalation
    people = {"ada": StaffMember(name="ada", addresses=(ADA,))}
    staff = replace(rules.staff, people=people, roles=dict.fromkeys(rules.staff.roles, (DutyPeriod("ada"),)))
    rules = replace(rules, staff=staff, actions={**rules.actions, 1: LevelAction(priority="High")})
    words = replace(mapping.vocabulary, fields={**mapping.vocabulary.fields, "priority": "priority"})
    return replace(mapping, vocabulary=words, policy=replace(mapping.policy, escalation=rules))


MAPPING = escalation_mapping()


class SignalPoint:
    """Sends its process a signal at the point of that number; -1 is no point."""

    def __init__(self, point: int, number: signal.Signals) -> None:
        self._left = point
        self._number = number

    def at(self, *_: object) -> None:
        """Pass a point for either signal."""
        if self._left == 0:
            os.kill(os.getpid(), self._number)
        self._left -= 1

    def before(self, *_: object) -> None:
        """Pass a point for SIGKILL only: a process suspended here locks the database, or is about to call Desk."""
        if self._number == signal.SIGKILL:
            self.at()


class InterruptibleTransport(HTTPAdapter):
    """A transport to Desk with a point before each call and one after each answer. Desk's clock shows `now`."""

    def __init__(self, signal_point: SignalPoint, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._signal_point = signal_point
        self._now = now

    def send(self, *request: Any, **options: Any) -> Any:
        self._signal_point.before()
        answer = super().send(*request, **options)
        answer.headers["Date"] = format_datetime(self._now(), usegmt=True)
        self._signal_point.at()
        return answer


@dataclass(slots=True, kw_only=True)
class ForkedWorker:
    """The product, in a process of its own for each job, at an instant that the test moves."""

    url: str
    facts: dict[str, str]
    _ahead: Any = field(default_factory=lambda: RawValue("d", 0.0))

    def now(self) -> datetime:
        """Return the instant by the clock of all its processes, also of the suspended ones."""
        return utc_now() + timedelta(seconds=self._ahead.value)

    def advance(self, span: timedelta) -> None:
        self._ahead.value += span.total_seconds()

    def open(self, point: int = -1, number: signal.Signals = signal.SIGKILL) -> DeskSync:
        signal_point, engine = SignalPoint(point, number), open_engine(self.url)
        event.listen(engine, "commit", signal_point.before)
        ours = {name: self.facts[name] for name in SETTINGS}
        settings = without_environment(data_center="us", database_url=self.url, workers=1, **ours)
        transport = InterruptibleTransport(signal_point, self.now)
        environment = Environment(
            now=self.now, transport=transport, slots=lambda *_: FreeSlots(), pool=lambda _: InlineExecutor()
        )
        return DeskSync(settings, engine, environment, MAPPING)

    def is_killed_at(self, job: Callable[[DeskSync], object], point: int = -1) -> bool:
        """Run the job. Return True if it was killed at the point; any other end than that and success is an error."""
        child = self._start(job, point, signal.SIGKILL)
        child.join()
        assert child.exitcode in (0, -signal.SIGKILL)
        return child.exitcode != 0

    def is_suspended_at(self, job: Callable[[DeskSync], object], point: int) -> BaseProcess | None:
        """Run the job. Return the process that is suspended at the point; None if the job came to its end."""
        child = self._start(job, point, signal.SIGSTOP)
        wait_until(lambda: child.exitcode is not None or is_suspended(child.pid), seconds=START_SECONDS)
        assert child.exitcode in (None, 0)
        return child if child.exitcode is None else None

    def _start(self, job: Callable[[DeskSync], object], point: int, number: signal.Signals) -> BaseProcess:
        child = forked.SERVER.Process(target=self._run, args=(job, point, number))
        child.start()
        return child

    def _run(self, job: Callable[[DeskSync], object], point: int, number: signal.Signals) -> None:
        with closing(self.open(point, number)) as desk_sync:
            job(desk_sync)

    def advance_to_the_next_looks(self, tickets: list[str]) -> None:
        with closing(self.open()) as desk_sync:
            histories = [desk_sync.portal(DEFAULT).tickets.history(each) for each in tickets]
        self.advance(max(each.look_at for each in histories if each and each.look_at) + MOMENT - self.now())


def go_on(child: BaseProcess) -> None:
    os.kill(child.pid, signal.SIGCONT)
    child.join()
    assert child.exitcode == 0


def look_at_one(desk_sync: DeskSync) -> None:
    now = desk_sync.environment.now()
    [lease] = desk_sync.portal(DEFAULT).tickets.claim(now=now, until=now + LEASE, limit=1)
    desk_sync.portal(DEFAULT).reconcile.look(lease)


def read_one(desk_sync: DeskSync, ticket: str) -> None:
    desk_sync.portal(DEFAULT).desk.read_ticket(ticket)


def look_at_all(desk_sync: DeskSync) -> None:
    while desk_sync.portal(DEFAULT).drain.run():
        pass


@pytest.fixture
def desk() -> Iterator[DemoClient]:
    command = [sys.executable, "-m", "desk_sync.cli", "simulator", "--json", "--accounts", str(ACCOUNTS)]
    child = spawn(command, stdout=PIPE)
    desk = DemoClient(facts=json.loads(child.stdout.readline()))
    desk.sign_in()
    yield desk
    stop([child])


@pytest.fixture
def worker(desk, tmp_path, sqlite_template) -> Iterator[ForkedWorker]:
    """A worker with all accounts."""
    shutil.copy(sqlite_template, tmp_path / "store.sqlite3")
    worker = ForkedWorker(url=f"sqlite:///{tmp_path / 'store.sqlite3'}", facts=dict(desk.facts))
    with closing(worker.open()) as desk_sync:
        desk_sync.sources.imports.run_file(read_accounts(ACCOUNTS))
    yield worker
    for child in active_children():  # after a failure: a suspended one would hold up the end of the tests
        child.kill()


@pytest.fixture
def tickets(desk, worker) -> list[str]:
    """Tickets that are about to breach at one time; their alarms of being at risk have been made."""
    account = next(each for each in read_accounts(ACCOUNTS).accounts if each.account_id == "A01")
    tickets = [desk.open_ticket(account) for _ in range(TICKETS)]
    with closing(worker.open()) as desk_sync:
        messages_by_ticket = [make_event(key=each, ticket_id=each, occurred_at=worker.now()) for each in tickets]
        desk_sync.portal(DEFAULT).inbox.record(messages_by_ticket, now=worker.now())
    assert not worker.is_killed_at(look_at_all)
    worker.advance_to_the_next_looks(tickets)
    assert not worker.is_killed_at(look_at_all)
    worker.advance_to_the_next_looks(tickets)
    assert not worker.is_killed_at(partial(read_one, ticket=tickets[0]))  # so that a token is stored
    return tickets


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_step_is_made_once_wherever_its_process_is_killed(desk, worker, tickets):
    killed = next(point for point in count() if not worker.is_killed_at(look_at_one, point))
    worker.advance(LEASE + MOMENT)
    assert not worker.is_killed_at(look_at_all)

    assert 10 < killed < TICKETS
    assert_each_step_was_made_once(desk, worker, tickets)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_process_that_is_suspended_until_another_has_made_the_step_does_not_repeat_it(desk, worker, tickets):
    suspended = [*takewhile(bool, (worker.is_suspended_at(look_at_one, point) for point in count()))]
    with ExitStack() as going_on:
        for child in suspended:
            going_on.callback(go_on, child)
        worker.advance(LEASE + MOMENT)
        assert not worker.is_killed_at(look_at_all)

    assert 3 < len(suspended) < TICKETS
    assert_each_step_was_made_once(desk, worker, tickets)


def assert_each_step_was_made_once(desk: DemoClient, worker: ForkedWorker, tickets: list[str]) -> None:
    with closing(worker.open()) as desk_sync:
        memories = [desk_sync.portal(DEFAULT).tickets.history(each).memory for each in tickets]
        messages_by_ticket = Counter(message.ticket_id for message in SqlNotices(desk_sync.engine, DEFAULT).waiting())
    assert [[step.level for step in each.escalation.state.raised] for each in memories] == [[1]] * TICKETS
    assert messages_by_ticket == Counter(tickets)
    for each in tickets:
        comments = desk.call("GET", f"{API}/tickets/{each}/comments")["data"]
        assert (
            Counter(text for comment in comments for text in COMMENT_TEXT.findall(comment["content"])) == EXPECTED_TEXTS
        )
        assert not any("ds-" in comment["content"] for comment in comments if comment["isPublic"])
        assert desk.call("GET", f"{API}/tickets/{each}")["priority"] == "High"
