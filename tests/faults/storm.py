"""A storm: many wake-ups are due at once, every task is delivered twice, workers are killed and Redis is flushed.

All tickets are opened at one time and come to be at risk together, when the wall clock of all processes goes ahead to
that instant. Each alarm, by ticket, milestone, round and state, must stand in Desk once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import func, select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import effects
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.stage import API
from tests.faults.scene import ACCOUNTS, PORTAL, Scene, scene
from tests.faults.strikes import FAULTS, flush_redis, kill_worker_child, restart
from tests.support.processes import environment, wait_until

NAME = "storm"
TIMEOUT = 150.0
OPENING = 600.0
"""Seconds; how long it takes to have tickets to strike at says nothing."""
CONCURRENCY = 10
NOT_LARGE = "A01"
MOMENT = timedelta(seconds=1)
TOLD = "clock:%"
"""The keys of alarms."""
ALARM = re.compile(r"\w+(?:, round \d+)? is (?:at risk|breached):")
AT_RISK = "Acknowledgement is at risk:"
TASK = re.compile(rb"Task (desk_sync\.\w+\[[\w-]+\]) received")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """How many workers fire how many wake-ups, and what strikes one of them, or Redis, meanwhile, in random order.

    `latency` of Desk's answers in seconds. `outage`: at the end all workers are killed at once, and lie dead for so
    long by the wall clock, which goes ahead by it; by none, they never are. `within`: seconds in which all is told.
    """

    workers: int = 8
    wakeups: int = 1000
    strikes: tuple[tuple[str, int], ...] = (("worker", 10), ("child", 10), ("redis-flushed", 5))
    latency: float = 0.05
    outage: timedelta = timedelta(0)
    within: float = 60.0

    @property
    def words(self) -> str:
        """What strikes, for the table."""
        struck = ", ".join(f"{times} times {FAULTS[name].words}" for name, times in self.strikes)
        return f"{struck}{', at last all workers at once' if self.outage else ''}"

    def scaled(self, share: float) -> Storm:
        """The same with fewer wake-ups and strikes, at least one of each."""
        strikes = tuple((name, max(1, round(times * share))) for name, times in self.strikes)
        return replace(self, wakeups=max(1, round(self.wakeups * share)), strikes=strikes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What came of a storm. `unheard` are alarms that stand nowhere, `strange` those that should not stand anywhere.

    `doubled` counts comments. `left` wake-ups were still to be fired when the last strike was over. `twice`: how many
    of the tasks were delivered more than once. `resumed`: seconds until the last alarm was told.
    """

    storm: Storm
    killed: int
    tasks: int
    twice: int
    left: int
    told: int
    unheard: int
    strange: int
    doubled: int
    resumed: float

    def failures(self) -> Sequence[str]:
        """What must not be."""
        found = {
            "alarms told nowhere": self.unheard,
            "alarms that nobody owed": self.strange,
            "comments twice": self.doubled,
            f"{self.resumed:.0f} s to resume": self.resumed > self.storm.within,
            "few tasks were delivered twice": self.twice * 2 < self.tasks,
            "nothing was left to fire when the storm was over": not self.left,
        }
        return [what for what, wrong in found.items() if wrong]


def run(storm: Storm, folder: Path, *, seed: int) -> Aftermath:
    """Play the storm in an empty folder; every process has ended when it returns."""
    with (
        environment(DESK_SYNC_TELL_TWICE="1"),
        scene(
            folder,
            seed=seed,
            on_postgresql=False,
            on_small_disk=False,
            concurrency=CONCURRENCY,
            latency=storm.latency,
        ) as here,
    ):
        here.start_workers(storm.workers)
        workers = [name for name in here.on.children if name.startswith("worker")]
        tickets = open_tickets(here, storm.wakeups)
        let_all_come_due(here, tickets)
        strike(here, storm.strikes, workers, effect=TOLD)
        if storm.outage:
            _cut_the_power(here, storm.outage, workers)
        left, over = storm.wakeups - recorded(here, TOLD), monotonic()
        wait_until(lambda: recorded(here, TOLD) >= storm.wakeups, seconds=TIMEOUT)
        resumed = monotonic() - over
        here.wait_until_quiet(TIMEOUT)  # until Desk has told us of our own comments, too
        return _aftermath(storm, here, tickets, left=left, resumed=resumed)


