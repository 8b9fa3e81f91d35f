"""A storm: many wake-ups are due at once, every task is delivered twice, workers are killed and Redis is flushed.

All tickets are opened at one time and come to be at risk together, when the wall clock of all processes goes ahead to
that instant. Each alarm, by ticket, milestone, cycle and state, must be in Desk once.
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
from desk_sync.cli.demo_client import API
from tests.faults.scene import ACCOUNTS, PORTAL, TrialSetup, trial_setup
from tests.faults.strikes import FAULTS, flush_redis, kill_worker_child, restart
from tests.support.processes import environment, wait_until

NAME = "storm"
TIMEOUT = 150.0
OPENING = 600.0
"""Seconds; the time to open the tickets is no result."""
CONCURRENCY = 10
NOT_LARGE = "A01"
MOMENT = timedelta(seconds=1)
ALARM_KEYS = "clocks"
"""The key of the note with the alarms."""
ALARM = re.compile(r"The [\w ]+(?: \(round \d+\))? is (?:at risk|late):")
AT_RISK = "The first reply is at risk:"
TASK = re.compile(rb"Task (desk_sync\.\w+\[[\w-]+\]) received")


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeupStorm:
    """The numbers of workers and wake-ups, and the strikes at a worker or Redis meanwhile, in random order.

    `latency` of Desk's answers in seconds. `outage`: at the end all workers are killed at once, and started again
    after so much of the wall clock, which is moved ahead; 0 for none. `within`: seconds until the last alarm.
    """

    workers: int = 8
    wakeups: int = 1000
    strikes: tuple[tuple[str, int], ...] = (("worker", 10), ("child", 10), ("redis-flushed", 5))
    latency: float = 0.05
    outage: timedelta = timedelta(0)
    within: float = 60.0

    @property
    def words(self) -> str:
        """The strikes, for the table."""
        struck = ", ".join(f"{times} times {FAULTS[name].words}" for name, times in self.strikes)
        return f"{struck}{', at last all workers at once' if self.outage else ''}"

    def scaled(self, share: float) -> WakeupStorm:
        """The same with fewer wake-ups and strikes, at least one of each."""
        strikes = tuple((name, max(1, round(times * share))) for name, times in self.strikes)
        return replace(self, wakeups=max(1, round(self.wakeups * share)), strikes=strikes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StormOutcome:
    """The outcome of a storm. `alarms` are in Desk; `missing` should be and are not; `unexpected` should not be.

    `doubled` counts comments. `left` wake-ups were still to be fired when the last strike was over. `twice` counts the
    tasks that were delivered more than once. `resumed`: seconds until the last alarm.
    """

    storm: WakeupStorm
    killed: int
    tasks: int
    twice: int
    left: int
    alarms: int
    missing: int
    unexpected: int
    doubled: int
    resumed: float

    def failures(self) -> Sequence[str]:
        """Return the violations, in words."""
        found = {
            "alarms missing in Desk": self.missing,
            "unexpected alarms": self.unexpected,
            "comments twice": self.doubled,
            f"{self.resumed:.0f} s to resume": self.resumed > self.storm.within,
            "few tasks were delivered twice": self.twice * 2 < self.tasks,
            "nothing was left to fire when the storm was over": not self.left,
        }
        return [what for what, wrong in found.items() if wrong]


def run(storm: WakeupStorm, folder: Path, *, seed: int) -> StormOutcome:
    """Run the storm in an empty folder; every process has ended when it returns."""
    with (
        environment(DESK_SYNC_PUBLISH_TWICE="1"),
        trial_setup(
            folder,
            seed=seed,
            on_postgresql=False,
            on_small_disk=False,
            concurrency=CONCURRENCY,
            latency=storm.latency,
        ) as setup,
    ):
        setup.start_workers(storm.workers)
        workers = [name for name in setup.demo.processes.children if name.startswith("worker")]
        tickets = open_tickets(setup, storm.wakeups)
        move_clock_to_last_look(setup, tickets)
        strike(setup, storm.strikes, workers, effect=ALARM_KEYS)
        if storm.outage:
            _kill_all_workers(setup, storm.outage, workers)
        left, over = storm.wakeups - recorded(setup, ALARM_KEYS), monotonic()
        wait_until(lambda: recorded(setup, ALARM_KEYS) >= storm.wakeups, seconds=TIMEOUT)
        resumed = monotonic() - over
        setup.wait_until_quiet(TIMEOUT)  # until the deliveries about our own comments have arrived, too
        return _outcome(storm, setup, tickets, left=left, resumed=resumed)


def open_tickets(setup: TrialSetup, count: int) -> Sequence[str]:
    """Return new tickets that have been looked at, and whose clocks do not change for hours."""
    account = next(each for each in read_accounts(ACCOUNTS).accounts if each.account_id == NOT_LARGE)
    with ThreadPoolExecutor(4) as pool:
        tickets = list(pool.map(setup.demo.desk.open_ticket, [account] * count))
    setup.wait_until_quiet(OPENING)
    known = setup.demo.desk_sync.portal(PORTAL).tickets.history
    while refused := [ticket for ticket in tickets if known(ticket) is None]:
        setup.demo.desk.nudge(refused)  # Desk does not repeat a delivery by itself, and a sweep comes too late here
        setup.wait_until_quiet(OPENING)
    return tickets


def move_clock_to_last_look(setup: TrialSetup, tickets: Iterable[str]) -> None:
    """Move the clock to the last of the tickets' next looks, at which one of its clocks changes."""
    histories = (setup.demo.desk_sync.portal(PORTAL).tickets.history(ticket) for ticket in tickets)
    last = max(history.look_at for history in histories if history and history.look_at)
    setup.clock.set(setup.clock.ahead + last + MOMENT - setup.now())


