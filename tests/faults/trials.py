"""A trial: one run of the demo's processes under load, with strikes at random instants, and its outcome.

An event is acknowledged if the sender got a 200, missing if it was acknowledged and is not stored, invented if it was
stored and never sent. The end state of each ticket in Desk is compared with a result that was worked out by hand.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from time import monotonic, sleep

from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.adapters.zoho.transport import ANSWER_SECONDS
from desk_sync.cli.demo_client import API
from desk_sync.wiring.process import DEFAULT
from tests.faults.load import DeliveryAnswer, LoadRate
from tests.faults.scene import ACCOUNTS, Span, TrialSetup, trial_setup
from tests.faults.strikes import FAULTS
from tests.support.processes import START_SECONDS

TIMEOUT = 150.0
WARM = 5
IN_FLIGHT = 4
# The client allows ten seconds for a whole answer; on a busy machine either side notices late.
LONGEST_CALL = ANSWER_SECONDS + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultTrial:
    """A kind of trial. `strikes`: the number of strikes by fault, in random order; `seconds`: the length of a long one.

    `warm_up`: the seconds under load before the first strike. `latency`: Desk's, in seconds a call; `concurrency`: the
    calls that all processes together may have in flight; `fills_up`: as many must be reached, and are counted.
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
    rate: LoadRate = field(default_factory=LoadRate)

    @property
    def within(self) -> float:
        """The seconds after which no work may be pending."""
        return max(FAULTS[name].within for name, _ in self.strikes)

    @property
    def words(self) -> str:
        """The strikes, for the table."""
        return self.title or ", ".join(FAULTS[name].words for name, _ in self.strikes)

    @property
    def count(self) -> int:
        return sum(times for _, times in self.strikes)

    def scaled(self, share: float) -> FaultTrial:
        """The same with fewer strikes, at least one of each."""
        return replace(self, strikes=tuple((name, max(1, round(times * share))) for name, times in self.strikes))

    def repeats(self, killed: int) -> float:
        """Return how many writes may be sent twice, because their sender got no answer."""
        return inf if any(FAULTS[name].repeats for name, _ in self.strikes) else killed * IN_FLIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOutcome:
    """The outcome of a trial. Deliveries are counted by event; `rewritten` are writes that changed nothing.

    `ended` are processes that ended without a kill. `notes` describe the means; `in_flight` is the maximum of calls
    that Desk had at a time, ours and its customers'.
    """

    trial: FaultTrial
    killed: int
    tickets: int
    sent: int
    acknowledged: int
    stored: int
    missing: int
    invented: int
    doubled: int
    rewritten: int
    ended: Sequence[str]
    wrong: Sequence[str]
    resumed: float
    slowest: float
    longest: float
    in_flight: int
    notes: Sequence[str]
    p99: tuple[float, float]

    @property
    def words(self) -> str:
        """The strikes, with the notes."""
        return f"{self.trial.words} ({', '.join(self.notes)})" if self.notes else self.trial.words

    def failures(self) -> Sequence[str]:
        """Return the violations, in words."""
        found = {
            "acknowledged and not stored": self.missing,
            "stored and never sent": self.invented,
            "comments twice": self.doubled,
            "writes repeated": self.rewritten > self.trial.repeats(self.killed),
            f"processes ended: {', '.join(self.ended)}": bool(self.ended),
            "tickets in a wrong state": ", ".join(self.wrong),
            f"{self.resumed:.0f} s to resume": self.resumed > self.trial.within,
            f"a call to Desk took {self.longest:.1f} s": self.longest > LONGEST_CALL,
            f"an answer took {self.slowest:.1f} s": self.slowest > 5,
            f"{self.in_flight} calls in flight": self.trial.fills_up and self.in_flight != self.trial.concurrency,
        }
        return [what for what, wrong in found.items() if wrong]


