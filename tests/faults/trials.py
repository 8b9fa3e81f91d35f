"""A trial: one run of the stage under load, some strikes at random instants, and the account that is given of it.

Acknowledged means that the sender got a 200. What was acknowledged and is not stored is missing; what was stored and
never sent would be invented. Of each ticket the end in Desk is compared with what was worked out by hand.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from time import monotonic, sleep

from desk_sync import wiring
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.adapters.zoho.transport import ANSWER_SECONDS
from desk_sync.cli.stage import API
from tests.faults.load import Answer, Rate
from tests.faults.scene import ACCOUNTS, Scene, Span, scene
from tests.faults.strikes import FAULTS
from tests.support.processes import START_SECONDS

TIMEOUT = 150.0
WARM = 5
IN_FLIGHT = 4
# The client gives an answer ten seconds, however slowly it comes; on a busy machine either side notices late.
LONGEST_CALL = ANSWER_SECONDS + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`strikes`: how often each fault strikes, by name, in random order; `seconds`: how long one lasts that lasts.

    `warm_up`: the seconds under load before the first one. `latency`: those that Desk takes for a call; `concurrency`:
    how many of ours all processes together may have in flight; `fills_up`: all of these are to be taken, and counted.
    """

    name: str
    title: str = ""
    strikes: tuple[tuple[str, int], ...]
    on_postgresql: bool = False
    on_small_disk: bool = False
    workers: int = 1
    concurrency: int = 10
    fills_up: bool = False
    latency: float = 0.05
    seconds: float = 2.0
    warm_up: float = 0.0
    rate: Rate = field(default_factory=Rate)

    @property
    def within(self) -> float:
        """The seconds after which nothing may be owed."""
        return max(FAULTS[name].within for name, _ in self.strikes)

    @property
    def words(self) -> str:
        """What strikes, for the table."""
        return self.title or ", ".join(FAULTS[name].words for name, _ in self.strikes)

    @property
    def count(self) -> int:
        return sum(times for _, times in self.strikes)

    def scaled(self, share: float) -> Trial:
        """The same with fewer strikes, at least one of each."""
        return replace(self, strikes=tuple((name, max(1, round(times * share))) for name, times in self.strikes))

    def repeats(self, killed: int) -> float:
        """How many writes may have been sent twice, because those who sent them never heard that they had arrived."""
        return inf if any(FAULTS[name].repeats for name, _ in self.strikes) else killed * IN_FLIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What came of a trial. Deliveries are counted by event; `rewritten` are writes that changed nothing.

    `notes` say how it was done; `in_flight` is the most that Desk had of calls at a time, ours and its customers'.
    """

    trial: Trial
    killed: int
    tickets: int
    sent: int
    acknowledged: int
    stored: int
    missing: int
    invented: int
    doubled: int
    rewritten: int
    wrong: Sequence[str]
    resumed: float
    slowest: float
    longest: float
    in_flight: int
    notes: Sequence[str]
    p99: tuple[float, float]

    @property
    def words(self) -> str:
        """What struck, and how it was done."""
        return f"{self.trial.words} ({', '.join(self.notes)})" if self.notes else self.trial.words

    def failures(self) -> Sequence[str]:
        """What must not be."""
        found = {
            "acknowledged and not stored": self.missing,
            "stored and never sent": self.invented,
            "comments twice": self.doubled,
            "writes repeated": self.rewritten > self.trial.repeats(self.killed),
            "tickets in a wrong state": ", ".join(self.wrong),
            f"{self.resumed:.0f} s to resume": self.resumed > self.trial.within,
            f"a call to Desk took {self.longest:.1f} s": self.longest > LONGEST_CALL,
            f"an answer took {self.slowest:.1f} s": self.slowest > 5,
            f"{self.in_flight} calls in flight": self.trial.fills_up and self.in_flight != self.trial.concurrency,
        }
        return [what for what, wrong in found.items() if wrong]


def run(trial: Trial, folder: Path, *, seed: int) -> Account:
    """Play the trial in an empty folder; every process has ended when it returns."""
    accounts = list(read_accounts(ACCOUNTS).accounts)
    with scene(
        folder,
        seed=seed,
        on_postgresql=trial.on_postgresql,
        on_small_disk=trial.on_small_disk,
        concurrency=trial.concurrency,
        latency=trial.latency,
    ) as here:
        here.start_workers(trial.workers)
        here.random.shuffle(accounts)
        with here.load.offered(accounts, trial.rate):
            _wait_for_work(here)
            sleep(trial.warm_up)
            here.on.desk.call("POST", "/_simulator/reset")
            for name in _in_random_order(trial, here):
                sleep(here.random.uniform(0.1, FAULTS[name].rest))
                FAULTS[name].strike(here, trial.seconds)
        over = here.hurt[-1][1] if here.hurt else monotonic()
        here.wait_until_quiet(TIMEOUT)
        resumed = monotonic() - over
        here.sweep()
        here.wait_until_quiet(TIMEOUT)
        return _account(trial, here, resumed)


def _wait_for_work(here: Scene) -> None:
    end = monotonic() + START_SECONDS
    while here.on.desk_sync.inbox(wiring.DEFAULT).counts().processed < WARM and monotonic() < end:
        sleep(0.1)


def _in_random_order(trial: Trial, here: Scene) -> list[str]:
    names = [name for name, times in trial.strikes for _ in range(times)]
    here.random.shuffle(names)
    return names


def _account(trial: Trial, here: Scene, resumed: float) -> Account:
    load, stored, counters = here.load, here.stored(), here.on.desk.counters()
    load.take_what_desk_sent()
    comments, writes = _comments(here), _writes(here)
    return Account(
        trial=trial,
        killed=here.killed,
        tickets=len(load.tickets),
        sent=len(load.sent),
        acknowledged=len(load.acknowledged),
        stored=len(stored),
        missing=len(load.acknowledged - stored),
        invented=len(stored - load.sent),
        doubled=sum(map(_twice, comments.values())),
        rewritten=sum(count - 1 for count in writes.values()),
        wrong=[ticket for ticket in load.tickets if not _is_right(here, ticket, comments[ticket])],
        resumed=resumed,
        slowest=load.slowest(),
        longest=counters["longest_call"],
        in_flight=counters["most_in_flight"],
        notes=sorted(here.notes),
        p99=_p99(here),
    )


def _comments(here: Scene) -> Mapping[str, Sequence[str]]:
    """What the comments of each ticket in Desk say, our reference at their end included."""
    answers = {each: here.on.desk.call("GET", f"{API}/tickets/{each}/comments") for each in here.load.tickets}
    return {each: [said["content"] for said in answer.get("data", [])] for each, answer in answers.items()}


def _twice(said: Sequence[str]) -> int:
    """How many of the comments carry a reference that another one carries already."""
    references = [each.rpartition("[")[2] for each in said]
    return len(references) - len(set(references))


def _writes(here: Scene) -> Counter[str]:
    """How often each ticket was written by us: Desk tells of writes that change nothing, too."""
    own = here.on.desk.facts["agent_id"]
    told = [each["event"] for each in here.on.desk.call("GET", "/_simulator/deliveries")["carried"]]
    updates = (each["payload"] for each in told if each["eventType"] == "Ticket_Update")
    return Counter(payload["id"] for payload in updates if payload["modifiedBy"] == own)


def _is_right(here: Scene, ticket: str, said: Sequence[str]) -> bool:
    """Whether fields and review are as was worked out by hand. By a clock that is ahead, clocks may be told of too."""
    expected = EXPECTED[here.load.tickets[ticket]]
    fields = here.on.desk.read(ticket)
    large = expected == "PRIORITY"
    box, severity = fields["cf_priority_customer_large_user_account"], fields["cf_severity"]
    as_wanted = (box == "true") == large and severity == ("S1-Critical" if large else None)
    reviews = sum("cannot decide" in each for each in said)
    return as_wanted and reviews == (expected == "REVIEW")


def _p99(here: Scene) -> tuple[float, float]:
    """Seconds, of the answers in the calm spans and of those during a strike."""
    return _quantile(here.load.answers, here.calm), _quantile(here.load.answers, here.hurt)


def _quantile(answers: Sequence[Answer], spans: Sequence[Span]) -> float:
    within = (each for each in answers if any(start <= each.at < end for start, end in spans))
    seconds = sorted(each.seconds for each in within if each.status)
    return seconds[int(0.99 * (len(seconds) - 1))] if seconds else 0.0


def _expected() -> dict[str, str]:
    with ACCOUNTS.with_name("expected.csv").open(newline="") as lines:
        return {row["account_id"]: row["decision"] for row in csv.DictReader(lines)}


EXPECTED = _expected()
MANY = Rate(tickets=8.0)  # so that some of the comments, which are few, meet the fault

DAILY = (
    Trial(
        name="processes",
        strikes=(
            ("receiver", 2),
            ("child", 2),
            ("worker", 1),
            ("beat", 2),
            ("beats", 1),
            ("redis-flushed", 1),
            ("redis-killed", 1),
            ("redis-frozen", 1),
            ("clock", 1),
            ("cut", 1),
            ("postgresql", 1),
            ("desk-reset", 1),
        ),
        on_postgresql=True,
        seconds=3.0,
        rate=Rate(tickets=4.0),
    ),
    Trial(name="disk", strikes=(("disk-of-receiver", 1),)),
)

FULL = (
    Trial(name="receiver", strikes=(("receiver", 60),), rate=Rate(deliveries=60)),
    Trial(name="child", strikes=(("child", 60),)),
    Trial(name="worker", strikes=(("worker", 50),)),
    Trial(name="beat", strikes=(("beat", 20),)),
    Trial(name="beats", strikes=(("beats", 1),), seconds=20.0),
    Trial(name="redis-killed", strikes=(("redis-killed", 10),)),
    Trial(name="redis-flushed", strikes=(("redis-flushed", 20),)),
    Trial(
        name="redis-frozen",
        strikes=(("redis-frozen", 1),),
        seconds=30.0,
        warm_up=30.0,
        rate=Rate(deliveries=100),
    ),
    Trial(name="clock", strikes=(("clock", 10),), seconds=5.0),
    Trial(name="postgresql", strikes=(("postgresql", 10),), on_postgresql=True),
    Trial(name="cut", strikes=(("cut", 20),), on_postgresql=True),
    Trial(
        name="everything",
        title="kills, cuts, crashes and flushes, mixed",
        strikes=(
            ("receiver", 10),
            ("child", 10),
            ("worker", 5),
            ("beat", 5),
            ("cut", 5),
            ("postgresql", 3),
            ("redis-flushed", 3),
            ("redis-killed", 2),
        ),
        on_postgresql=True,
    ),
    Trial(name="disk", strikes=(("disk", 3),), seconds=5.0, on_small_disk=True),
    Trial(
        name="budget",
        title="budget over two processes, Redis flushed",
        strikes=(("redis-flushed", 20),),
        workers=2,
        concurrency=4,
        fills_up=True,
        latency=0.3,
        warm_up=10.0,
        rate=Rate(tickets=8.0, most_tickets=20),
    ),
    Trial(name="deliveries", strikes=(("deliveries", 1),), seconds=30.0, rate=Rate(tickets=8.0, deliveries=0)),
    *(Trial(name=name, strikes=((name, 3),), seconds=10.0, rate=MANY) for name in FAULTS if name.startswith("desk-")),
)