def strike(setup: TrialSetup, strikes: Iterable[tuple[str, int]], workers: Sequence[str], *, effect: str) -> None:
    """Strike in random order, as soon as the first such effect is recorded."""
    names = [name for name, times in strikes for _ in range(times)]
    setup.random.shuffle(names)
    wait_until(lambda: recorded(setup, effect), seconds=TIMEOUT)
    for name in names:
        sleep(setup.random.uniform(0.1, 1.0))
        STRIKES[name](setup, setup.random.choice(workers))


def recorded(setup: TrialSetup, effect: str) -> int:
    """Return the number of tickets with an effect of such a key that is recorded as done."""
    done = effects.c.key.like(effect) & effects.c.done_at.is_not(None)
    with reading(setup.demo.desk_sync.engine) as connection:
        tickets: int = connection.scalar(select(func.count(effects.c.ticket_id.distinct())).where(done)) or 0
        return tickets


STRIKES: Mapping[str, Callable[[TrialSetup, str], None]] = {
    "worker": lambda setup, worker: restart(worker, setup, 0),
    "child": lambda setup, worker: kill_worker_child(setup, 0, name=worker),
    "redis-flushed": lambda setup, _: flush_redis(setup, 0),
}


def _kill_all_workers(setup: TrialSetup, outage: timedelta, workers: Iterable[str]) -> None:
    with setup.striking():
        for name in workers:
            setup.kill(setup.demo.processes.children[name])
        setup.clock.set(setup.clock.ahead + outage)
        for name in workers:
            setup.demo.start(name)


def _outcome(
    storm: WakeupStorm, setup: TrialSetup, tickets: Sequence[str], *, left: int, resumed: float
) -> StormOutcome:
    alarms, expected = count_texts(setup, tickets, ALARM), {(each, AT_RISK) for each in tickets}
    deliveries = _deliveries(setup.demo.processes.folder)
    return StormOutcome(
        storm=storm,
        killed=setup.killed,
        tasks=len(deliveries),
        twice=sum(count > 1 for count in deliveries.values()),
        left=left,
        alarms=len(alarms),
        missing=len(expected - alarms.keys()),
        unexpected=len(alarms.keys() - expected),
        doubled=sum(count - 1 for count in alarms.values()),
        resumed=resumed,
    )


def count_texts(setup: TrialSetup, tickets: Iterable[str], pattern: re.Pattern[str]) -> Counter[tuple[str, str]]:
    """Count the matches of `pattern` in the comments in Desk, by ticket and text."""
    setup.set_faults(latency=0)
    setup.demo.desk.sign_in()  # the earlier token has expired by this clock
    return Counter(
        (ticket, text)
        for ticket in tickets
        for comment in setup.demo.desk.call("GET", f"{API}/tickets/{ticket}/comments").get("data", [])
        for text in pattern.findall(comment["content"])
    )


def _deliveries(folder: Path) -> Counter[bytes]:
    """Count the deliveries of each task to a worker, from the workers' logs."""
    return Counter(task for log in folder.glob("worker*.log") for task in TASK.findall(log.read_bytes()))


FULL = WakeupStorm()
DAILY = WakeupStorm(
    workers=3,
    wakeups=60,
    strikes=(("worker", 1), ("child", 5), ("redis-flushed", 1)),
    latency=0.2,
    outage=timedelta(seconds=46),
    within=120.0,  # with a busy machine
)