def open_tickets(here: Scene, count: int) -> Sequence[str]:
    """Tickets that have been looked at, and of whose clocks none changes for hours."""
    account = next(each for each in read_accounts(ACCOUNTS).accounts if each.account_id == NOT_LARGE)
    with ThreadPoolExecutor(4) as pool:
        tickets = list(pool.map(here.on.desk.open_ticket, [account] * count))
    here.wait_until_quiet(OPENING)
    known = here.on.desk_sync.tickets(PORTAL).history
    while refused := [ticket for ticket in tickets if known(ticket) is None]:
        here.on.desk.nudge(refused)  # Desk does not tell twice by itself, and nobody is to wait for a sweep here
        here.wait_until_quiet(OPENING)
    return tickets


def let_all_come_due(here: Scene, tickets: Iterable[str]) -> None:
    """Move the clock to when the last of the tickets is looked at next, since a clock of it changes."""
    histories = (here.on.desk_sync.tickets(PORTAL).history(ticket) for ticket in tickets)
    last = max(history.look_at for history in histories if history and history.look_at)
    here.clock.set(here.clock.ahead + last + MOMENT - here.now())


def strike(here: Scene, strikes: Iterable[tuple[str, int]], workers: Sequence[str], *, effect: str) -> None:
    """In random order, from when the first such effect was recorded."""
    names = [name for name, times in strikes for _ in range(times)]
    here.random.shuffle(names)
    wait_until(lambda: recorded(here, effect), seconds=TIMEOUT)
    for name in names:
        sleep(here.random.uniform(0.1, 1.0))
        STRIKES[name](here, here.random.choice(workers))


def recorded(here: Scene, effect: str) -> int:
    """How many of the tickets have an effect with such a key recorded as done."""
    done = effects.c.key.like(effect) & effects.c.done_at.is_not(None)
    with reading(here.on.desk_sync.engine) as connection:
        tickets: int = connection.scalar(select(func.count(effects.c.ticket_id.distinct())).where(done)) or 0
        return tickets


STRIKES: Mapping[str, Callable[[Scene, str], None]] = {
    "worker": lambda here, worker: restart(worker, here, 0),
    "child": lambda here, worker: kill_worker_child(here, 0, name=worker),
    "redis-flushed": lambda here, _: flush_redis(here, 0),
}


def _cut_the_power(here: Scene, outage: timedelta, workers: Iterable[str]) -> None:
    with here.hurting():
        for name in workers:
            here.kill(here.on.children[name])
        here.clock.set(here.clock.ahead + outage)
        for name in workers:
            here.on.start(name)


def _aftermath(storm: Storm, here: Scene, tickets: Sequence[str], *, left: int, resumed: float) -> Aftermath:
    told, owed = sayings(here, tickets, ALARM), {(each, AT_RISK) for each in tickets}
    deliveries = _deliveries(here.on.folder)
    return Aftermath(
        storm=storm,
        killed=here.killed,
        tasks=len(deliveries),
        twice=sum(count > 1 for count in deliveries.values()),
        left=left,
        told=len(told),
        unheard=len(owed - told.keys()),
        strange=len(told.keys() - owed),
        doubled=sum(count - 1 for count in told.values()),
        resumed=resumed,
    )


def sayings(here: Scene, tickets: Iterable[str], said: re.Pattern[str]) -> Counter[tuple[str, str]]:
    """How often each such thing is said in Desk, by ticket."""
    here.misbehave(latency=0)
    here.on.desk.sign_in()  # the token from before has run out by this clock
    return Counter(
        (ticket, text)
        for ticket in tickets
        for comment in here.on.desk.call("GET", f"{API}/tickets/{ticket}/comments").get("data", [])
        for text in said.findall(comment["content"])
    )


def _deliveries(folder: Path) -> Counter[bytes]:
    """How often a worker got each task, as the workers' logs say."""
    return Counter(task for log in folder.glob("worker*.log") for task in TASK.findall(log.read_bytes()))


FULL = Storm()
DAILY = Storm(
    workers=3,
    wakeups=60,
    strikes=(("worker", 1), ("child", 5), ("redis-flushed", 1)),
    latency=0.2,
    outage=timedelta(seconds=46),
    within=120.0,  # with a busy machine
)
