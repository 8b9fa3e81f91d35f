"""Escalations while processes die: many tickets breach at once; workers are killed while they escalate and notify.

Each step must be in Desk once, in each of its comments, and in the ticket's ladder once. Every notice must reach
its recipient; a repeated notice is marked as such, and no more are repeated than were under way at a kill.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from celery import Celery
from sqlalchemy import func, select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import messages, notices
from tests.faults.scene import PORTAL, TrialSetup, trial_setup
from tests.faults.storm import count_texts, move_clock_to_last_look, open_tickets, recorded, strike
from tests.faults.strikes import kill_worker_child
from tests.support.hook import Hook, listening
from tests.support.processes import environment, wait_until

NAME = "ladders"
TIMEOUT = 300.0
SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
CONCURRENCY = 10
STEP_KEYS = "escalation:%"
"""The keys of a step's comments."""
COMMENT_TEXT = re.compile(r"Escalation level \d|escalated to level \d")
EXPECTED_TEXTS = ("Escalation level 1", "escalated to level 1")
KEY = re.compile(r"\[(ds-[0-9a-f]{16})\]")
REPEAT = "This may have reached you before"
LEASE_AND_MORE = timedelta(minutes=2)
"""Longer than a lease."""
GATHERING_TIME = timedelta(minutes=60)
"""The digest period of the messages, so that none is sent before the kills; the second level is due later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderTrial:
    """The numbers of workers, tickets and notified people, and of the kills meanwhile.

    `strikes` are as a storm's. `notice_kills`: how often the children of the workers are killed while they send
    notices. `latency` of Desk's answers in seconds.
    """

    workers: int = 4
    tickets: int = 1000
    people: int = 30
    strikes: tuple[tuple[str, int], ...] = (("child", 200), ("worker", 20))
    notice_kills: int = 10
    latency: float = 0.05

    def scaled(self, share: float) -> LadderTrial:
        """The same with fewer tickets and kills, at least one of each."""
        strikes = tuple((name, max(1, round(times * share))) for name, times in self.strikes)
        tickets, notice_kills = (max(1, round(each * share)) for each in (self.tickets, self.notice_kills))
        return replace(self, tickets=tickets, strikes=strikes, notice_kills=notice_kills)


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderOutcome:
    """The outcome. `left` tickets had no step yet when the last of the strikes was over.

    `comments`, `doubled` and `missing` count comments in Desk. `raised` counts steps in the tickets' ladders, of which
    each must have one. `sent` counts notices; `undelivered` are messages in none that arrived; `repeats` are notices
    that arrived again, `unmarked` those of them without the mark of a repeat; `interrupted` were under way at a kill.
    """

    ladders: LadderTrial
    killed: int
    left: int
    comments: int
    doubled: int
    missing: int
    raised: int
    sent: int
    undelivered: int
    repeats: int
    unmarked: int
    interrupted: int

    def failures(self) -> Sequence[str]:
        """Return the violations, in words."""
        found = {
            "comments twice": self.doubled,
            "comments that are missing": self.missing,
            f"{self.raised} steps of {self.ladders.tickets} ladders": self.raised != self.ladders.tickets,
            "messages without a recipient": self.undelivered,
            "repeats without their mark": self.unmarked,
            f"{self.repeats} repeats of {self.interrupted} notices under way": self.repeats > self.interrupted,
            "no step was left when the strikes were over": not self.left,
            "no notice was under way at a kill": not self.interrupted,
        }
        return [what for what, wrong in found.items() if wrong]


def run(ladders: LadderTrial, folder: Path, *, seed: int) -> LadderOutcome:
    """Run the trial in an empty folder; every process has ended when it returns."""
    with _with_recipients(ladders, folder) as hook, _setup(ladders, folder, seed) as setup:
        setup.start_workers(ladders.workers)
        workers = [name for name in setup.demo.processes.children if name.startswith("worker")]
        tickets = open_tickets(setup, ladders.tickets)
        move_clock_to_last_look(setup, tickets)  # at risk, without strikes
        setup.wait_until_quiet(TIMEOUT)
        move_clock_to_last_look(setup, tickets)  # breached
        strike(setup, ladders.strikes, workers, effect=STEP_KEYS)
        left = ladders.tickets - recorded(setup, STEP_KEYS)
        setup.clock.set(setup.clock.ahead + LEASE_AND_MORE)
        setup.wait_until_quiet(TIMEOUT)
        interrupted = _kill_while_sending(setup, hook, workers, ladders.notice_kills)
        return _outcome(ladders, setup, hook, tickets, left=left, interrupted=interrupted)


@contextmanager
def _with_recipients(ladders: LadderTrial, folder: Path) -> Iterator[Hook]:
    """Run a slow hook that receives the notices of everyone with a role."""
    names = [f"p{number}" for number in range(ladders.people)]
    people = "".join(f"\n    {name}: {{chat: [{name}]}}" for name in names)
    before, section, rest = SHIPPED.read_text(encoding="utf-8").partition("\nescalation:\n")
    rest = re.sub(r"(?m)^(    [a-z_.]+): \[\]", rf"\1: [{', '.join(names)}]", rest)
    rest = rest.replace("  people: {}", f"  people:{people}").replace("  digest: 1m", "  digest: 60m")
    mapping = folder / "mapping.yaml"
    mapping.write_text(before + section + rest, encoding="utf-8")
    with listening(seconds=0.1) as hook:
        urls = {f"DESK_SYNC_NOTICE_{name.upper()}": f"{hook.url}{name}" for name in names}
        with environment(DESK_SYNC_MAPPING=str(mapping), **urls):
            yield hook


def _setup(ladders: LadderTrial, folder: Path, seed: int) -> AbstractContextManager[TrialSetup]:
    where = {"on_postgresql": False, "on_small_disk": False}
    return trial_setup(folder, seed=seed, concurrency=CONCURRENCY, latency=ladders.latency, **where)


def _kill_while_sending(setup: TrialSetup, hook: Hook, workers: Sequence[str], times: int) -> int:
    """Kill the senders while they send notices; return the number under way at the kills. At the end all are sent."""
    ringer = Celery(broker=setup.broker.url.replace("unix://", "redis+socket://"))
    interrupted = 0
    setup.clock.set(setup.clock.ahead + GATHERING_TIME)
    for _ in range(times):
        setup.clock.set(setup.clock.ahead + LEASE_AND_MORE)
        posted = len(hook.posts)
        with hook.held():  # so that the kills come before the answers, however slow the machine is
            ringer.send_task("desk_sync.notices", queue="desk_sync")
            wait_until(lambda posted=posted: len(hook.posts) > posted or not _unsent(setup), seconds=TIMEOUT)
            for worker in workers:
                kill_worker_child(setup, 0, name=worker)
        interrupted += _under_way(setup)
    setup.clock.set(setup.clock.ahead + LEASE_AND_MORE)
    wait_until(lambda: not _unsent(setup), seconds=TIMEOUT)
    return interrupted


def _unsent(setup: TrialSetup) -> int:
    """Return the number of messages without a notice that was sent."""
    sent = select(notices.c.key).where(notices.c.sent_at.is_not(None))
    waiting = messages.c.notice.is_(None) | messages.c.notice.not_in(sent)
    with reading(setup.demo.desk_sync.engine) as connection:
        return connection.scalar(select(func.count()).select_from(messages).where(waiting)) or 0


def _under_way(setup: TrialSetup) -> int:
    """Return the number of notices that were begun and not confirmed."""
    begun = notices.c.leased_until > setup.now()
    with reading(setup.demo.desk_sync.engine) as connection:
        statement = select(func.count()).select_from(notices).where(begun, notices.c.sent_at.is_(None))
        return connection.scalar(statement) or 0


def _outcome(
    ladders: LadderTrial, setup: TrialSetup, hook: Hook, tickets: Sequence[str], *, left: int, interrupted: int
) -> LadderOutcome:
    comments = count_texts(setup, tickets, COMMENT_TEXT)
    expected = {(ticket, text) for ticket in tickets for text in EXPECTED_TEXTS}
    posted = Counter(key for post in hook.posts for key in KEY.findall(post["message"]))
    marked = sum(REPEAT in post["message"] for post in hook.posts)
    repeats = sum(posted.values()) - len(posted)
    return LadderOutcome(
        ladders=ladders,
        killed=setup.killed,
        left=left,
        comments=sum(comments.values()),
        doubled=sum(comments.values()) - len(comments),
        missing=len(expected - comments.keys()),
        raised=sum(_steps(setup, ticket) for ticket in tickets),
        sent=len(posted),
        undelivered=_undelivered(setup, posted),
        repeats=repeats,
        unmarked=max(0, repeats - marked),
        interrupted=interrupted,
    )


def _steps(setup: TrialSetup, ticket: str) -> int:
    """Return the number of levels that the ticket's ladder has raised."""
    history = setup.demo.desk_sync.portal(PORTAL).tickets.history(ticket)
    return len(history.memory.escalation.state.raised) if history else 0


def _undelivered(setup: TrialSetup, posted: Collection[str]) -> int:
    """Return the number of messages that are in none of the notices that arrived."""
    with reading(setup.demo.desk_sync.engine) as connection:
        return sum(key not in posted for key in connection.scalars(select(messages.c.notice)))


FULL = LadderTrial()
DAILY = LadderTrial(workers=2, tickets=40, people=3, strikes=(("child", 3),), notice_kills=1, latency=0.2)