def run(trial: FaultTrial, folder: Path, *, seed: int) -> TrialOutcome:
    """Run the trial in an empty folder; every process has ended when it returns."""
    accounts = list(read_accounts(ACCOUNTS).accounts)
    with trial_setup(
        folder,
        seed=seed,
        on_postgresql=trial.on_postgresql,
        on_small_disk=trial.on_small_disk,
        concurrency=trial.concurrency,
        latency=trial.latency,
    ) as setup:
        setup.start_workers(trial.workers)
        setup.random.shuffle(accounts)
        with setup.load.offered(accounts, trial.rate):
            _wait_for_work(setup)
            sleep(trial.warm_up)
            setup.demo.desk.call("POST", "/_simulator/reset")
            for name in _in_random_order(trial, setup):
                sleep(setup.random.uniform(0.1, FAULTS[name].rest))
                FAULTS[name].strike(setup, trial.seconds)
        over = setup.struck[-1][1] if setup.struck else monotonic()
        setup.wait_until_quiet(TIMEOUT)
        resumed = monotonic() - over
        setup.sweep()
        setup.wait_until_quiet(TIMEOUT)
        return _outcome(trial, setup, resumed)


def _wait_for_work(setup: TrialSetup) -> None:
    end = monotonic() + START_SECONDS
    while setup.demo.desk_sync.portal(DEFAULT).inbox.counts().processed < WARM and monotonic() < end:
        sleep(0.1)


def _in_random_order(trial: FaultTrial, setup: TrialSetup) -> list[str]:
    names = [name for name, times in trial.strikes for _ in range(times)]
    setup.random.shuffle(names)
    return names


def _outcome(trial: FaultTrial, setup: TrialSetup, resumed: float) -> TrialOutcome:
    load, stored, counters = setup.load, setup.stored(), setup.demo.desk.counters()
    load.count_deliveries_of_desk()
    comments, writes = _comments(setup), _writes(setup)
    return TrialOutcome(
        trial=trial,
        killed=setup.killed,
        tickets=len(load.tickets),
        sent=len(load.sent),
        acknowledged=len(load.acknowledged),
        stored=len(stored),
        missing=len(load.acknowledged - stored),
        invented=len(stored - load.sent),
        doubled=sum(map(_twice, comments.values())),
        rewritten=sum(count - 1 for count in writes.values()),
        ended=setup.ended(),
        wrong=[ticket for ticket in load.tickets if not _is_as_expected(setup, ticket, comments[ticket])],
        resumed=resumed,
        slowest=load.slowest(),
        longest=counters["longest_call"],
        in_flight=counters["most_in_flight"],
        notes=sorted(setup.notes),
        p99=_p99(setup),
    )


def _comments(setup: TrialSetup) -> Mapping[str, Sequence[str]]:
    """Return the comments of each ticket in Desk, with our reference at their end."""
    answers = {each: setup.demo.desk.call("GET", f"{API}/tickets/{each}/comments") for each in setup.load.tickets}
    return {each: [comment["content"] for comment in answer.get("data", [])] for each, answer in answers.items()}


def _twice(comments: Sequence[str]) -> int:
    """Return how many comments carry a reference that an earlier one carries."""
    references = [each.rpartition("[")[2] for each in comments]
    return len(references) - len(set(references))


def _writes(setup: TrialSetup) -> Counter[str]:
    """Count our writes of each ticket: Desk delivers events of writes that change nothing, too."""
    own = setup.demo.desk.facts["agent_id"]
    carried = [each["event"] for each in setup.demo.desk.call("GET", "/_simulator/deliveries")["carried"]]
    updates = (each["payload"] for each in carried if each["eventType"] == "Ticket_Update")
    return Counter(payload["id"] for payload in updates if payload["modifiedBy"] == own)


def _is_as_expected(setup: TrialSetup, ticket: str, comments: Sequence[str]) -> bool:
    """Return True if fields and review comments are as expected. A clock that is ahead may add alarms."""
    expected = EXPECTED[setup.load.tickets[ticket]]
    fields = setup.demo.desk.read(ticket)
    large = expected == "PRIORITY"
    box, severity = fields["cf_priority_customer_large_user_account"], fields["cf_severity"]
    as_expected = (box == "true") == large and severity == ("S1-Critical" if large else None)
    reviews = sum("a large account? It has at least" in each for each in comments)
    return as_expected and reviews == (expected == "REVIEW")


def _p99(setup: TrialSetup) -> tuple[float, float]:
    """Return the 99th percentiles of the answers in the calm spans and in the strikes, in seconds."""
    return _quantile(setup.load.answers, setup.calm), _quantile(setup.load.answers, setup.struck)


def _quantile(answers: Sequence[DeliveryAnswer], spans: Sequence[Span]) -> float:
    within = (each for each in answers if any(start <= each.at < end for start, end in spans))
    seconds = sorted(each.seconds for each in within if each.status)
    return seconds[int(0.99 * (len(seconds) - 1))] if seconds else 0.0


def _expected() -> dict[str, str]:
    with ACCOUNTS.with_name("expected.csv").open(newline="") as lines:
        return {row["account_id"]: row["decision"] for row in csv.DictReader(lines)}


EXPECTED = _expected()
MANY = LoadRate(tickets=8.0)  # so that some of the comments, which are few, meet the fault

DAILY = (
    FaultTrial(
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
            ("redis-readonly", 1),
            ("redis-full", 1),
            ("garbled", 1),
            ("clock", 1),
            ("cut", 1),
            ("postgresql", 1),
            ("desk-reset", 1),
        ),
        on_postgresql=True,
        seconds=3.0,
        rate=LoadRate(tickets=4.0),
    ),
    FaultTrial(name="disk", strikes=(("disk-of-receiver", 1),)),
)

FULL = (
    FaultTrial(name="receiver", strikes=(("receiver", 60),), rate=LoadRate(deliveries=60)),
    FaultTrial(name="child", strikes=(("child", 60),)),
    FaultTrial(name="worker", strikes=(("worker", 50),)),
    FaultTrial(name="beat", strikes=(("beat", 20),)),
    FaultTrial(name="beats", strikes=(("beats", 1),), seconds=20.0),
    FaultTrial(name="redis-killed", strikes=(("redis-killed", 10),)),
    FaultTrial(name="redis-flushed", strikes=(("redis-flushed", 20),)),
    FaultTrial(
        name="redis-frozen",
        strikes=(("redis-frozen", 1),),
        seconds=30.0,
        warm_up=30.0,
        rate=LoadRate(deliveries=100),
    ),
    FaultTrial(name="redis-readonly", strikes=(("redis-readonly", 1),), seconds=30.0),
    FaultTrial(name="redis-full", strikes=(("redis-full", 1),), seconds=30.0),
    FaultTrial(name="garbled", strikes=(("garbled", 20),)),
    FaultTrial(name="clock", strikes=(("clock", 10),), seconds=5.0),
    FaultTrial(name="postgresql", strikes=(("postgresql", 10),), on_postgresql=True),
    FaultTrial(name="cut", strikes=(("cut", 20),), on_postgresql=True),
    FaultTrial(
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
    FaultTrial(name="disk", strikes=(("disk", 3),), seconds=5.0, on_small_disk=True),
    FaultTrial(
        name="budget",
        title="budget over two processes, Redis flushed",
        strikes=(("redis-flushed", 20),),
        workers=2,
        concurrency=4,
        fills_up=True,
        latency=0.3,
        warm_up=10.0,
        rate=LoadRate(tickets=8.0, most_tickets=20),
    ),
    FaultTrial(name="deliveries", strikes=(("deliveries", 1),), seconds=30.0, rate=LoadRate(tickets=8.0, deliveries=0)),
    *(
        FaultTrial(name=name, strikes=((name, 3),), seconds=10.0, rate=MANY)
        for name in FAULTS
        if name.startswith("desk-")
    ),
)
